"""Rendering: a world compiled into the arrays that a model is trained on."""

from __future__ import annotations

from memento.render.rendering import Rendering, Spec, load, render

__all__ = ["Rendering", "Spec", "load", "render"]
