"""The parts of a training recipe, from the words that name them: ``candidates:low=5,snr``.

A part is a name of its catalogue with parameters; several stand parted by commas. A checkpoint keeps them written out
with every parameter, so that a later default changes nothing.
"""

from __future__ import annotations

from typing import Any

from memento.catalog import Catalog
from memento.errors import InvalidFile
from memento.train import augment, contrast, curriculum, mixing, negatives, opponent, targets
from memento.train.augment import stream
from memento.vary import parameters

KINDS: dict[str, tuple[Catalog, int, str]] = {
    "curriculum": (curriculum.CATALOG, 100, "candidates:low=5:high=50"),
    "augment": (augment.CATALOG, 100, "slide-window:size=20"),
    "stream": (stream.CATALOG, 100, "subset-split:drop=0.25"),
    "negatives": (negatives.CATALOG, 1, "fenrec:warmup=10"),
    "contrast": (contrast.CATALOG, 1, "softclt:weight=0.01"),
    "mix": (mixing.CATALOG, 1, "wrap:real=2"),
    "opponent": (opponent.CATALOG, 1, "spin:rounds=4"),
    "targets": (targets.CATALOG, 1, "future:gamma=0.2"),
}
"""Option of training -> its catalogue, how many parts it takes at most, and an example."""


def read(kind: str, text: str) -> tuple[Any, ...]:
    """The parts that an option names, none for an empty text.

    Raises `NotFound` for an unknown name, `UsageError` and `InvalidFile` for faulty parameters, and
    `InvalidFile` for a part that stands there twice, or for more parts than there may be.
    """
    if not text:
        return ()
    catalog, most, example = KINDS[kind]
    parts = parameters.parse([text], catalog, example)
    names = [part.name for part in parts]
    faults = [f"{kind} names {name} twice" for name in dict.fromkeys(names) if names.count(name) > 1]
    if len(names) > most:
        faults.append(f"{kind} takes one, not {', '.join(names)}")
    if faults:
        raise InvalidFile("training options", faults, f"write it as {kind}={example}")
    return tuple(parts)


def written(kind: str, text: str) -> str:
    """The same parts with every parameter written out; `read` gives the same again."""
    return ",".join(str(part) for part in read(kind, text))
