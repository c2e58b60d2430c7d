"""A Signet database from a world: made anew, or the daemon's own with what the world changed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from memento.errors import UsageError
from memento.formats import signet
from memento.formats.writing.database import made, over
from memento.formats.writing.signet_rows import rows_of
from memento.formats.writing.signet_schema import KEYS, statements
from memento.render.labels import MIN_CONFIDENCE
from memento.world.world import World

CANARY = 10
DIMENSION = 768


@dataclass(frozen=True)
class Database:
    """The bytes of a SQLite file, how many rows each table has or what changed, and notes on what is odd."""

    data: bytes
    counts: dict[str, int]
    notes: tuple[str, ...] = ()


def encode(
    world: World, dimension: int | None = None, relevance: str | None = None, base: Path | None = None
) -> Database:
    """The database that Signet's ``train_from_db`` loads; equal for equal worlds.

    With `base`, a database that the world was imported from, every row of it that the world still says
    the same stays as it is: real vectors, and columns that a world has no place for. What changed since
    is changed, and its vectors are memento's. Raises `UsageError` for a world that holds nothing, and as
    an import does.
    """
    if not len(world.memories):
        raise UsageError("there is nothing to write: no memories", "export a revision with memories and sessions")
    notes = _notes(world)
    if base is None:
        tables = rows_of(world, dimension or DIMENSION, relevance)
        if world.manifest.source == "imported" and world.manifest.scenario.get("format") == "signet":
            notes.append(
                "the daemon's own vectors are not part of a world; --base FILE keeps them, and all else of its"
            )
        return Database(made(statements(), tables), {name: len(rows) for name, rows in tables.items()}, tuple(notes))
    width = dimension or signet.dimension_of(base) or DIMENSION
    before = rows_of(signet.read(base).world, width, relevance)
    data, counts = over(base, before, rows_of(world, width, relevance), KEYS)
    return Database(data, counts, tuple(notes))


def _notes(world: World) -> list[str]:
    """What a sidecar that trains on it would stumble over."""
    sessions = world.sessions
    sizes = np.diff(world.offsets)
    scored = ~np.isnan(sessions["score"]) & (sessions["confidence"] >= MIN_CONFIDENCE) & (sizes > 0)
    count = int(np.count_nonzero(scored))
    if not count:
        return [f"no session has a score, a confidence of {MIN_CONFIDENCE:g} and candidates, so Signet trains on none"]
    if count <= CANARY:
        trained = f"Signet trains on {count} session{'s' * (count != 1)}"
        return [f"{trained} and checks itself on the same; more than {CANARY} are kept apart"]
    return []
