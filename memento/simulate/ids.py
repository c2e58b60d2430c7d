"""Ids that follow from what caused a record, so that the same cause has the same id in every fork."""

from __future__ import annotations

from base64 import b32encode

from memento import rng

BLOCK = 32
"""Sessions of a project and day under one stem; more of them go under further stems."""


def stem(seed: int, *cause: str | int) -> str:
    """Ten characters of lower-case base32 (RFC 4648) of the hash of a cause."""
    return b32encode(rng.key(seed, "id", *cause).to_bytes(8, "big")).decode().lower()[:10]


class Stems:
    """The stems of one seed, each computed once."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self._known: dict[tuple[str | int, ...], str] = {}

    def __call__(self, *cause: str | int) -> str:
        """The stem of a cause."""
        found = self._known.get(cause)
        if found is None:
            found = self._known[cause] = stem(self.seed, *cause)
        return found
