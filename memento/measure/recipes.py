"""What a training recipe gains: the same training with and without it, over several seeds, on sessions never seen.

Every recipe is trained with the same seeds on the same sessions as the plain one. A gain is the difference of
NDCG@10 session by session and seed by seed; its interval redraws sessions and seeds together, so that it tells what
another draw of both would give.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from memento import rng
from memento.errors import UsageError
from memento.models.base import Model
from memento.train import ranking
from memento.train.batches import Resident
from memento.train.config import Config
from memento.train.lesson import Draws, lesson_of, reread
from memento.train.negatives import Fenrec
from memento.train.recipe import Recipe
from memento.train.run import Epoch
from memento.train.seeds import Told, at_once, side_by_side
from memento.train.threads import one_thread
from memento.train.trainer import Material
from memento.validate import metrics
from memento.validate.ceiling import ceiling
from memento.validate.intervals import Figure, over_seeds

if TYPE_CHECKING:
    from memento.render.rendering import Rendering

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

REACHED = 0.99
"""The share of the plain training's best validation NDCG@10 whose first epoch is told."""
_HARD = Fenrec(space="feature", count=2, warmup=0, weight=1.0)


@dataclass(frozen=True)
class Gain:
    """One recipe over all seeds, on held-out sessions; gains are over the plain training.

    `hard` is NDCG@10 where every session also has two hard negatives: its best candidate retired, and
    out of date. `reached` is the mean epoch, from 1, at which validation NDCG@10 first came to 99% of the
    plain training's best under the same seed; NaN where some seed never came so far.
    """

    name: str
    ndcg: Figure
    gain: Figure
    hard: Figure
    hard_gain: Figure
    reached: float

    @property
    def relative(self) -> float:
        """The gain as a share of what the plain training reaches."""
        plain = self.ndcg.value - self.gain.value
        return self.gain.value / plain if plain else math.nan

    def to_map(self) -> dict[str, Any]:
        """Plain values; NaN is None."""
        figures = {name: getattr(self, name).to_map() for name in ("ndcg", "gain", "hard", "hard_gain")}
        numbers = {"reached": self.reached, "relative": self.relative}
        plain = {name: None if math.isnan(value) else value for name, value in numbers.items()}
        return {"recipe": self.name, **figures, **plain}


@dataclass(frozen=True)
class Comparison:
    """The gains of all recipes on some sessions, with what a random order and the planted rule get there.

    `chance` and `ceiling` are NDCG@10; the ceiling is NaN where relevance was not planted.
    """

    gains: tuple[Gain, ...]
    sessions: int
    chance: float
    ceiling: float

    def to_map(self) -> dict[str, Any]:
        """Plain values; NaN is None."""
        top = None if math.isnan(self.ceiling) else self.ceiling
        rows = [gain.to_map() for gain in self.gains]
        return {"sessions": self.sessions, "chance": self.chance, "ceiling": top, "recipes": rows}


@dataclass(frozen=True)
class Arm:
    """One training to compare: what it trains on, and its options."""

    sources: Sequence[tuple[Rendering, float]]
    options: Mapping[str, Any]


