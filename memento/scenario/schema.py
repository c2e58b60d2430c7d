"""The parameters of a scenario: meaning, unit, default, bounds. Sections are frozen dataclasses.

The generator's parameters are: sessions a day N(5, 2); session hour a normal mixture at 9, 14 and
21 h; weekday activity; session gap log-normal with mean 0.2 and standard deviation 0.5 days; 50 to
500 memories, 5 to 30 entities, 3 to 15 aspects; importance Beta(2, 5); accesses Zipf(1.5); strength
of cycle and of entity preference 0 to 1; decay 0.01 to 0.5 a day; supersede rate 0 to 0.2; noise of
one of three distributions at -10 to 30 dB. They are the defaults here. A parameter whose default is
a `Range` or a `OneOf` is drawn once for each world, under the world's seed.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, NamedTuple

from memento.language.lexicon import DOMAINS

FORMAT = 1
"""Version of the scenario format; a file of a newer one is refused."""

Kind = Literal["int", "float", "text", "date", "floats", "texts"]
Plain = int | float | str | list[float] | list[str]


class Range(NamedTuple):
    """Drawn once for each world, uniformly between two bounds, both included."""

    low: float
    high: float


class OneOf(NamedTuple):
    """Drawn once for each world, each choice being equally likely."""

    choices: tuple[str, ...]


Value = int | float | str | tuple[float, ...] | tuple[str, ...] | Range | OneOf


@dataclass(frozen=True)
class Parameter:
    """One parameter under its dotted key.

    `low` and `high` are inclusive bounds, of each element for a list; `size` is the only length a
    list may have (0: any from 1 to 64); `ranged` tells that a range ``[low, high]`` (for text: a
    list of choices) may stand in place of one value; `limited` marks `high` as a limit on resources.
    """

    key: str
    kind: Kind
    default: Value
    doc: str
    unit: str = ""
    low: float = 0.0
    high: float = 1.0
    ranged: bool = False
    limited: bool = False
    choices: tuple[str, ...] = ()
    size: int = 0


def _parameter(default: Any, doc: str, unit: str = "", low: float = 0.0, high: float = 1.0, **more: Any) -> Any:
    return dataclasses.field(metadata={"default": default, "doc": doc, "unit": unit, "low": low, "high": high, **more})


@dataclass(frozen=True, kw_only=True)
class Time:
    """When the world begins and how long it is simulated."""

    start: str = _parameter("2026-01-05", "first day, as YYYY-MM-DD; weeks are counted from it", kind="date")
    days: int = _parameter(56, "length of the simulation", "days", 1, 36_500, limited=True)


@dataclass(frozen=True, kw_only=True)
class Sessions:
    """When the agent works, and how long."""

    per_day_mean: float = _parameter(
        5.0,
        "sessions a day at full activity: mean of a normal distribution, rounded, at least 0",
        "sessions/day",
        0,
        1000,
    )
    per_day_sd: float = _parameter(2.0, "sessions a day: standard deviation", "sessions/day", 0, 300)
    weekday_activity: tuple[float, ...] = _parameter(
        (1.0, 1.0, 1.0, 1.0, 0.9, 0.5, 0.3),
        "share of sessions that take place, Monday to Sunday",
        "probability",
        size=7,
    )
    hour_means: tuple[float, ...] = _parameter(
        (9.0, 14.0, 21.0),
        "start of a session: means of a normal mixture, wrapped at midnight",
        "h UTC",
        0,
        24,
    )
    hour_sds: tuple[float, ...] = _parameter(
        (2.0, 2.0, 1.5),
        "start of a session: standard deviations of that mixture",
        "h",
        0,
        12,
    )
    hour_weights: tuple[float, ...] = _parameter(
        (1.0, 1.0, 1.0),
        "start of a session: weights of that mixture",
        "",
        0,
        1000,
    )
    gap_mean: float = _parameter(
        0.2, "mean gap between sessions that per_day_mean should give; a check, never drawn from", "days", 0, 365
    )
    gap_sd: float = _parameter(
        0.5, "standard deviation of that gap, which is log-normal; a check, never drawn from", "days", 0, 365
    )
    minutes_mean: float = _parameter(30.0, "length of a session: mean of a log-normal distribution", "min", 1, 240)
    minutes_sd: float = _parameter(20.0, "length of a session: standard deviation", "min", 0, 240)
    activity: str = _parameter(
        "calendar",
        "what moves the number of sessions from day to day: nothing more, an AR process, or spins that change by block",
        kind="text",
        choices=("calendar", "ar", "ising"),
    )
    activity_strength: float = _parameter(0.8, "share of a day's sessions that such a process may take away", "")
    project_activity: tuple[float, ...] = _parameter(
        (1.0,),
        "how many times its usual sessions each project has, in the order of entities.projects; 1 where none is given",
        "",
        0,
        10,
    )
    traversal_share: float = _parameter(
        0.25,
        "sessions that gather memories by walking the entity graph; with candidates.traversal_share 0.2 "
        "it makes 5 % of all candidates",
        "probability",
    )
    turns_min: int = _parameter(
        2, "fewest turns of a session, rounded up to whole exchanges; fewer where less was used", "turns", 2, 8
    )
    turns_max: int = _parameter(8, "most turns of a session, rounded down to whole exchanges", "turns", 2, 8)


@dataclass(frozen=True, kw_only=True)
class Topics:
    """What sessions are about: a Markov chain over a project's entities that varies with hour and weekday."""

    stickiness: float = _parameter(
        0.4,
        "chance that a session stays on the topic of the project's last one",
        "probability",
    )
    neighbor_share: float = _parameter(
        0.3,
        "chance that a new topic is a neighbour of the last one in the graph",
        "probability",
    )
    popularity: float = _parameter(0.7, "exponent of the Zipf law of how often entities are topics", "", 0, 5)
    hour_preference: float = _parameter(
        3.0,
        "how many times likelier a topic is within 2 hours of its own hour",
        "",
        1,
        1000,
    )
    weekday_preference: float = _parameter(1.5, "how many times likelier a topic is on its own weekday", "", 1, 1000)
    model: str = _parameter(
        "preference",
        "the chain as the parameters above give it, or that tilted by six costs",
        kind="text",
        choices=("preference", "markov"),
    )
    costs: tuple[float, ...] = _parameter(
        (0.0,) * 6,
        "costs of staying, leaving home, returning home, work to work, between work and others, among others",
        "nats",
        -10,
        10,
        size=6,
    )
    repetition: float = _parameter(
        0.0,
        "chance that a session comes back to a topic met before in the project at that time of day; 0: not asked",
        "probability",
    )
    repetition_decay: float = _parameter(0.05, "how fast such topics are forgotten", "1/day", 0, 10)
    drift: float = _parameter(
        0.0, "how far the logarithm of a topic's popularity moves in a week: a standard deviation", "", 0, 5
    )


