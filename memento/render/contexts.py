"""What a session is about, as a vector: the query side of a scorer that compares it with memories.

| context | meaning |
| ------- | ------- |
| query | the text known when the session starts: its first user turn, else its topic and project |
| injected | the mean of the injected memories' vectors, as Signet's training loader has it |
| baseline | the mean of the first ten candidates' vectors in baseline order, as Signet serves |

``query`` is the default, since it is the only one that neither knows the answer nor depends on how
candidates were ranked: the mean over injected memories tells a model which memories were chosen.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from memento.errors import NotFound
from memento.language.embed import embed
from memento.world.world import World

KINDS = {
    "query": "the first user turn, else topic and project",
    "injected": "mean of the injected memories",
    "baseline": "mean of the first ten candidates",
}
BASELINE = 10

Vectors = npt.NDArray[np.float32]


def contexts(world: World, kind: str, dimension: int, memory_rows: npt.NDArray[np.int64], memories: Vectors) -> Vectors:
    """The context of every session, float32 (S, D); zeros where there is nothing to go by.

    `memory_rows` (N,) leads each candidate to its row of `memories` (M', D), -1 for none; a memory
    without an embedding is not part of a mean. Raises `NotFound` for an unknown kind.
    """
    if kind == "query":
        return embed_unique(queries(world), dimension)
    if kind not in KINDS:
        raise NotFound("kind of context", kind, KINDS, f"known: {', '.join(KINDS)}")
    chosen = memory_rows >= 0
    embedded = np.asarray(memories.any(axis=1))
    chosen[chosen] = embedded[memory_rows[chosen]]
    if kind == "injected":
        chosen &= world.candidates["injected"]
    else:
        place = np.arange(len(memory_rows)) - world.offsets[world.candidate_sessions]
        chosen &= place < BASELINE
    rows = np.flatnonzero(chosen)
    at = world.candidate_sessions[rows]
    sums = np.zeros((len(world.sessions), dimension))
    if rows.size:
        starts = np.flatnonzero(np.concatenate([[True], at[1:] != at[:-1]]))
        sums[at[starts]] = np.add.reduceat(memories[memory_rows[rows]].astype(np.float64), starts, axis=0)
    counts = np.bincount(at, minlength=len(sums))
    return (sums / np.maximum(counts, 1)[:, None]).astype(np.float32)


def queries(world: World) -> list[str]:
    """The text that each session starts with: its first user turn, else its topic's name and its project."""
    sessions, turns, entities = world.sessions, world.turns, world.entities
    texts = [""] * len(sessions)
    asked = np.flatnonzero(turns["role"] == "user")
    at = sessions.rows(turns["session"][asked].tolist())
    found, first = np.unique(at, return_index=True)
    for session, turn in zip(found.tolist(), asked[first].tolist(), strict=True):
        texts[session] = turns["text"][turn]
    topics = entities.rows(sessions["topic"].tolist()).tolist()
    names, projects = entities["name"], sessions["project"]
    for row, text in enumerate(texts):
        if not text.strip():
            topic = names[topics[row]] if topics[row] >= 0 else ""
            texts[row] = f"{topic} {projects[row]}".strip()
    return texts


def embed_unique(texts: list[str], dimension: int) -> Vectors:
    """The embedding of each text, float32 (K, D), equal texts embedded once; zeros for empty texts."""
    distinct = {text: 0 for text in texts if text}
    for place, text in enumerate(distinct):
        distinct[text] = place + 1
    table = np.zeros((len(distinct) + 1, dimension), np.float32)
    if distinct:
        table[1:] = embed(list(distinct), dimension)
    return np.asarray(table[[distinct.get(text, 0) for text in texts]])
