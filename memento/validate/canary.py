"""The six canaries: questions whose answer is known by construction, asked of a trained scorer.

Every canary is controlled: within an episode all is alike but for the one thing asked about, so the
planted rule itself (the oracle) answers every episode right. Each episode follows the sessions that the
scorer was trained on, whose labels are its past. Beside each share stand its chance level, its 95%
Wilson interval and the oracle's share; a canary passes when the lower end of the interval reaches the
threshold.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from memento.errors import UsageError
from memento.models.base import Scorer
from memento.models.oracle import Oracle
from memento.render.rendering import Rendering, Spec
from memento.train.batches import Resident
from memento.train.run import Run
from memento.validate import questions
from memento.validate.asking import Asked, Question
from memento.validate.episodes import Scene, Source
from memento.validate.evaluate import check_dimension
from memento.validate.intervals import Figure, wilson
from memento.world.world import World

SCHEMA = "memento.canaries/1"
EPISODES = 300
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Outcome:
    """One measure of one canary.

    `share` of the episodes were right; `chance` is what a random order gets, `oracle` what the rule
    itself gets. `threshold` is None for a measure that stands beside the verdict and bears none; `sharp` is
    what is asked of it in the sharp form of the canary.
    """

    canary: str
    measure: str
    share: Figure
    chance: float
    oracle: Figure
    threshold: float | None = None
    note: str = ""
    sharp: float | None = None

    @property
    def passed(self) -> bool | None:
        """Whether the lower end of the interval reaches the threshold; None where nothing was asked."""
        if self.threshold is None or self.share.n == 0:
            return None
        return self.share.low >= self.threshold

    @property
    def sharp_passed(self) -> bool | None:
        """The same for the sharp form."""
        if self.sharp is None or self.share.n == 0:
            return None
        return self.share.low >= self.sharp

    def to_map(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "canary": self.canary,
            "measure": self.measure,
            "share": self.share.to_map(),
            "chance": self.chance,
            "oracle": self.oracle.to_map(),
            "threshold": self.threshold,
            "passed": self.passed,
            "sharp": self.sharp,
            "sharp_passed": self.sharp_passed,
            "note": self.note,
        }


@dataclass(frozen=True)
class Outcomes:
    """What one scorer answered to all questions of a kind on one world."""

    schema: ClassVar[str]
    model: str
    episodes: int
    outcomes: tuple[Outcome, ...]

    @property
    def verdicts(self) -> dict[str, bool | None]:
        """Whether each question was passed; None where its measure bears no threshold or could not be asked."""
        return verdicts(self.outcomes)

    @property
    def sharp(self) -> dict[str, bool | None]:
        """Whether each was passed in every sharp form; None where it has none or could not be asked."""
        return sharp_verdicts(self.outcomes)

    def to_json(self) -> dict[str, Any]:
        """Plain values under a `schema` key."""
        return {
            "schema": self.schema,
            "model": self.model,
            "episodes": self.episodes,
            "verdicts": self.verdicts,
            "sharp": self.sharp,
            "outcomes": [outcome.to_map() for outcome in self.outcomes],
        }


class Canaries(Outcomes):
    """What a scorer answered to the canaries."""

    schema = SCHEMA


def run(
    scorer: Scorer | Run,
    world: World,
    spec: Spec | None = None,
    episodes: int = EPISODES,
    seed: int = 0,
    progress: Callable[[str], None] | None = None,
) -> Canaries:
    """Ask a scorer the canaries in the family of `world`: its entities, memories, words and clocks.

    `episodes` fresh ones for each canary, keyed by `seed`; `spec` tells dimension and context as in
    training. With a `Run`, memories serve that its training sessions offered. A canary whose pattern
    the world does not plant is an outcome with n = 0 and a note. Noise robustness needs
    scorers trained on noisier worlds: see `robustness`. Raises `UsageError` for a world without
    planted patterns, and for embeddings of another length than the model's.
    """
    if not world.manifest.patterns:
        raise UsageError(
            "canaries ask for planted patterns, and this world has none",
            "run them on a simulated world: memento generate tiny",
        )
    source = Source(world, scorer.seen if isinstance(scorer, Run) else None)
    scorer = scorer.scorer if isinstance(scorer, Run) else scorer
    outcomes = ask(scorer, source, spec or Spec(), questions.ALL, episodes, seed, progress)
    return Canaries(scorer.name, episodes, outcomes)


def ask(
    scorer: Scorer,
    source: Source,
    spec: Spec,
    asked: Mapping[str, Question],
    episodes: int,
    seed: int = 0,
    progress: Callable[[str], None] | None = None,
) -> tuple[Outcome, ...]:
    """The outcomes of some questions; one that the world cannot be asked is an outcome with n = 0 and a note."""
    outcomes: list[Outcome] = []
    past = source.past(spec)
    for name, question in asked.items():
        if progress is not None:
            progress(name)
        made = question(source, spec, episodes, seed)
        if isinstance(made, str):
            nothing = wilson(0, 0)
            outcomes.append(Outcome(name, "not asked", nothing, 0.0, nothing, None, made))
            continue
        outcomes += _answers(name, made, scorer, past)
    return tuple(outcomes)


def verdicts(outcomes: Sequence[Outcome]) -> dict[str, bool | None]:
    """Whether each question passed, by its name."""
    names = dict.fromkeys(outcome.canary for outcome in outcomes)
    return {
        name: next((o.passed for o in outcomes if o.canary == name and o.threshold is not None), None) for name in names
    }


def sharp_verdicts(outcomes: Sequence[Outcome]) -> dict[str, bool | None]:
    """Whether each question passed in all of its sharp forms, by its name."""
    found: dict[str, bool | None] = dict.fromkeys(outcome.canary for outcome in outcomes)
    for outcome in outcomes:
        if outcome.sharp_passed is not None:
            found[outcome.canary] = outcome.sharp_passed and found[outcome.canary] is not False
    return found


def robustness(
    retrained: Callable[[float], Scorer | Run],
    world: World,
    spec: Spec | None = None,
    levels: Sequence[float] = (10.0, 0.0, -10.0),
    episodes: int = EPISODES,
    seed: int = 0,
) -> tuple[Outcome, ...]:
    """The fifth canary: the same questions to scorers trained at each noise level, in dB.

    `retrained(level)` gives a scorer trained on the same world with labels at that ratio (see
    `at_noise`). No threshold is set for it: what counts is the curve.
    """
    outcomes: list[Outcome] = []
    for level in levels:
        asked = run(retrained(level), at_noise(world, level), spec, episodes, seed)
        outcomes += [
            replace(
                o,
                canary="noise robustness",
                measure=f"{o.canary}: {o.measure}, {level:g} dB",
                threshold=None,
                sharp=None,
            )
            for o in asked.outcomes
            if o.threshold is not None
        ]
    return tuple(outcomes)


def at_noise(world: World, snr_db: float | None) -> World:
    """The same world with its labels at another signal-to-noise ratio, in dB; None is no noise."""
    noise = {"distribution": "gaussian", **world.manifest.noise, "snr_db": float(snr_db)} if snr_db is not None else {}
    return World(replace(world.manifest, noise=noise), world.tables)


def _answers(name: str, asked: Asked, scorer: Scorer, past: Rendering) -> list[Outcome]:
    check_dimension(scorer, asked.scene.rendering)
    given, known = _scores(scorer, asked.scene, past), _scores(Oracle(), asked.scene, past)
    outcomes = []
    for measure in asked.measures:
        scores, truth = (
            (given, known)
            if measure.scene is None
            else (_scores(scorer, measure.scene, past), _scores(Oracle(), measure.scene, past))
        )
        right, best = measure.right(scores), measure.right(truth)
        outcomes.append(
            Outcome(
                name,
                measure.name,
                wilson(int(right.sum()), len(right)),
                measure.chance,
                wilson(int(best.sum()), len(best)),
                measure.threshold,
                measure.note,
                measure.sharp,
            )
        )
    return outcomes


def _scores(scorer: Scorer, scene: Scene, past: Rendering) -> Floats:
    """The score of each offer as a share of its session (softmax), shape (offers,); each follows the `past`.

    The shift by the session's largest score is done in 64 bits, so that scores far from zero lose nothing.
    """
    rendering = scene.rendering
    resident = Resident([past, rendering], apart=True)
    logits = resident.score(scorer, np.array(resident.apart))[-len(rendering.labels) :].astype(np.float64)
    sizes = np.diff(rendering.offsets)
    top = np.repeat(np.maximum.reduceat(logits, rendering.offsets[:-1]), sizes)
    weights = np.exp(logits - top)
    total = np.repeat(np.add.reduceat(weights, rendering.offsets[:-1]), sizes)
    shares: Floats = (weights / total)[scene.rows]
    return shares
