"""Sets of phrases with exact counting and unranking: every member has an index.

A `Choices` is a union of products. A product is a row of slots, each slot a sequence of texts; a
member takes one text of each slot, joined without a separator. Its index is read in mixed radix,
the last slot turning fastest, so that counting is multiplication and the member of an index is
found by division (unranking, as for the expansions of a Tracery grammar: Compton et al. 2015).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import gcd
from typing import overload

_WORD = (1 << 64) - 1
Slots = tuple[Sequence[str], ...]
"""A product: the texts of each slot."""


class Choices(Sequence[str]):
    """An ordered set of texts, given by its products; ``len`` counts and ``[i]`` unranks.

    Slots may be `Choices` again. Nothing is stored but the slots, so a set of millions is small.
    """

    def __init__(self, *products: Sequence[Sequence[str]]) -> None:
        self.products: tuple[Slots, ...] = tuple(tuple(product) for product in products)
        self.counts = tuple(_size(product) for product in self.products)
        self.total = sum(self.counts)

    def __len__(self) -> int:
        return self.total

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> list[str]: ...
    def __getitem__(self, index: int | slice) -> str | list[str]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(self.total))]
        rest = index + self.total if index < 0 else index
        if not 0 <= rest < self.total:
            raise IndexError(f"choice {index} of {self.total}")
        for product, count in zip(self.products, self.counts, strict=True):
            if rest < count:
                return _unrank(product, rest)
            rest -= count
        raise IndexError(index)

    def __iter__(self) -> Iterator[str]:
        return (self[index] for index in range(self.total))

    def __add__(self, other: Choices) -> Choices:
        return Choices(*self.products, *other.products)

    def __repr__(self) -> str:
        return f"Choices({self.total}, {self[0]!r} …)" if self.total else "Choices(0)"

    def at(self, index: int) -> str:
        """The member of any index >= 0: past the end a round number is added (``payments-api 2``)."""
        turn, place = divmod(index, self.total)
        return f"{self[place]} {turn + 1}" if turn else self[place]

    def draw(self, key: int, index: int = 0) -> str:
        """The text at place `index` of an order of all members that `key` alone decides.

        No text comes twice for one key, however large `index`. The order is an affine map modulo
        the count, with a multiplier that shares no factor with it.
        """
        turn, place = divmod(index, self.total)
        return self.at(turn * self.total + permuted(key, place, self.total))


def choices(*texts: str) -> Choices:
    """The set of the given texts."""
    return Choices((texts,))


def product(*slots: Sequence[str] | str) -> Choices:
    """The set of all joined picks, one text of each slot; a text alone is a slot of one."""
    return Choices([(slot,) if isinstance(slot, str) else slot for slot in slots])


def numbers(low: int, high: int, step: int = 1) -> tuple[str, ...]:
    """Whole numbers from `low` to `high`, both included, as texts."""
    return tuple(str(value) for value in range(low, high + 1, step))


def permuted(key: int, index: int, count: int) -> int:
    """Where a permutation of ``range(count)``, decided by `key`, sends `index`."""
    if count < 3:
        return (index + key) % count
    multiplier = mixed(key, 1) % count or 1
    while gcd(multiplier, count) != 1:
        multiplier = multiplier + 1 if multiplier + 1 < count else 1
    return (multiplier * index + mixed(key, 2)) % count


def mixed(key: int, counter: int) -> int:
    """64 bits from a key and a counter: SplitMix64 (Steele, Lea and Flood 2014) on Python integers."""
    word = (key + (counter + 1) * 0x9E3779B97F4A7C15) & _WORD
    word = ((word ^ (word >> 30)) * 0xBF58476D1CE4E5B9) & _WORD
    word = ((word ^ (word >> 27)) * 0x94D049BB133111EB) & _WORD
    return word ^ (word >> 31)


def _size(slots: Sequence[Sequence[str]]) -> int:
    size = 1
    for slot in slots:
        size *= len(slot)
    return size


def _unrank(slots: Sequence[Sequence[str]], index: int) -> str:
    parts = []
    for slot in reversed(slots):
        index, place = divmod(index, len(slot))
        parts.append(slot[place])
    return "".join(reversed(parts))
