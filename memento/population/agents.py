"""Several agents who share one entity graph and one pool of memories, told as a story and written as a world.

As in RecSim NG's recommendation story (Mladenov et al. 2021, stories/recommendation_simulation.py): the documents are
the memories of a world, with a latent quality and an importance that tells of it; at each step every agent has a
session, the baseline offers it memories by what it knows of the agent, the agent uses some of those that are injected,
and its interest and satisfaction move with what it used. How relevant a memory is to an agent is the probability that
it would use it if it were offered alone, so that the best possible order of every session is known.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from memento import rng
from memento.errors import UsageError
from memento.language.grammar import Grammar, outcome_of
from memento.population import corpus, recommender, user
from memento.population.choice import alone, choose_several
from memento.population.corpus import Corpus
from memento.population.story import Draw, Story, Values, Variable
from memento.train.ranking import ndcg
from memento.vary.facts import Speech, domain_of
from memento.world.records import NULL_INT, TABLES
from memento.world.table import Table
from memento.world.world import World

Ints = npt.NDArray[np.int64]
DAY = 86_400
MOST = 200_000
"""The most sessions of one population."""
_TIMES = 3
"""How often an agent chooses in one session."""
_SEARCHED = 0.3
"""Of the memories that an agent would use alone, the share that it searches for by itself."""
_NOISE_SD = 0.01
_IMPORTANCE, _IMPORTANCE_SD = 0.25, 0.1


@dataclass(frozen=True)
class Setting:
    """Who there is and what they are offered. Raises `UsageError` for what cannot be."""

    agents: int = 8
    steps: int = 28
    topics: int = 10
    pool: int = 20
    injected: int = 5
    explored: int = 5
    seed: int = 0

    def __post_init__(self) -> None:
        counts = {name: value for name, value in asdict(self).items() if name not in ("explored", "seed")}
        faults = [f"{name} is {value}" for name, value in counts.items() if value < 1]
        if not 1 <= self.injected <= self.pool or not 0 <= self.explored < self.pool:
            faults.append(
                f"{self.injected} injected and {self.explored} explored do not fit into a pool of {self.pool}"
            )
        if self.agents * self.steps > MOST:
            faults.append(f"{self.agents:,} agents and {self.steps:,} steps make more than {MOST:,} sessions")
        if faults:
            raise UsageError(
                "; ".join(faults),
                "take at least one of each, injected and explored within the pool, and fewer sessions",
            )


@dataclass(frozen=True)
class Population:
    """The world that came of it, and by step, shape (steps,): how satisfied agents are, the share of injected memories
    that they used, and the NDCG@10 of the baseline's order against the probabilities of use."""

    world: World
    satisfaction: npt.NDArray[np.float64]
    used: npt.NDArray[np.float64]
    ndcg: npt.NDArray[np.float64]


def populate(world: World, setting: Setting) -> Population:
    """The entity graph and memories of a world with the sessions of agents in place of its own.

    Raises `UsageError` for a world with fewer live memories about entities than a pool holds.
    """
    live = np.flatnonzero(~world.memories["deleted"] & np.isin(world.memories["entity"], _acting(world)))
    if len(live) < setting.pool:
        raise UsageError(
            f"{len(live)} live memories about entities do not fill a pool of {setting.pool}",
            "generate or import a world that has more, or take a smaller --pool",
        )
    topic, names = _topics(world, live, setting.topics)
    setting = replace(setting, topics=len(names))
    story = Story(variables(topic, setting))
    writer = _Writer(world, live, names, setting)
    for step, state in enumerate(story.run(setting.seed, setting.steps - 1)):
        writer.write(step, state)
    return writer.population()


def _acting(world: World) -> list[str]:
    """The entities that still act."""
    entities = world.entities
    return [
        e for e, end in zip(entities["id"].tolist(), entities["retired_at"].tolist(), strict=True) if end == NULL_INT
    ]


def _topics(world: World, live: Ints, most: int) -> tuple[Ints, list[str]]:
    """The topic of each live memory, and the entity of each topic: those with most memories; the others are shared out
    among them by key."""
    entities = world.memories["entity"][live].tolist()
    counts: dict[str, int] = {}
    for entity in entities:
        counts[entity] = counts.get(entity, 0) + 1
    names = sorted(counts, key=lambda entity: (-counts[entity], entity))[:most]
    place = {entity: number for number, entity in enumerate(names)}
    return np.array([place.get(e, rng.key(0, "topic", e) % len(names)) for e in entities], np.int64), names


