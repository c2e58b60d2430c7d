"""A rendering as tables that others read: candidates, sessions and memories, parted by time.

The parts are those that memento trains by: the first 70% of the sessions are train, the next 10%
validation, the rest test. No later session stands in an earlier part.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from memento.render.columns import NAMES
from memento.render.rendering import Rendering
from memento.train.trainer import split

PARTS = ("train", "validation", "test")
FIT, VALIDATION = 0.7, 0.1
Table = dict[str, npt.NDArray[Any]]


@dataclass(frozen=True)
class Dataset:
    """A rendering with the texts of its memories (by id), and what it is of."""

    rendering: Rendering
    texts: Mapping[str, str]
    revision: str = "HEAD"

    @cached_property
    def parts(self) -> npt.NDArray[Any]:
        """The part of each session, shape (S,)."""
        first, second = split(len(self.rendering), FIT, VALIDATION)
        place = np.arange(len(self.rendering))
        return np.asarray(np.array(PARTS)[(place >= first).astype(int) + (place >= second)])

    @cached_property
    def sizes(self) -> dict[str, tuple[int, int]]:
        """Sessions and candidates of each part."""
        of_row = self.parts[self.rendering.session_rows]
        return {part: (int((self.parts == part).sum()), int((of_row == part).sum())) for part in PARTS}

    def candidates(self, part: str = "") -> Table:
        """One row a candidate: ids, time (s UTC), the 17 columns, label and, where it is planted, clean."""
        rendering = self.rendering
        sessions = rendering.session_rows
        rows = np.flatnonzero(self.parts[sessions] == part) if part else np.arange(len(sessions))
        at, memory = sessions[rows], rendering.memory_rows[rows]
        table: Table = {
            "session": np.array(rendering.session_ids, object)[at],
            "memory": np.array(rendering.memory_ids, object)[memory],
            "time": rendering.session_times[at],
        }
        if not part:
            table["split"] = self.parts[at].astype(object)
        table |= {name: rendering.features[rows, place] for place, name in enumerate(NAMES)}
        table["label"] = rendering.labels[rows]
        if rendering.clean is not None:
            table["clean"] = rendering.clean[rows]
        return table

    def sessions(self, part: str) -> Table:
        """One row a session: id, time (s UTC), its context, how many candidates it has."""
        chosen = np.flatnonzero(self.parts == part)
        rendering = self.rendering
        return {
            "session": np.array(rendering.session_ids, object)[chosen],
            "time": rendering.session_times[chosen],
            "candidates": np.diff(rendering.offsets)[chosen],
            "context": rendering.contexts[chosen],
        }

    def memories(self) -> Table:
        """One row a memory: id, text, its embedding, zeros for none."""
        names = self.rendering.memory_ids
        return {
            "memory": np.array(names, object),
            "text": np.array([self.texts.get(name, "") for name in names], object),
            "embedding": self.rendering.memory_embeddings,
        }

    def arrays(self) -> Table:
        """Every array of the rendering, ids as text, and the part of each session."""
        rendering = self.rendering
        made: Table = {
            "features": rendering.features,
            "labels": rendering.labels,
            "offsets": rendering.offsets,
            "contexts": rendering.contexts,
            "memory_embeddings": rendering.memory_embeddings,
            "memory_rows": rendering.memory_rows,
            "session_times": rendering.session_times,
            "columns": np.array(NAMES),
            "session_ids": np.array(rendering.session_ids, str),
            "memory_ids": np.array(rendering.memory_ids, str),
            "split": self.parts,
        }
        if rendering.clean is not None:
            made["clean"] = rendering.clean
        return made

    def provenance(self) -> dict[str, Any]:
        """Where the tables come from, as plain values."""
        rendering = self.rendering
        return {
            "commit": rendering.commit,
            "tree": rendering.tree,
            "spec": rendering.spec.to_map(),
            "digest": rendering.digest,
        }


def plain(values: Sequence[Any] | npt.NDArray[np.float32]) -> list[float]:
    """float32 as the shortest decimals that give them back."""
    return [float(f"{value:.9g}") for value in np.asarray(values).tolist()]
