"""The demonstration: one run through everything that memento does, and a report of it."""

from __future__ import annotations