def variables(topic: Ints, setting: Setting) -> list[Variable]:
    """The variables of the story, for documents of given topics, shape (D,)."""
    agents, topics = setting.agents, setting.topics

    def importance(draw: Draw, now: Values) -> Any:
        quality = now["corpus"].quality
        return np.clip(
            0.5 + _IMPORTANCE * quality + draw.normal("importance", len(quality), sd=_IMPORTANCE_SD), 0.0, 1.0
        )

    def offered(draw: Draw, now: Values, _: Values | None = None) -> Any:
        known = recommender.estimate(now["history"])
        there = now["corpus"]
        return recommender.offer(draw, known, there.features, now["importance"], setting.pool, setting.explored)

    def liked(_: Draw, now: Values, __: Values | None = None) -> Any:
        return user.affinity(now["interest"], now["corpus"].features[now["pool"]])

    def used(draw: Draw, now: Values, _: Values | None = None) -> Any:
        shown = now["affinity"][:, : setting.injected]
        taken = np.zeros(now["affinity"].shape, bool)
        taken[:, : setting.injected] = choose_several(shown, draw.uniform("use", agents, _TIMES))
        return taken

    def searched(draw: Draw, now: Values, _: Values | None = None) -> Any:
        liked_alone = alone(now["affinity"])
        return now["used"] | (draw.uniform("search", *liked_alone.shape) < _SEARCHED * liked_alone)

    def moved(draw: Draw, _: Values, before: Values) -> Any:
        interest = before["interest"]
        for place, features, quality, consumed in _consumed(before, setting):
            noise = draw.normal(f"noise {place}", agents, topics, sd=_NOISE_SD)
            after = user.evolved(interest, features, quality, noise)
            interest = np.where(consumed[:, None], after, interest)
        return interest

    def exposed(draw: Draw, _: Values, before: Values) -> Any:
        exposure = before["exposure"]
        for place, _features, quality, consumed in _consumed(before, setting):
            after = user.exposed(exposure, quality, draw.normal(f"noise {place}", agents, sd=user.EXPOSURE_SD))
            exposure = np.where(consumed, after, exposure)
        return exposure

    def remembered(_: Draw, __: Values, before: Values) -> Any:
        history = before["history"]
        for _place, features, _quality, consumed in _consumed(before, setting):
            history = recommender.remembered(history, features, consumed)
        return history

    response = ("corpus", "pool", "used")
    seen = ("corpus", "importance", "history")
    return [
        Variable("corpus", lambda draw, _: corpus.documents(draw, topic, topics)),
        Variable("importance", importance, first_needs=("corpus",)),
        Variable("interest", lambda draw, _: draw.normal("interest", agents, topics), moved,
                 previous=("interest", *response)),
        Variable("exposure", lambda *_: np.zeros(agents), exposed, previous=("exposure", *response)),
        Variable("history", lambda *_: np.full((agents, recommender.HISTORY, topics), np.nan), remembered,
                 previous=("history", *response)),
        Variable("pool", offered, offered, seen, seen),
        Variable("affinity", liked, liked, ("interest", "corpus", "pool"), ("interest", "corpus", "pool")),
        Variable("used", used, used, ("affinity",), ("affinity",)),
        Variable("searched", searched, searched, ("affinity", "used"), ("affinity", "used")),
        Variable("satisfaction", lambda _, now: user.satisfaction(now["exposure"]),
                 lambda _, now, __: user.satisfaction(now["exposure"]), ("exposure",), ("exposure",)),
    ]  # fmt: skip


def _consumed(before: Values, setting: Setting) -> Iterator[tuple[int, Any, Any, Any]]:
    """What agents used in the step before, one place of the slate after the other: its features (A, T), its quality
    (A,), and who used it (A,)."""
    there: Corpus = before["corpus"]
    for place in range(setting.injected):
        documents = before["pool"][:, place]
        yield place, there.features[documents], there.quality[documents], before["used"][:, place]


