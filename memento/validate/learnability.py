"""What can be learned of a world at all, in nats, and how much of it a scorer has learned.

Source: Morawski, Despres and Rehm, "How Patterns Dictate Learnability" (NeurIPS 2025); Bialek, Nemenman and Tishby
2001. The risk is the ListNet loss, the divergence of a ranking's softmax from that of the labels. The *least risk*,
R_inf, is what is left to one who knows the rule and not the noise: the divergence from the mean of the labels' softmax
over the noise (Monte Carlo). The *gap* is a scorer's held-out risk less R_inf: dependencies that it has not exploited.
By pattern, it is what handing it that pattern's term would take away.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from memento import rng
from memento.patterns import from_manifest
from memento.patterns.facts import of
from memento.patterns.noise import noisy
from memento.render.rendering import Rendering
from memento.validate.intervals import Bootstrap, Figure
from memento.world.world import World

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

TEMPERATURE = 0.5
"""Of the loss, unless a scorer was trained at another."""
REDRAWS = 64
_STEPS = 25
_GUARD = 1e-12


@dataclass(frozen=True)
class Term:
    """What a pattern adds to each row, shape (N,), and the best guess of it from the past where that is not shown."""

    values: Floats
    forecast: Floats | None = None

    def take(self, rows: Ints) -> Term:
        """Those of some rows."""
        return Term(self.values[rows], None if self.forecast is None else self.forecast[rows])


@dataclass(frozen=True)
class Known:
    """One planted pattern, in nats a session.

    `worth` is what it tells one who knows all the others, `left` what of that the scorer lacks. `unforeseen` is what
    even the whole past does not tell of it, for a pattern that has to be remembered; None for one that a session shows.
    """

    name: str
    worth: Figure
    left: Figure
    unforeseen: Figure | None = None

    def to_map(self) -> dict[str, Any]:
        """Plain values."""
        unforeseen = None if self.unforeseen is None else self.unforeseen.to_map()
        return {"name": self.name, "worth": self.worth.to_map(), "left": self.left.to_map(), "unforeseen": unforeseen}


@dataclass(frozen=True)
class Learnability:
    """Risks in nats a session, with 95% intervals over sessions.

    `chance` is that of a ranking that knows nothing, `least` R_inf, `risk` the scorer's, `gap` the last less the
    second, and `learned` the share of what lies between chance and R_inf that the scorer has. `patterns` part it.
    """

    chance: Figure
    least: Figure
    risk: Figure
    gap: Figure
    learned: Figure
    patterns: tuple[Known, ...] = ()

    def to_map(self) -> dict[str, Any]:
        """Plain values."""
        names = ("chance", "least", "risk", "gap", "learned")
        return {
            **{name: getattr(self, name).to_map() for name in names},
            "patterns": [known.to_map() for known in self.patterns],
        }


def learnability(
    scores: npt.ArrayLike,
    rendering: Rendering,
    terms: Mapping[str, Term] | None = None,
    temperature: float = TEMPERATURE,
    redraws: int = REDRAWS,
    seed: int = 0,
    resamples: int = 1000,
) -> Learnability | None:
    """The risks of a scorer's logits, shape (N,), on a rendering; None where labels follow no planted rule.

    `terms` are what each planted pattern adds to each row, see `terms_of`. A scorer whose logits have another scale
    than the labels, as one that was not trained by ListNet, is scaled by the one factor that suits it best.
    """
    if rendering.clean is None or rendering.spec.labels not in ("planted", "clean"):
        return None
    offsets = rendering.offsets
    labels, true = rendering.labels.astype(np.float64), rendering.clean.astype(np.float64)
    target = softmax(labels / temperature, offsets)
    logits = np.asarray(scores, np.float64) / temperature
    risk = divergence(target, logits, offsets)
    fitted, (scale,) = best(target, [logits], offsets)
    if fitted.mean() < 0.9 * risk.mean():
        risk, logits = fitted, logits * scale
    least = divergence(target, np.log(expected(rendering, temperature, redraws, seed) + _GUARD), offsets)
    chance = divergence(target, np.zeros(len(labels)), offsets)
    bootstrap = Bootstrap(len(rendering), resamples, seed)
    drawn = [bootstrap.means(each) for each in (chance, least, risk)]
    room = drawn[0] - drawn[1]
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(room > _GUARD, (drawn[0] - drawn[2]) / room, np.nan)
        between = chance.mean() - least.mean()
        learned = (chance.mean() - risk.mean()) / between if between > _GUARD else np.nan
    parts = []
    rule, _ = best(target, [true / temperature], offsets)
    own, _ = best(target, [logits], offsets)
    for name, term in (terms or {}).items():
        if np.ptp(term.values) < _GUARD:
            continue
        without, _ = best(target, [(true - term.values) / temperature], offsets)
        given, _ = best(target, [logits, term.values / temperature], offsets)
        unforeseen = None
        if term.forecast is not None:
            guessed, _ = best(target, [(true - term.values + term.forecast) / temperature], offsets)
            unforeseen = bootstrap.figure(guessed - rule)
        parts.append(Known(name, bootstrap.figure(without - rule), bootstrap.figure(own - given), unforeseen))
    return Learnability(
        chance=bootstrap.figure(chance),
        least=bootstrap.figure(least),
        risk=bootstrap.figure(risk),
        gap=bootstrap.figure(risk - least),
        learned=bootstrap.of(float(learned), share, len(rendering)),
        patterns=tuple(parts),
    )


def terms_of(world: World, rendering: Rendering) -> dict[str, Term]:
    """What each planted pattern adds to each row of a rendering of a world, by its name."""
    candidates = world.candidates
    place = {
        pair: row
        for row, pair in enumerate(zip(candidates["session"].tolist(), candidates["memory"].tolist(), strict=True))
    }
    names = np.repeat(np.array(rendering.session_ids, object), np.diff(rendering.offsets)).tolist()
    rows = np.array(
        [
            place[(session, rendering.memory_ids[memory])]
            for session, memory in zip(names, rendering.memory_rows.tolist(), strict=True)
        ],
        np.int64,
    )
    facts = of(world)
    found = {}
    for pattern in from_manifest(world.manifest.patterns):
        forecast = pattern.forecast(facts)
        found[pattern.name] = Term(pattern.terms(facts)[rows], None if forecast is None else forecast[rows])
    return found


def expected(rendering: Rendering, temperature: float, redraws: int, seed: int) -> Floats:
    """The mean of the labels' softmax over the noise, given the rule, shape (N,): the best that can be said."""
    assert rendering.clean is not None
    true = rendering.clean.astype(np.float64)
    noise = {name: rendering.noise[name] for name in ("distribution", "snr_db") if name in rendering.noise}
    if rendering.spec.labels == "clean" or not noise:
        return softmax(true / temperature, rendering.offsets)
    rows = np.arange(len(true), dtype=np.uint64)
    total = np.zeros(len(true))
    for number in range(redraws):
        keys = rng.pair_keys(rng.key(seed, "least risk", number), rows)
        total += softmax(noisy(true, rendering.offsets, keys, noise) / temperature, rendering.offsets)
    return total / redraws


