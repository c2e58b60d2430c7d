"""Sphinx configuration: ``pip install '.[docs]' && sphinx-build docs docs/_build``."""

project = "memento"
extensions = ["myst_parser"]
html_theme = "furo"
exclude_patterns = ["_build", "images"]
suppress_warnings = ["myst.xref_missing"]  # the README lies above this folder
