"""A cache that forgets what was not used for longest, bounded in bytes."""

from __future__ import annotations

from collections import OrderedDict
from typing import Generic, TypeVar

V = TypeVar("V")


class Cache(Generic[V]):
    """A mapping of at most `limit` bytes, as the callers of `put` count them."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.size = 0
        self._items: OrderedDict[str, tuple[V, int]] = OrderedDict()

    def get(self, key: str) -> V | None:
        """The value of `key`, now the one used last; None where it is not here."""
        found = self._items.get(key)
        if found is None:
            return None
        self._items.move_to_end(key)
        return found[0]

    def put(self, key: str, value: V, size: int) -> None:
        """Remembers a value; what alone is over a quarter of the limit is not kept."""
        if size > self.limit >> 2 or key in self._items:
            return
        self._items[key] = (value, size)
        self.size += size
        while self.size > self.limit:
            self.size -= self._items.popitem(last=False)[1][1]