def softmax(logits: Floats, offsets: Ints) -> Floats:
    """Shares within each session, shape (N,)."""
    sizes, starts = np.diff(offsets), offsets[:-1]
    weights = np.exp(logits - np.repeat(np.maximum.reduceat(logits, starts), sizes))
    return np.asarray(weights / np.repeat(np.add.reduceat(weights, starts), sizes))


def divergence(target: Floats, logits: Floats, offsets: Ints) -> Floats:
    """``KL(target || softmax(logits))`` of each session, nats, shape (S,)."""
    given = softmax(logits, offsets)
    return np.asarray(np.add.reduceat(target * (np.log(target + _GUARD) - np.log(given + _GUARD)), offsets[:-1]))


def best(target: Floats, columns: Sequence[Floats], offsets: Ints) -> tuple[Floats, Floats]:
    """The least divergence over weights of some columns, by session (S,), and the weights (Newton; it is convex)."""
    x = np.stack(columns, axis=1)  # (N, K)
    starts, sizes = offsets[:-1], np.diff(offsets)
    weights = np.eye(1, x.shape[1])[0]
    found = divergence(target, x @ weights, offsets)
    for _ in range(_STEPS):
        given = softmax(x @ weights, offsets)
        slope = ((given - target)[:, None] * x).sum(axis=0)
        centred = x - np.repeat(np.add.reduceat(given[:, None] * x, starts), sizes, axis=0)
        curvature = (given[:, None] * centred).T @ centred + 1e-9 * np.eye(x.shape[1])
        step = np.linalg.solve(curvature, slope)
        for _ in range(30):
            tried = divergence(target, x @ (weights - step), offsets)
            if tried.sum() <= found.sum():
                break
            step = step / 2
        else:
            break
        moved = found.sum() - tried.sum()
        weights, found = weights - step, tried
        if moved < 1e-10 * max(1.0, float(found.sum())):
            break
    return found, weights
