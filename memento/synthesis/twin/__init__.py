"""A twin of a conversation: questions written from what was said in it, for a scorer that has few real ones."""

from __future__ import annotations

from memento.synthesis.twin.twin import Settings, Twin, twin

__all__ = ["Settings", "Twin", "twin"]
