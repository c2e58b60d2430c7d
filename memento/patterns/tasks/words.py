"""Word problems: the running product of group elements (Merrill, Petty and Sabharwal 2024; jopetty/word-problem).

Groups are closed sets of permutations, given by their Cayley tables; element 0 is the identity. Z60, A4 x Z5 and A5
have 60 elements each and grow in hardness: A5 is not solvable, so that no constant depth of the usual models tracks it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from itertools import permutations, product

import numpy as np

from memento.patterns.tasks.task import Drawn, Ints, Task, even

_SPLIT = 0.8


@cache
def table(group: str) -> Ints:
    """The Cayley table of a group, (G, G): ``table[a, b]`` is a then b. Raises `KeyError` for an unknown one."""
    elements = _ELEMENTS[group]()
    place = {element: number for number, element in enumerate(elements)}
    found = np.empty((len(elements), len(elements)), np.int64)
    for (i, a), (j, b) in product(enumerate(elements), repeat=2):
        found[i, j] = place[tuple(b[point] for point in a)]
    found.setflags(write=False)
    return found


def products(group: str, elements: Ints, start: int = 0) -> Ints:
    """The running products of sequences (N, L), from left to right: the state after each element."""
    cayley, state = table(group), np.full(len(elements), start)
    found = np.empty_like(elements)
    for place in range(elements.shape[1]):
        state = cayley[state, elements[:, place]]
        found[:, place] = state
    return found


def readout(group: str) -> Ints:
    """For each element the point to which it sends point 0, numbered from 0: what a state shows, (G,)."""
    seen = [element[0] for element in _ELEMENTS[group]()]
    shown = {point: number for number, point in enumerate(dict.fromkeys(seen))}
    return np.array([shown[point] for point in seen])


def word(group: str, key: int, count: int, length: int) -> Drawn:
    """Random elements and, at each place, the product of all up to it."""
    inputs = even(key, "elements", (count, length), len(table(group)))
    return inputs, products(group, inputs)


def walk(group: str, key: int, count: int, length: int) -> Drawn:
    """As `word`, but over the generators of the group alone: few symbols, the same group and as hard."""
    elements = list(_ELEMENTS[group]())
    chosen = np.array([elements.index(element) for element in GENERATORS[group]])
    steps = even(key, "generators", (count, length), len(chosen))
    return steps, products(group, chosen[steps])


def split(group: str, key: int, length: int, count: int) -> tuple[list[Ints], Ints]:
    """The published split: sequences to train on, one array a length 2 to `length`, and to test on.

    Words are drawn without replacement, so the parts are disjoint: all of lengths below `length` and 80% of those of
    `length` train, 20% test.
    """
    order = len(table(group))
    parts = []
    for size in range(2, length + 1):
        wanted = min(count, order**size)
        drawn = np.unique(even(key, f"length {size}", (min(2 * wanted, 4 * count), size), order), axis=0)
        shuffled = np.argsort(even(key, f"order {size}", (len(drawn),), 1 << 30), kind="stable")
        parts.append(drawn[shuffled][:wanted])
    last = parts.pop()
    edge = int(_SPLIT * len(last))
    return [*parts, last[:edge]], last[edge:]


def _even_permutations(points: int) -> list[tuple[int, ...]]:
    def sign(p: tuple[int, ...]) -> int:
        return sum(p[i] > p[j] for i in range(len(p)) for j in range(i + 1, len(p))) % 2

    return [p for p in permutations(range(points)) if sign(p) == 0]


def _cyclic(order: int) -> list[tuple[int, ...]]:
    return [tuple((point + shift) % order for point in range(order)) for shift in range(order)]


def _both(first: list[tuple[int, ...]], second: list[tuple[int, ...]]) -> list[tuple[int, ...]]:
    """The direct product, acting on the points of both."""
    size = len(first[0])
    return [a + tuple(point + size for point in b) for a in first for b in second]


_ELEMENTS: dict[str, Callable[[], list[tuple[int, ...]]]] = {
    "Z2": partial(_cyclic, 2),
    "Z5": partial(_cyclic, 5),
    "S3": lambda: sorted(permutations(range(3))),
    "Z60": partial(_cyclic, 60),
    "A4xZ5": lambda: _both(_cyclic(5), _even_permutations(4)),
    "A5": partial(_even_permutations, 5),
}
GROUPS = tuple(_ELEMENTS)
GENERATORS = {"A5": ((1, 2, 0, 3, 4), (1, 2, 3, 4, 0), (1, 0, 3, 2, 4))}
"""Elements by which all others are reached: of A5 a turn of three points, one of five, and two swaps at once."""
_NEEDS = {
    "Z2": "a transition of -1", "Z5": "a complex diagonal", "S3": "transitions that do not commute",
    "Z60": "a complex diagonal", "A4xZ5": "a solvable state, several layers", "A5": "a state that is not solvable",
}  # fmt: skip
_SOURCE = "Merrill, Petty and Sabharwal 2024, ICML"
TASKS = (
    *(
        Task(f"word-{group}", order, order, partial(word, group), _NEEDS[group], _SOURCE)
        for group, order in (("Z2", 2), ("Z5", 5), ("S3", 6), ("Z60", 60), ("A4xZ5", 60), ("A5", 60))
    ),
    *(
        Task(f"walk-{group}", len(found), 60, partial(walk, group), _NEEDS[group], _SOURCE)
        for group, found in GENERATORS.items()
    ),
)
