"""Texts rewritten by a language model, whose answers are recorded so that a replay is exact."""

from __future__ import annotations

from memento.rewriting.endpoint import Endpoint
from memento.rewriting.recordings import Recordings
from memento.rewriting.rewrite import MODES, STYLES, Rewriter, Rewritten

__all__ = ["MODES", "STYLES", "Endpoint", "Recordings", "Rewriter", "Rewritten"]
