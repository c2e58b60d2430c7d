"""A curriculum over worlds: phases of scenarios, each harder than the one before, and one scorer carried through.

Every phase is as many worlds of its scenario as hold the sessions asked for, since a short history is one of a phase's
limits. A phase is judged on worlds of the same scenarios under other seeds, which are not kept.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from memento.errors import UsageError
from memento.history.repository import Repository
from memento.measure.recipes import bounds
from memento.models.base import Model
from memento.render.rendering import Rendering, Spec, render
from memento.scenario import Scenario
from memento.simulate.story import Story
from memento.train.batches import Resident
from memento.train.config import Config
from memento.train.loop import Loop
from memento.train.mixing import Phases
from memento.train.run import Run
from memento.train.threads import one_thread
from memento.train.trainer import Material, split
from memento.validate import metrics
from memento.validate.intervals import Bootstrap, Figure
from memento.world import tree

PHASES = ("curriculum-1", "curriculum-2", "curriculum-3", "curriculum-4")
"""The seed's four phases, as shipped scenarios."""
ENDS = (0.1, 0.3, 0.6)
"""Where they end: after 5, 15 and 30 of 50 thousand steps."""
SHARES = {"fit": 0.85, "validation": 0.15}
_HELD = 1 << 20

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Stage:
    """What the scorer was after a phase: NDCG@10 on held-out worlds of every phase, by name."""

    phase: str
    epochs: int
    figures: dict[str, Figure]

    def to_map(self) -> dict[str, Any]:
        """Plain values."""
        figures = {name: figure.to_map() for name, figure in self.figures.items()}
        return {"phase": self.phase, "epochs": self.epochs, "figures": figures}


@dataclass(frozen=True)
class Course:
    """A curriculum that was run: its last scorer with all its sources, and what it was after each phase.

    `bounds` are the chance level and the ceiling of each phase's held-out worlds.
    """

    run: Run
    stages: tuple[Stage, ...]
    bounds: dict[str, tuple[float, float]]


def grow(
    repository: Repository, scenarios: Sequence[Scenario], sessions: int, seed: int, progress: Progress | None = None
) -> list[list[str]]:
    """The branches of each phase's worlds, ``curriculum-1/0`` and on, made as one operation where they are not there.

    A phase has worlds under the seeds from `seed` on until they hold `sessions` sessions. Raises
    `UsageError` where a branch of such a name is another world.
    """
    found: list[list[str]] = []
    with repository.batch(f"curriculum of {', '.join(scenario.name for scenario in scenarios)}") as batch:
        for place, scenario in enumerate(scenarios):
            found.append([])
            total = 0
            while total < sessions:
                number = len(found[-1])
                story = Story(scenario, seed + number)
                branch = f"{scenario.name}/{seed + number}"
                state = repository.objects.add_tree([])
                steps = []
                for week in story.weeks():
                    state = tree.apply(repository.objects, state, week.delta)
                    steps.append((state, week))
                if repository.has_branch(branch):
                    if repository.tree_of(branch) != state:
                        raise UsageError(
                            f"there is a branch {branch!r} already, and it is another world",
                            f"rename it: `memento branch -m {branch} NEW`, or choose another --seed",
                        )
                else:
                    for at, week in steps:
                        batch.commit(branch, at, week.message, time=week.time)
                found[-1].append(branch)
                if not len(story.world.sessions):
                    raise UsageError(f"{scenario.name} has no sessions", "give it more days, or more sessions a day")
                total += len(story.world.sessions)
                if progress:
                    progress(place, len(scenarios), f"{scenario.name}, {total} of {sessions} sessions")
    return found


def held_out(scenario: Scenario, sessions: int, seed: int, spec: Spec) -> list[Rendering]:
    """Worlds of a scenario that no training meets, until they hold `sessions` sessions."""
    made: list[Rendering] = []
    while sum(map(len, made)) < sessions:
        made.append(render(Story(scenario, _HELD + seed + len(made)).world, spec))
    return made


def epochs_for(renderings: Sequence[Rendering], steps: int, batch: int) -> int:
    """How many epochs come nearest to so many steps, one at least."""
    fitted = sum(split(len(rendering), SHARES["fit"], SHARES["validation"])[0] for rendering in renderings)
    return max(1, round(steps / max(1, math.ceil(fitted / batch))))


def options(groups: Sequence[Sequence[Rendering]], ends: Sequence[float], steps: int, model: str) -> dict[str, Any]:
    """The options of training that take groups of renderings one after the other, in about `steps` steps.

    Raises `UsageError` where a group would get no epoch.
    """
    batch = Config.of(model, {}).batch
    flat = [rendering for group in groups for rendering in group]
    epochs = epochs_for(flat, steps, batch)
    last = [0, *(math.ceil(end * epochs) for end in ends), epochs]
    for number, (before, after) in enumerate(itertools.pairwise(last), 1):
        if after <= before:
            raise UsageError(
                f"{steps:,} steps are too few: phase {number} gets no epoch",
                "more --steps, fewer --sessions, or --ends further apart",
            )
    phases = Phases(sources="+".join(str(len(group)) for group in groups), at="/".join(f"{end:g}" for end in ends))
    return {**SHARES, "epochs": epochs, "patience": epochs, "mix": str(phases)}


def run(
    groups: Mapping[str, Sequence[Rendering]],
    revisions: Sequence[str],
    held: Mapping[str, Sequence[Rendering]],
    ends: Sequence[float] = ENDS,
    steps: int = 5000,
    seed: int = 0,
    model: str = "interaction",
    progress: Progress | None = None,
) -> Course:
    """Trains through all phases and judges the scorer after each on the held-out worlds of all.

    Raises `UsageError` where a phase would get no epoch.
    """
    chosen = options(list(groups.values()), ends, steps, model)
    last = [math.ceil(end * chosen["epochs"]) - 1 for end in ends] + [chosen["epochs"] - 1]
    names = list(groups)
    residents = {name: Resident(list(renderings)) for name, renderings in held.items()}
    stages: list[Stage] = []

    def watch(loop: Loop) -> None:
        number = len(loop.history) - 1
        if progress:
            progress(number + 1, chosen["epochs"], names[min(len(stages), len(names) - 1)])
        while len(stages) < len(names) and number >= last[len(stages)]:
            figures = {name: _judged(loop.judged, held[name], residents[name], seed) for name in names}
            before = last[len(stages) - 1] + 1 if stages else 0
            stages.append(Stage(names[len(stages)], number + 1 - before, figures))

    sources = [(rendering, 1.0) for group in groups.values() for rendering in group]
    config = Config.of(model, {"seed": seed, **chosen})
    material = Material(sources, config.fit, config.validation, revisions)
    with one_thread():
        loop = material.loop(config)
        loop.run(keep=watch)
        made = material.run(config, loop.scorer, tuple(loop.history), loop.best)
    return Course(made, tuple(stages), {name: bounds(held[name]) for name in names})


def _judged(scorer: Model, held: Sequence[Rendering], resident: Resident, seed: int) -> Figure:
    labels = np.concatenate([rendering.labels for rendering in held])
    values = metrics.table(resident.score(scorer), labels, resident.ends)["ndcg"]
    return Bootstrap(len(values), seed=seed).figure(values)
