"""What the tensors of a rendering's file are: name, type, shape and meaning."""

from __future__ import annotations

from typing import NamedTuple

from memento.render.rendering import Rendering

MEANINGS = {
    "features": "17 feature columns of each candidate",
    "labels": "training targets",
    "clean": "planted relevance without noise",
    "offsets": "session s has the rows offsets[s]:offsets[s + 1]",
    "contexts": "what each session is about",
    "memory_embeddings": "a vector for each memory",
    "memory_rows": "each candidate's row in memory_embeddings",
    "session_times": "ends of the sessions, s UTC",
    "session_ids": "ids of the sessions, UTF-8 lines",
    "memory_ids": "ids of the memories, UTF-8 lines",
}
"""Every tensor of a file, with its meaning."""


class Tensor(NamedTuple):
    """One tensor of a file."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    meaning: str


def tensors(rendering: Rendering) -> list[Tensor]:
    """The tensors that `Rendering.save` writes; ids are held as bytes."""
    found = []
    for name, meaning in MEANINGS.items():
        held = getattr(rendering, name)
        if name.endswith("_ids"):
            found.append(Tensor(name, "uint8", (len("\n".join(held).encode()),), meaning))
        elif held is not None:
            found.append(Tensor(name, held.dtype.name, tuple(held.shape), meaning))
    return found