class _Writer:
    """Writes the sessions of a story, step by step."""

    def __init__(self, world: World, live: Ints, names: list[str], setting: Setting) -> None:
        self.before, self.live, self.names, self.setting = world, live, names, setting
        self.speech, self.grammar = Speech(world), Grammar(domain_of(world))
        self.ids = world.memories["id"][live]
        # Agents of another seed have sessions of their own, also where two populations are merged.
        self.mark = f"ag{rng.key(setting.seed, 'population') >> 24:010x}"
        self.start = (world.manifest.clock // DAY + 1) * DAY
        self.importance = world.memories["importance"].copy()
        self.records: dict[str, dict[str, list[Any]]] = {name: {} for name in ("sessions", "turns", "candidates")}
        self.told: list[tuple[float, float, float]] = []
        best = setting.pool - setting.explored
        self.sources = ["effective"] * best + ["exploration"] * setting.explored

    def write(self, step: int, state: Mapping[str, Any]) -> None:
        """One session of each agent."""
        setting, pool, used = self.setting, state["pool"], state["used"]
        relevance = alone(state["affinity"])
        if step == 0:
            self.importance[self.live] = np.round(state["importance"], 6)
        self.told.append((
            float(np.mean(state["satisfaction"])), float(np.mean(used[:, : setting.injected])), _ndcg_of(relevance),
        ))  # fmt: skip
        favourite = np.argmax(state["interest"], axis=1)
        for agent in range(setting.agents):
            session = f"{self.mark}-{agent:04d}-{step:05d}"
            # Hours go round within the waking day, so that neither hour nor weekday tells who it is.
            hour, second = 7 + (agent * 5 + step * 3) % 15, (agent * 97 + step * 31) % 3600
            started = self.start + step * DAY + hour * 3600 + second
            topic = self.names[int(favourite[agent])]
            score = round(float(state["satisfaction"][agent]), 6)
            self._add("sessions", id=session, started_at=started, ended_at=started + 1200, project=f"agent-{agent:04d}",
                      topic=topic, mode="plain", score=score, confidence=0.8)  # fmt: skip
            chosen = pool[agent]
            self._add_all(
                "candidates", len(chosen), session=[session] * len(chosen), memory=self.ids[chosen].tolist(),
                rank=range(len(chosen)), injected=[place < setting.injected for place in range(len(chosen))],
                source=self.sources, used=used[agent].tolist(), fts_hits=state["searched"][agent].astype(int).tolist(),
                relevance=np.round(relevance[agent], 6).tolist(),
            )  # fmt: skip
            facts = [self.speech.fact(int(self.live[chosen[place]])) for place in np.flatnonzero(used[agent])]
            key = rng.key(setting.seed, "population", session)
            parent = None
            for number, turn in enumerate(self.grammar.turns(key, self.speech.entity[topic], facts, outcome_of(score))):
                name = f"{session}.{number}"
                self._add("turns", id=name, session=session, parent=parent, role=turn.role, text=turn.text,
                          cites=tuple(sorted(turn.cites)))  # fmt: skip
                parent = name

    def _add(self, table: str, **values: Any) -> None:
        self._add_all(table, 1, **{name: [value] for name, value in values.items()})

    def _add_all(self, table: str, count: int, **columns: Any) -> None:
        for name, values in columns.items():
            self.records[table].setdefault(name, []).extend(values)

    def population(self) -> Population:
        """The world with all that was written; its clock is the last session's end."""
        tables = dict(self.before.tables)
        for name, columns in self.records.items():
            rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
            tables[name] = Table.from_records(TABLES[name], rows)
        tables["memories"] = tables["memories"].replace(importance=self.importance)
        scenario = {"population": asdict(self.setting)}
        said = self.before.manifest.scenario.get("entities")
        if isinstance(said, dict):
            scenario["entities"] = said
        clock = max(self.records["sessions"]["ended_at"])
        manifest = replace(
            self.before.manifest, source="written", scenario=scenario, patterns={}, noise={}, clock=clock,
            seed=self.setting.seed,
        )  # fmt: skip
        satisfied, used, ndcg = np.array(self.told).T
        return Population(World.build(manifest, tables), satisfied, used, ndcg)


def _ndcg_of(relevance: npt.NDArray[np.float64]) -> float:
    """The mean NDCG@10 of the order that relevance stands in, shape (A, K)."""
    agents, size = relevance.shape
    scores = np.tile(-np.arange(size, dtype=np.float64), agents)
    return float(np.mean(ndcg(scores, relevance.reshape(-1), np.arange(agents + 1) * size)))
