"""``python -m memento``."""

from memento.cli.main import run

run()
