"""What holds for all tests: a property fails for what it says, never for the speed of a shared machine."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("memento", deadline=None)
settings.load_profile("memento")