@dataclass(frozen=True, kw_only=True)
class Entities:
    """What there is to know about."""

    domain: str = _parameter("software", "vocabulary", kind="text", choices=tuple(DOMAINS))
    projects: tuple[str, ...] = _parameter(("atlas", "borealis"), "projects, most worked on first")
    count: int = _parameter(Range(5, 30), "entities", "entities", 1, 100_000, limited=True)
    aspects: int = _parameter(Range(3, 15), "distinct names of aspects", "aspects", 2, 1_000, limited=True)
    dependencies_mean: float = _parameter(
        1.5,
        "edges of the graph for each entity: mean of a Poisson distribution",
        "edges",
        0,
        20,
    )


@dataclass(frozen=True, kw_only=True)
class Memories:
    """What the agent remembers at first, and what it learns."""

    count: int = _parameter(
        Range(50, 500),
        "memories before the first session",
        "memories",
        0,
        10_000_000,
        limited=True,
    )
    history_days: float = _parameter(
        60.0,
        "time before the first day over which they were written, evenly",
        "days",
        0,
        36_500,
    )
    births_per_session: float = _parameter(
        0.4,
        "memories that a session leaves: mean of a Poisson distribution, at most 8",
        "memories",
        0,
        8,
    )
    importance_a: float = _parameter(2.0, "importance: first parameter of a beta distribution", "", 0.01, 1000)
    importance_b: float = _parameter(5.0, "importance: second parameter", "", 0.01, 1000)
    access_alpha: float = _parameter(
        1.5,
        "accesses before the first session: exponent of a Zipf law, counted from 0",
        "",
        0.01,
        20,
    )
    access_limit: int = _parameter(1_000, "largest number of such accesses", "accesses", 1, 1_000_000)
    embedded_share: float = _parameter(0.8, "memories with an embedding vector", "probability")
    constraint_share: float = _parameter(0.1, "memories that state a constraint", "probability")
    episode_share: float = _parameter(0.15, "memories that tell an episode", "probability")
    supersede_rate: float = _parameter(
        Range(0.0, 0.2),
        "memories that replace an older one: a new value of a single-valued aspect",
        "probability",
    )
    chain_share: float = _parameter(
        0.0, "replacements that replace what was replaced last, so that facts form chains", "probability"
    )
    hop_share: float = _parameter(
        0.0, "facts under aspects of several values that name another entity, one edge away", "probability"
    )
    peak_hour_share: float = _parameter(
        0.6,
        "memories that matter most at an hour of day, near that of their entity",
        "probability",
    )
    peak_weekday_share: float = _parameter(0.1, "memories that matter most on a weekday", "probability")
    pinned: int = _parameter(0, "memories that are always offered, taken from the first pool", "memories", 0, 20)