def compare(
    arms: Mapping[str, Arm],
    held: Sequence[Rendering] = (),
    seeds: int = 5,
    first: int = 0,
    model: str = "interaction",
    progress: Callable[[int, int, str], None] | None = None,
    workers: int | None = None,
) -> Comparison:
    """The gain of each arm over the first of them.

    Judged on the sessions of `held`, or without them of the first arm's first source, which no training
    looked at. `seeds` seeds from `first` on. At most `workers` trainings run at once, as many as torch takes
    threads if left out; how many changes no figure. Raises `UsageError` where there is nothing to judge by.
    """
    if not arms:
        raise UsageError("there is no recipe to compare", "name one: --try augment=crop")
    plain = next(iter(arms))
    configs = {name: Config.of(model, {"seed": first, **arm.options}) for name, arm in arms.items()}
    for name, config in configs.items():
        Recipe.of(config).check(len(arms[name].sources))
    judged = list(held) or [arms[plain].sources[0][0]]
    resident = Resident(judged)
    materials = _materials(arms, configs)
    names = [str(name) for rendering in judged for name in rendering.session_ids]
    seen = np.concatenate([materials[name].seen for name in arms])
    chosen = np.flatnonzero(~np.isin(rng.hashes(names), seen)).astype(np.int64)
    if not len(chosen):
        what = "training saw every session there is to judge by" if names else "there is no session to judge by"
        raise UsageError(what, "name another revision with --against")
    places = [(name, seed) for name in arms for seed in range(first, first + seeds)]

    def work(place: int, told: Told) -> tuple[tuple[Epoch, ...], Floats, Floats]:
        name, seed = places[place]
        scorer, history, _ = materials[name].fit_model(dataclasses.replace(configs[name], seed=seed), told)
        return history, *scored(scorer, resident, chosen)

    def moved(place: int, done: int) -> None:
        if progress:
            name, seed = places[place]
            progress(done, len(places), f"{name}, seed {seed}")

    count = at_once(len(places), workers)
    with one_thread():
        if count > 1:
            for name in arms:
                materials[name].share(configs[name])
        found = side_by_side(work, len(places), count, moved=moved)
    runs = {name: found[seeds * at : seeds * (at + 1)] for at, name in enumerate(arms)}
    tables = {
        name: (np.stack([own for _, own, _ in several]), np.stack([hard for _, _, hard in several]))  # (K, n) each
        for name, several in runs.items()
    }
    bars = [max((epoch.ndcg for epoch in history), default=math.nan) * REACHED for history, _, _ in runs[plain]]
    gains = tuple(
        Gain(
            name,
            over_seeds(tables[name][0], first),
            over_seeds(tables[name][0] - tables[plain][0], first),
            over_seeds(tables[name][1], first),
            over_seeds(tables[name][1] - tables[plain][1], first),
            float(np.mean([_first(history, bar) for (history, _, _), bar in zip(runs[name], bars, strict=True)])),
        )
        for name in arms
    )
    chance, top = bounds(judged, chosen)
    return Comparison(gains, gains[0].ndcg.n, chance, top)


def _materials(arms: Mapping[str, Arm], configs: Mapping[str, Config]) -> dict[str, Material]:
    """What each arm trains on; arms of the same sources and shares have it in common."""
    made: dict[tuple[Any, ...], Material] = {}
    found = {}
    for name, arm in arms.items():
        shares = configs[name].fit, configs[name].validation
        key = *shares, *((id(rendering), weight) for rendering, weight in arm.sources)
        if key not in made:
            made[key] = Material(arm.sources, *shares)
        found[name] = made[key]
    return found


def bounds(judged: Sequence[Rendering], sessions: Ints | None = None) -> tuple[float, float]:
    """The chance level and the ceiling of NDCG@10 over some renderings, or some of their sessions."""
    low = np.concatenate([metrics.chance(rendering.labels, rendering.offsets)["ndcg"] for rendering in judged])
    tops = [ceiling(rendering) for rendering in judged]
    high = np.concatenate([top.rendered["ndcg"] if top else np.full(len(r), np.nan) for top, r in zip(tops, judged)])
    chosen = np.arange(len(low)) if sessions is None else sessions
    known = chosen[np.isfinite(low[chosen])]
    return float(np.mean(low[known])), float(np.mean(high[known]))


def scored(scorer: Model, resident: Resident, sessions: Ints) -> tuple[Floats, Floats]:
    """NDCG@10 of some sessions, shape (n,), as they are and with hard negatives among their candidates."""
    found = np.full(len(sessions), np.nan), np.full(len(sessions), np.nan)
    seen = resident.seen_by(scorer, carried=True)
    for low in range(0, len(sessions), 64):
        part = sessions[low : low + 64]
        lesson = lesson_of(seen.batch(part))
        harder = reread(_HARD.apply(lesson, Draws(0, 0, part, resident.device)), scorer)
        for which, batch in zip(found, (lesson, harder), strict=True):
            scores = scorer.score(batch)  # (B, C)
            assert batch.labels is not None
            offsets = np.concatenate([[0], np.cumsum(batch.mask.sum(-1).cpu().numpy())])
            which[low : low + 64] = ranking.ndcg(
                scores[batch.mask].cpu().numpy(), batch.labels[batch.mask].cpu().numpy(), offsets
            )
    return found


def _first(history: Sequence[Epoch], bar: float) -> float:
    """The first epoch, from 1, whose validation NDCG@10 is at least `bar`; NaN where there is none."""
    return float(next((epoch.number + 1 for epoch in history if epoch.ndcg >= bar), math.nan))
