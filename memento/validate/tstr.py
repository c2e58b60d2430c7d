"""Train on synthetic, test on real, and the other three: what synthetic sessions are worth to a scorer.

Esteban, Hyland and Rätsch 2017 (TSTR, TRTS), with the pitfalls that make the ratio mean nothing closed
off: the test's commits are named and whatever trains is checked against them (`memento.validate.leakage`),
no choice is made on the test, real and synthetic training have equally many sessions unless told otherwise,
and every figure is the mean over seeds with an interval over both seeds and sessions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from memento import rng
from memento.errors import UsageError
from memento.models.base import Model
from memento.render.rendering import Rendering
from memento.train.batches import Resident
from memento.train.config import Config
from memento.train.threads import one_thread
from memento.train.trainer import Material
from memento.validate import metrics
from memento.validate.intervals import Figure
from memento.validate.repeated import Repeated

Floats = npt.NDArray[np.float64]
Progress = Callable[[int, int, str], None]

FIT, VALIDATION = 0.85, 0.15
"""Shares of each training revision that are fitted, and that choose the epoch: the test is apart already."""
HELD = 0.8
"""The share of synthetic sessions, in order of time, before those that TRTS and TSTS are asked on."""


@dataclass(frozen=True)
class Outcome:
    """The four figures, NDCG@10 over `seeds` trainings each, on `tested` real and `asked` synthetic sessions.

    `rows` leads TRTR, TSTR, TRTS, TSTS (and "TSTR, all" where synthetic sessions are more than real ones) to its
    figure, `trained` to how many sessions trained it. `ratio` is TSTR over TRTR and TRTS over TSTS, `difference`
    the first less the second, session by session. `beside` has chance and cosine on the real test.
    """

    rows: dict[str, Figure]
    trained: dict[str, int]
    ratio: dict[str, Figure]
    difference: dict[str, Figure]
    beside: dict[str, Figure]
    seeds: int
    tested: int
    asked: int
    model: str

    def to_map(self) -> dict[str, Any]:
        """Plain values."""
        figures = ("rows", "ratio", "difference", "beside")
        plain = {name: {key: f.to_map() for key, f in getattr(self, name).items()} for name in figures}
        return plain | {
            "trained": self.trained, "seeds": self.seeds, "tested": self.tested, "asked": self.asked,
            "model": self.model,
        }  # fmt: skip


@one_thread()
def tstr(
    real: Sequence[Rendering],
    test: Sequence[Rendering],
    synthetic: Sequence[Rendering],
    model: str = "interaction",
    seeds: int = 5,
    seed: int = 0,
    progress: Progress | None = None,
    **options: Any,
) -> Outcome:
    """Train on real and on synthetic sessions, and test each on real and on synthetic ones it has not seen.

    Whether training knows the test is not looked at here: `memento.validate.leakage.check` does. `options` are those
    of training. A lone synthetic session is trained on and not asked on. Raises `UsageError` where there is nothing
    to train or to test on.
    """
    require(real, test, synthetic)
    made = [rendering.split(HELD) if len(rendering) > 1 else (rendering, None) for rendering in synthetic]
    train_made, held = [early for early, _ in made], [late for _, late in made if late is not None]
    if not held:
        raise UsageError("no synthetic session is left to ask on", "name a synthetic revision of two sessions or more")
    sizes = {"real": sum(map(len, real)), "synthetic": sum(map(len, train_made))}
    size = min(sizes.values())
    arms: dict[str, list[Rendering]] = {
        "TRTR": subset(real, size, seed), "TSTR": subset(train_made, size, seed), "TRTS": [], "TSTS": [],
    }  # fmt: skip
    if sizes["synthetic"] > size:
        arms["TSTR, all"] = train_made
    trained = {name: sum(map(len, arm)) for name, arm in arms.items() if arm}
    tables: dict[str, list[Floats]] = {name: [] for name in arms}
    total, done = seeds * len(trained), 0
    for number in range(seeds):
        for name, arm in arms.items():
            if not arm:
                continue
            scorer = fitted(arm, model, seed + number, **options)
            tables[name].append(judged(scorer, test))
            if name in ("TRTR", "TSTR"):
                tables[name[:3] + "S"].append(judged(scorer, held))
            done += 1
            if progress is not None:
                progress(done, total, f"{name}, seed {seed + number}")
    stacked = {name: np.stack(rows) for name, rows in tables.items() if rows}
    on_test = Repeated(sum(map(len, test)), seeds, seed=seed)
    on_held = Repeated(sum(map(len, held)), seeds, seed=seed)
    of = {name: on_held if name.endswith("TS") else on_test for name in stacked}
    best = [name for name in ("TSTR", "TSTR, all") if name in stacked]
    ratio = {f"{name} / TRTR": on_test.ratio(stacked[name], stacked["TRTR"]) for name in best}
    ratio["TRTS / TSTS"] = on_held.ratio(stacked["TRTS"], stacked["TSTS"])
    return Outcome(
        rows={name: of[name].figure(table) for name, table in stacked.items()},
        trained=trained | {"TRTS": trained["TRTR"], "TSTS": trained["TSTR"]},
        ratio=ratio,
        difference={f"{name} - TRTR": on_test.difference(stacked[name], stacked["TRTR"]) for name in best},
        beside={name: on_test.figure(values[None]) for name, values in beside(test).items()},
        seeds=seeds,
        tested=sum(map(len, test)),
        asked=sum(map(len, held)),
        model=model,
    )


def require(
    real: Sequence[Rendering], test: Sequence[Rendering], synthetic: Sequence[Rendering], least: int = 1
) -> None:
    """Raises `UsageError` where a role has no sessions, or fewer than `least` are real."""
    if not (real and test and synthetic):
        raise UsageError("the protocol needs real, test and synthetic sessions", "name at least one revision of each")
    for role, renderings, needed in (("real", real, least), ("test", test, 1), ("synthetic", synthetic, 1)):
        found = sum(map(len, renderings))
        if found < needed:
            raise UsageError(
                f"{found} {role} sessions are too few, {needed} the least", "name revisions with more sessions to rank"
            )


def fitted(sources: Sequence[Rendering], model: str, seed: int, initial: Model | None = None, **options: Any) -> Model:
    """A scorer trained on renderings from `initial` weights on; all sessions are fitted or choose the epoch."""
    config = Config.of(model, {"seed": seed, "fit": FIT, "validation": VALIDATION, **options})
    material = Material([(rendering, 1.0) for rendering in sources if len(rendering)], config.fit, config.validation)
    return material.fit_model(config, initial=initial)[0]


def judged(scorer: Model, renderings: Sequence[Rendering]) -> Floats:
    """NDCG@10 of every session of some renderings, one after the other, shape (S,)."""
    parts = [
        metrics.table(Resident([rendering]).score(scorer), rendering.labels, rendering.offsets)["ndcg"]
        for rendering in renderings
    ]
    return np.concatenate(parts)


def subset(renderings: Sequence[Rendering], size: int, seed: int) -> list[Rendering]:
    """`size` sessions of some renderings, drawn by key: those of a smaller size are among those of a larger one."""
    names = [name for rendering in renderings for name in rendering.session_ids]
    chosen = np.zeros(len(names), bool)
    if names:
        draws = rng.uniform(rng.keys(rng.key(seed, "subset"), names))
        chosen[np.argsort(draws, kind="stable")[:size]] = True
    ends = np.cumsum([0, *(len(rendering) for rendering in renderings)])
    return [
        rendering.select(chosen[low:high]) for rendering, low, high in zip(renderings, ends, ends[1:], strict=False)
    ]


def beside(renderings: Sequence[Rendering]) -> dict[str, Floats]:
    """NDCG@10 of a random order and of the cosine of memory and context, shape (S,) each."""
    chance, cosine = [], []
    for rendering in renderings:
        contexts = np.repeat(rendering.contexts, np.diff(rendering.offsets), axis=0)
        near = (rendering.embeddings * contexts).sum(axis=1)
        chance.append(metrics.chance(rendering.labels, rendering.offsets)["ndcg"])
        cosine.append(metrics.table(near, rendering.labels, rendering.offsets)["ndcg"])
    return {"chance": np.concatenate(chance), "cosine": np.concatenate(cosine)}
