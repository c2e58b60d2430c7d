"""What the daemon would know of each session: its candidates in baseline order, and what is learned after it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from memento.deploy.comparison import effective
from memento.errors import UsageError
from memento.models.signet import project_slot, tokens
from memento.render.rendering import Rendering
from memento.train.signet import Sample
from memento.world.world import World

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

SUPERSEDED = 11
"""The column that says deleted; such a memory is filtered out before live scoring, so it is 0 in every request."""


@dataclass(frozen=True)
class Session:
    """One session: C candidates of its pool, in baseline order.

    `relevance` (C,) is what the agent would find each worth if it got it; `true` the same without noise, where it is
    known, else the same again. `effective` (C,) are the baseline's scores, `hits` what full-text search found later.
    """

    id: str
    time: int
    memories: tuple[str, ...]
    features: npt.NDArray[np.float32]
    embeddings: npt.NDArray[np.float32]
    context: npt.NDArray[np.float32]
    relevance: Floats
    true: Floats
    effective: Floats
    lengths: tuple[int, ...]
    texts: tuple[str, ...]
    hits: Ints
    accesses: Ints
    project: int
    score: float
    confidence: float
    novel: int

    def __len__(self) -> int:
        return len(self.memories)

    @property
    def whole(self) -> bool:
        """Whether every candidate has an embedding."""
        return bool((self.embeddings != 0).any(axis=1).all())

    def sample(self, labels: npt.ArrayLike | None = None, texts: bool = True) -> Sample:
        """The session as a scorer takes it; candidates without an embedding are read through their texts."""
        missing = np.flatnonzero(~(self.embeddings != 0).any(axis=1)).tolist() if texts else []
        return Sample(
            rows=np.concatenate([self.embeddings, self.context[None]]).astype(np.float64),
            features=self.features.astype(np.float64),
            labels=np.zeros(len(self)) if labels is None else np.asarray(labels, np.float64),
            project=self.project,
            texts=tuple((place, np.array(tokens(self.texts[place]), np.int64)) for place in missing),
            session=self.id,
            memories=self.memories,
            time=self.time,
        )


class Log:
    """The sessions of a rendering in order of time, those whose pool is not empty.

    The pool is what the daemon scores: candidates that are live (column 11) and that did not come from full-text
    search alone. `left_out` counts the others. Raises `UsageError` where no session is left.
    """

    def __init__(self, world: World, rendering: Rendering) -> None:
        self.sessions: list[Session] = []
        self.left_out = 0
        rows = world.sessions.row_of
        offered = {
            (session, memory): row
            for row, (session, memory) in enumerate(
                zip(world.candidates["session"].tolist(), world.candidates["memory"].tolist(), strict=True)
            )
        }
        for number, session in enumerate(rendering.session_ids):
            part = slice(int(rendering.offsets[number]), int(rendering.offsets[number + 1]))
            ids = [rendering.memory_ids[row] for row in rendering.memory_rows[part].tolist()]
            at = np.array([offered[(session, memory)] for memory in ids], np.int64)
            live = (world.candidates["source"][at] != "fts_only") & (rendering.features[part, SUPERSEDED] == 0)
            self.left_out += int((~live).sum())
            if live.any():
                self.sessions.append(_session(world, rendering, number, rows[session], ids, at, live))
        if not self.sessions:
            raise UsageError("no session is left to simulate", "name a revision with sessions that have candidates")

    def __len__(self) -> int:
        return len(self.sessions)


def _session(
    world: World, rendering: Rendering, number: int, row: int, ids: list[str], at: Ints, live: Flags
) -> Session:
    part = slice(int(rendering.offsets[number]), int(rendering.offsets[number + 1]))
    sessions, candidates = world.sessions, world.candidates
    kept = np.flatnonzero(live)
    age = np.expm1(rendering.features[part][kept, 0].astype(np.float64))
    memories = world.memories.rows([ids[place] for place in kept.tolist()])
    features = rendering.features[part][kept]
    texts = tuple(world.memories["text"][memories].tolist())
    relevance = rendering.labels[part][kept].astype(np.float64)
    clean = rendering.clean[part][kept].astype(np.float64) if rendering.clean is not None else relevance
    return Session(
        id=str(sessions["id"][row]),
        time=int(sessions["ended_at"][row]),
        memories=tuple(ids[place] for place in kept.tolist()),
        features=features,
        embeddings=rendering.memory_embeddings[rendering.memory_rows[part][kept]],
        context=rendering.contexts[number],
        relevance=relevance,
        true=clean,
        effective=effective(features[:, 1], age, world.memories["pinned"][memories]),
        lengths=tuple(map(len, texts)),
        texts=texts,
        hits=np.asarray(candidates["fts_hits"][at[kept]], np.int64),
        accesses=np.rint(np.expm1(features[:, 2].astype(np.float64))).astype(np.int64),
        project=project_slot(str(sessions["project"][row])),
        score=float(sessions["score"][row]),
        confidence=float(sessions["confidence"][row]),
        novel=int(sessions["novel_context_count"][row]),
    )
