"""What is true of each candidate at the instant its session ends: the inputs of every pattern.

One `Facts` holds any number of candidates. A simulation makes one for each session as it runs;
`of` makes one for a whole world. Both feed the same patterns, so a label that is computed again
from a stored world is the label that the simulation acted on.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, fields
from functools import cached_property, lru_cache
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from memento import rng
from memento.errors import UsageError
from memento.patterns.history import access_counts, gaps, retirements, session_order
from memento.world.records import NULL_INT
from memento.world.world import World

DAY = 86_400
BLOCK = 1 << 14
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Small = npt.NDArray[np.integer[Any]]
Flags = npt.NDArray[np.bool_]
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Facts:
    """Per-candidate arrays, all of shape (N,), as of the end of the candidate's session.

    `age_days` is the absolute distance to the memory's creation; `access_count` what was counted
    before the session; `max_log_access` the largest ``log(count + 1)`` among the candidates of the
    same session (`session_maxima`); `hour` 0 to 23, `weekday` Monday 0, `month` January 0 (signed
    integers of any width); `gap_days` the time since the project's last session (0: none);
    `entity_match` whether the memory is about the session's topic; `peak_hour` and `peak_weekday`
    when the memory matters most (-1: no such time); `superseded` whether it was deleted or retired
    by then; `traversal` whether it came by graph traversal into a session that gathers by traversal.
    """

    age_days: Floats
    access_count: Ints
    max_log_access: Floats
    hour: Small
    weekday: Small
    month: Small
    gap_days: Floats
    entity_match: Flags
    peak_hour: Small
    peak_weekday: Small
    superseded: Flags
    traversal: Flags
    importance: Floats
    joined: Joined | None = None
    rows: Ints | None = None
    """What rules that look back need: the joined world, and the rows of its candidates that these are."""

    def __len__(self) -> int:
        return len(self.age_days)

    @property
    def world(self) -> Joined:
        """The joined world that the facts are of; raises `UsageError` for facts that were put together by hand."""
        if self.joined is None or self.rows is None:
            raise UsageError("these facts are of no world, so there is no history to look back at")
        return self.joined

    @cached_property
    def session(self) -> Ints:
        """The row of each candidate's session in the joined world, shape (N,)."""
        return self.world.world.candidate_sessions[self.rows]

    @cached_property
    def memory(self) -> Ints:
        """The row of each candidate's memory in the joined world, shape (N,); -1 where it is not there."""
        return self.world.world.candidate_memories[self.rows]

    @cached_property
    def log_access(self) -> Floats:
        """``log(access_count + 1)``, shape (N,)."""
        return log_counts(self.access_count)

    def take(self, rows: npt.NDArray[Any]) -> Facts:
        """The facts of the given candidates (indices or a mask), in the given order."""
        columns = {name: getattr(self, name)[rows] for name in COLUMNS}
        return Facts(**columns, joined=self.joined, rows=None if self.rows is None else self.rows[rows])


COLUMNS = tuple(field.name for field in fields(Facts) if field.name not in ("joined", "rows"))
"""The per-candidate arrays of `Facts`."""


@dataclass(frozen=True)
class Calendar:
    """When instants are, shape (S,): `hour` 0 to 23, `weekday` Monday 0, `month` January 0, UTC."""

    hour: Small
    weekday: Small
    month: Small


