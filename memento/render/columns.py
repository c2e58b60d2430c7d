"""The 17 feature columns that the Signet predictor reads, in its order, units and edge cases.

A column is one row of `COLUMNS`: its formula in words and a function. The `grain` says what the
function reads and gives one value for: the facts of some candidates, or a joined world's
candidates, sessions or memories; the values of sessions and memories are brought to the candidates
here. The formulas are those of Signet's training loader (`packages/predictor/src/data.rs`,
`build_features`, version 0.58.1). Values that would be read from the present are taken as of the
session instead, so that no row knows its future: the access count, whether the memory was
superseded, and how many attributes its entity had. Aspects have no date, and count from the start.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from memento import rng
from memento.patterns.facts import Facts, Joined, blockwise, log_counts
from memento.render.density import structural_density

Features = npt.NDArray[np.float32]
Values = npt.NDArray[Any]
Grain = Literal["facts", "candidate", "session", "memory"]


@dataclass(frozen=True)
class Column:
    """One feature: its place, name, formula, unit and function.

    The function of a facts column takes `Facts` and gives a number for each of them, shape (n,);
    any other takes the `Joined` world and gives one for each of its candidates (N,), sessions (S,)
    or memories (M,).
    """

    index: int
    name: str
    formula: str
    unit: str
    grain: Grain
    function: Callable[[Any], Values]


def _age(facts: Facts) -> Values:
    return blockwise(rng.log, facts.age_days + 1.0)


def _access(facts: Facts) -> Values:
    return facts.log_access


def _superseded(facts: Facts) -> Values:
    return facts.superseded


def _traversal(joined: Joined) -> Values:
    return joined.by_traversal


def _importance(joined: Joined) -> Values:
    return np.asarray(joined.world.memories["importance"])


def _embedded(joined: Joined) -> Values:
    return np.asarray(joined.world.memories["embedded"])


def _constraint(joined: Joined) -> Values:
    return np.asarray(joined.world.memories["kind"] == "constraint")


def _gap(joined: Joined) -> Values:
    return rng.log(joined.gap_days + 1.0)


def _entity_slot(joined: Joined) -> Values:
    return _slot_values(joined.entity_ids)[joined.memory_entities]


def _aspect_slot(joined: Joined) -> Values:
    place = {"": 0}
    codes = [place.setdefault(name, len(place)) for name in joined.world.memories["aspect"].tolist()]
    return _slot_values(tuple(place))[codes]


def _density(joined: Joined) -> Values:
    return log_counts(structural_density(joined)).astype(np.float32)


def _wave(part: str, period: int, wave: Callable[[float], float]) -> Callable[[Joined], Values]:
    """A coordinate of the unit circle that the calendar's `part` goes round once in `period` steps."""
    # Rounded to 12 decimals, so that neither a zero nor a last bit depends on the C library.
    table = np.array([round(wave(2.0 * math.pi * step / period), 12) for step in range(period)])
    return lambda joined: np.asarray(table[getattr(joined.calendar, part)])


_HOUR, _WEEKDAY, _MONTH = ("hour", 24), ("weekday", 7), ("month", 12)


COLUMNS: tuple[Column, ...] = (
    Column(0, "log_age", "ln(|session end - created| days + 1)", "ln days", "facts", _age),
    Column(1, "importance", "importance", "0 to 1", "memory", _importance),
    Column(2, "log_access", "ln(accesses before the session + 1)", "ln accesses", "facts", _access),
    Column(3, "hour_sin", "sin(2 pi hour / 24), whole hour of the end, UTC", "", "session", _wave(*_HOUR, math.sin)),
    Column(4, "hour_cos", "cos(2 pi hour / 24)", "", "session", _wave(*_HOUR, math.cos)),
    Column(5, "weekday_sin", "sin(2 pi weekday / 7), Monday 0", "", "session", _wave(*_WEEKDAY, math.sin)),
    Column(6, "weekday_cos", "cos(2 pi weekday / 7)", "", "session", _wave(*_WEEKDAY, math.cos)),
    Column(7, "month_sin", "sin(2 pi month / 12), January 0", "", "session", _wave(*_MONTH, math.sin)),
    Column(8, "month_cos", "cos(2 pi month / 12)", "", "session", _wave(*_MONTH, math.cos)),
    Column(9, "log_session_gap", "ln(days since the project's last session + 1), else 0", "ln days", "session", _gap),
    Column(10, "is_embedded", "1 if the memory has an embedding", "0 or 1", "memory", _embedded),
    Column(11, "is_superseded", "1 if the memory was deleted or retired by then", "0 or 1", "facts", _superseded),
    Column(12, "entity_slot", "(FNV-1a 32 of the entity id mod 256) / 255, else 0", "0 to 1", "memory", _entity_slot),
    Column(13, "aspect_slot", "(FNV-1a 32 of the aspect id mod 256) / 255, else 0", "0 to 1", "memory", _aspect_slot),
    Column(14, "is_constraint", "1 if the memory is a constraint", "0 or 1", "memory", _constraint),
    Column(15, "log_density", "ln(aspects + attributes live by then + 1)", "ln records", "candidate", _density),
    Column(16, "is_ka_traversal", "1 if the source is ka_traversal", "0 or 1", "candidate", _traversal),
)
"""All columns in the order of the features."""