@dataclass(frozen=True, kw_only=True)
class Candidates:
    """How memories are picked for a session before anything is learned; defaults are Signet's baseline."""

    scope: str = _parameter(
        "project",
        "whose memories a session may meet and add to: those of its own project, or of all, its own first",
        kind="text",
        choices=("project", "all"),
    )
    per_session: int = _parameter(50, "candidates of a session, where the pool has as many", "candidates", 1, 500)
    pool: int = _parameter(150, "newest live memories that are scored", "memories", 1, 5_000)
    decay: float = _parameter(0.95, "effective score is importance * decay ** age in days", "1/day", 0.01, 1.0)
    threshold: float = _parameter(0.2, "effective scores must be above it", "")
    topical_share: float = _parameter(0.2, "places for the newest memories about the topic", "probability")
    traversal_share: float = _parameter(
        0.2,
        "places for memories of the topic and its neighbours, in traversal sessions",
        "probability",
    )
    fts_share: float = _parameter(
        0.1,
        "places for memories of the topic found by full-text search alone",
        "probability",
    )
    stale_share: float = _parameter(0.06, "places for superseded memories, found by full-text search", "probability")
    exploration_share: float = _parameter(0.05, "places for memories drawn from all that live", "probability")
    exploration_rate: float = _parameter(
        0.05,
        "sessions in which one explored memory takes the last injected place",
        "probability",
    )
    injection_characters: int = _parameter(
        2_000,
        "text that fits the agent's context; injection ends at the first overflow",
        "characters",
        0,
        1_000_000,
    )
    hits_per_relevance: float = _parameter(
        3.0,
        "full-text hits of a memory that was not injected: Poisson mean at relevance 1",
        "hits",
        0,
        100,
    )


@dataclass(frozen=True, kw_only=True)
class Noise:
    """What is added to the planted relevance to make the label."""

    distribution: str = _parameter(
        OneOf(("gaussian", "uniform", "laplace")),
        "law of the noise, or none",
        kind="text",
        choices=("gaussian", "uniform", "laplace", "student", "levy", "none"),
        ranged=True,
    )
    snr_db: float = _parameter(
        Range(-10, 30),
        "signal-to-noise ratio, the signal being the clean label within a session",
        "dB",
        -60,
        100,
    )


SECTIONS: dict[str, type] = {
    "time": Time, "sessions": Sessions, "topics": Topics, "entities": Entities,
    "memories": Memories, "candidates": Candidates, "noise": Noise,
}  # fmt: skip
PLANTED = ("recency", "entity", "temporal", "frequency", "supersession", "traversal")
"""The patterns that every scenario plants unless it sets their weight to 0; others only where it names them."""
OFF: dict[str, Any] = {
    "topics.model": "preference", "topics.costs": (0.0,) * 6, "topics.repetition": 0.0, "topics.drift": 0.0,
    "sessions.activity": "calendar", "memories.chain_share": 0.0, "memories.hop_share": 0.0,
}  # fmt: skip
"""Mechanisms and the value with which they do nothing: then they are not recorded."""
FOLLOWS = {"topics.repetition_decay": "topics.repetition", "sessions.activity_strength": "sessions.activity"}
"""Parameters that have a say only where another one is on."""
_PATTERN_RANGES = {
    "patterns.recency.decay_rate": Range(0.01, 0.5),
    "patterns.entity.strength": Range(0.0, 1.0),
    "patterns.temporal.strength": Range(0.0, 1.0),
}
_KINDS: dict[str, Kind] = {
    "int": "int", "float": "float", "str": "text", "tuple[float, ...]": "floats", "tuple[str, ...]": "texts",
}  # fmt: skip
MAX_SESSIONS = 1_000_000
MAX_CANDIDATES = 50_000_000


@dataclass(frozen=True)
class Settings:
    """The parameters of one world, every one of them fixed."""

    time: Time
    sessions: Sessions
    topics: Topics
    entities: Entities
    memories: Memories
    candidates: Candidates
    noise: Noise
    patterns: dict[str, dict[str, float | str]]


@cache
def parameters() -> dict[str, Parameter]:
    """Every parameter by its dotted key, in the order of the documentation."""
    from memento.patterns import CATALOG

    found = {}
    for section, cls in SECTIONS.items():
        for field in dataclasses.fields(cls):
            more = dict(field.metadata)
            default = more.pop("default")
            kind = more.pop("kind", _KINDS[str(field.type)])
            more.setdefault("ranged", kind in ("int", "float"))
            key = f"{section}.{field.name}"
            found[key] = Parameter(key, kind, default, **more)
    for name, pattern in CATALOG.items():
        for spec in pattern.parameters():
            key = f"patterns.{name}.{spec.name}"
            default = _PATTERN_RANGES.get(key, spec.default if isinstance(spec.default, str) else float(spec.default))
            found[key] = Parameter(
                key, spec.kind, default, spec.doc, spec.unit, spec.low, spec.high, choices=spec.choices, ranged=True
            )
    return found