def calendar(instants: npt.NDArray[np.int64]) -> Calendar:
    """The integer hour, weekday and month of instants in s UTC."""
    days, seconds = np.divmod(instants, DAY)
    months = instants.astype("datetime64[s]").astype("datetime64[M]").astype(np.int64)
    return Calendar(*(part.astype(np.int8) for part in (seconds // 3600, (days + 3) % 7, months % 12)))


def age_days(ended_at: Any, created_at: npt.NDArray[np.int64]) -> Floats:
    """The distance in days between the end of a session and the creation of a memory, both in s UTC."""
    return np.asarray(np.abs(ended_at - created_at) / DAY)


def log_counts(counts: npt.NDArray[np.int64]) -> Floats:
    """``log(count + 1)`` of counts that are at least 0, shape (N,)."""
    largest = int(counts.max(initial=0))
    if largest < 1 << 20:
        return np.asarray(_log_table(max(6, largest.bit_length()))[counts])
    return blockwise(rng.log, counts.astype(np.float64) + 1.0)


@lru_cache(maxsize=32)
def _log_table(bits: int) -> Floats:
    table = rng.log(np.arange(1, (1 << bits) + 1, dtype=np.float64))
    table.flags.writeable = False
    return table


def blockwise(function: Callable[[Floats], Floats], values: Floats) -> Floats:
    """An elementwise function of values, shape (N,), block by block so that its passes stay in cache."""
    if len(values) <= BLOCK:
        return function(values)
    result = np.empty(len(values))
    for low in range(0, len(values), BLOCK):
        result[low : low + BLOCK] = function(values[low : low + BLOCK])
    return result


def session_maxima(values: Floats, offsets: npt.NDArray[np.int64]) -> Floats:
    """For each row the largest value of its session (rows ``offsets[s]:offsets[s + 1]``), shape (N,)."""
    sizes = np.diff(offsets)
    filled = np.flatnonzero(sizes)
    if filled.size == 0:
        return np.zeros(0)
    return np.repeat(np.maximum.reduceat(values, offsets[filled]), sizes[filled])


class Joined:
    """A world with what is needed of each session, memory and candidate brought together once.

    `facts` then reads any stretch of sessions, so that a large world is worked through in blocks
    that stay in cache. The meaning of every array is told at `Facts` and `of`. `memory_entities`
    (M,) are places in `entity_ids`, where 0 is no entity.
    """

    def __init__(self, world: World) -> None:
        sessions, memories = world.sessions, world.memories
        self.world = world
        self.offsets = world.offsets
        self.ended_at = sessions["ended_at"]
        self.calendar = calendar(self.ended_at)
        self.gap_days = gaps(world)
        self.access_count = access_counts(world)
        self._walks = sessions["mode"] == "traversal"
        self.deleted, self.replaced_at = retirements(world)
        self._peak_hour = _peak(memories["peak_hour"])
        self._peak_weekday = _peak(memories["peak_weekday"])
        codes = {"": 0}
        self.memory_entities = _codes(memories["entity"], codes)
        self._topics = _codes(sessions["topic"], codes)
        self._topics[self._topics == 0] = -1
        self.entity_ids = tuple(codes)
        self._remembered: dict[Any, Any] = {}

    def remember(self, what: Hashable, make: Callable[[], T]) -> T:
        """What `make` gives, made once for this world and `what`: the whole history as a rule needs it."""
        if what not in self._remembered:
            self._remembered[what] = make()
        found: T = self._remembered[what]
        return found

    @cached_property
    def order(self) -> Ints:
        """The rows of sessions as they follow one another, by (ended_at, id), shape (S,)."""
        return session_order(self.world)

    @cached_property
    def topics(self) -> Ints:
        """The place of each session's topic in `entity_ids`, shape (S,); -1 for none."""
        return self._topics

    def blocks(self, rows: int = BLOCK) -> Iterator[tuple[int, int]]:
        """Stretches of sessions ``low:high`` that hold about `rows` candidates each."""
        low, count = 0, len(self.offsets) - 1
        while low < count:
            high = int(np.searchsorted(self.offsets, self.offsets[low] + rows, side="right")) - 1
            high = min(max(high, low + 1), count)
            yield low, high
            low = high

    def facts(self, low: int = 0, high: int | None = None) -> Facts:
        """The facts of the candidates of sessions ``low:high`` (all by default)."""
        high = len(self.offsets) - 1 if high is None else high
        part = slice(int(self.offsets[low]), int(self.offsets[high]))
        memories = self.world.memories
        rows = self.world.candidate_memories[part]
        sizes = np.diff(self.offsets[low : high + 1])
        missing = np.flatnonzero(rows < 0)

        def of_session(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
            return np.repeat(values[low:high], sizes)

        def of_memory(values: npt.NDArray[Any], neutral: Any) -> npt.NDArray[Any]:
            if len(values) == 0:
                return np.full(len(rows), neutral, values.dtype)
            taken = values[rows]
            if missing.size:
                taken[missing] = neutral
            return taken

        ended = of_session(self.ended_at)
        age = age_days(ended, of_memory(memories["created_at"], 0))
        age[missing] = 0.0
        superseded = of_memory(self.deleted, False)
        gone = np.flatnonzero(superseded)
        superseded[gone] = self.replaced_at[rows[gone]] < ended[gone]
        counts = self.access_count[part]
        log_access = log_counts(counts)
        made = Facts(
            age_days=age,
            access_count=counts,
            max_log_access=session_maxima(log_access, self.offsets[low : high + 1] - self.offsets[low]),
            hour=of_session(self.calendar.hour),
            weekday=of_session(self.calendar.weekday),
            month=of_session(self.calendar.month),
            gap_days=of_session(self.gap_days),
            entity_match=of_memory(self.memory_entities, 0) == of_session(self._topics),
            peak_hour=of_memory(self._peak_hour, -1),
            peak_weekday=of_memory(self._peak_weekday, -1),
            superseded=superseded,
            traversal=of_session(self._walks) & self.by_traversal[part],
            importance=of_memory(memories["importance"], 0.5),
            joined=self,
            rows=np.arange(part.start, part.stop),
        )
        made.__dict__["log_access"] = log_access
        return made

    @cached_property
    def by_traversal(self) -> Flags:
        """Whether each candidate's source is ``ka_traversal``, shape (N,)."""
        return np.asarray(self.world.candidates["source"] == "ka_traversal", bool)


def of(world: World) -> Facts:
    """The facts of every candidate of `world`, in the order of its candidates.

    - Sessions come before one another in the order of (ended_at, id); an access counts for a
      session when it was an injection into a session before it. A world offers a memory to a session
      once, so none is counted twice.
    - A memory that was superseded counts as such in the sessions that end after its replacement
      was created; one that is deleted without a replacement that is still there, in all.
    - A candidate whose memory is not there is neutral: age 0, no accesses, importance 0.5, no
      match, no peak, not superseded.
    """
    return Joined(world).facts()


def _codes(ids: npt.NDArray[Any], code_of: dict[str, int]) -> Ints:
    """A whole number for each id, equal where ids are; new ids are added to `code_of`."""
    return np.array([code_of.setdefault(name, len(code_of)) for name in ids.tolist()], np.int64)


def _peak(times: npt.NDArray[np.int64]) -> Small:
    return np.where(times == NULL_INT, -1, times).astype(np.int8)