NAMES = tuple(column.name for column in COLUMNS)
_VERSION = 1


def schema_hash() -> str:
    """Names the meaning of the columns: changes whenever a name, a formula, or `_VERSION` does."""
    text = "\n".join([str(_VERSION), *(f"{column.name}\t{column.formula}\t{column.unit}" for column in COLUMNS)])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


class Assembly:
    """Builds feature rows of a joined world, stretch of sessions by stretch of sessions."""

    def __init__(self, joined: Joined) -> None:
        self.joined = joined
        world = joined.world
        self._facts = [column for column in COLUMNS if column.grain == "facts"]
        by_candidate = [column for column in COLUMNS if column.grain == "candidate"]
        self._candidates = [(column.index, column.function(joined)) for column in by_candidate]
        # A row for each memory and one of zeros behind them, for a memory that is not there (-1).
        self._memories = np.zeros((len(world.memories) + 1, len(COLUMNS)), np.float32)
        for column in COLUMNS:
            if column.grain == "memory":
                self._memories[:-1, column.index] = column.function(joined)
        by_session = [column for column in COLUMNS if column.grain == "session"]
        table = np.stack([column.function(joined).astype(np.float32) for column in by_session], axis=1)
        self._session_columns = slice(by_session[0].index, by_session[-1].index + 1)
        self._as_one = np.dtype((np.void, 4 * len(by_session)))
        self._sessions = table.view(self._as_one)[:, 0]

    def features(self, low: int, high: int, facts: Facts, out: Features) -> None:
        """Writes the features of the candidates of sessions ``low:high`` to `out`, float32 (n, 17).

        `facts` are theirs. A candidate whose memory is not there has 0 in the memory's columns.
        """
        world = self.joined.world
        part = slice(int(self.joined.offsets[low]), int(self.joined.offsets[high]))
        np.take(self._memories, world.candidate_memories[part], axis=0, out=out, mode="wrap")
        run = out[:, self._session_columns].view(self._as_one)
        run[:, 0] = self._sessions[world.candidate_sessions[part]]
        for column in self._facts:
            out[:, column.index] = column.function(facts)
        for index, values in self._candidates:
            out[:, index] = values[part]


def features(joined: Joined) -> Features:
    """The features of every candidate of a world, float32 (N, 17), in the order of its candidates."""
    assembly = Assembly(joined)
    result = np.empty((len(joined.world.candidates), len(COLUMNS)), np.float32)
    for low, high in joined.blocks():
        assembly.features(low, high, joined.facts(low, high), result[joined.offsets[low] : joined.offsets[high]])
    return result


def slots(ids: Sequence[str]) -> npt.NDArray[np.int64]:
    """The slot of each id, 0 to 255: FNV-1a, 32 bit, over its UTF-16 code units, mod 256; shape (K,).

    Offset 2166136261, prime 16777619 (Fowler, Noll, Vo); Signet hashes JavaScript's code units.
    """
    encoded = [text.encode("utf-16-le", "surrogatepass") for text in ids]
    lengths = np.array([len(units) // 2 for units in encoded], np.int64)
    width = int(lengths.max(initial=0))
    units = np.frombuffer(b"".join(data.ljust(2 * width, b"\0") for data in encoded), "<u2").reshape(len(ids), width)
    state = np.full(len(ids), 2166136261, np.uint32)
    for place in range(width):
        live = lengths > place
        state[live] = (state[live] ^ units[live, place]) * np.uint32(16777619)
    return (state % 256).astype(np.int64)


def _slot_values(ids: Sequence[str]) -> npt.NDArray[np.float64]:
    """The slot of each id over 255, shape (K,); 0 for the empty id."""
    return np.asarray(slots(ids) / 255.0 * np.array([bool(name) for name in ids]))
