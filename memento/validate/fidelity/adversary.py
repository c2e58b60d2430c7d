"""What a judge that learns makes of two sets of sessions: can it tell them apart, does one teach the other.

Yoon et al. 2019 (TimeGAN) for the discriminative and predictive scores, Lopez-Paz and Oquab 2017 for the
classifier two-sample test, Snoke et al. 2018 for the propensity's mean squared error. Series are sessions,
steps their candidates in baseline order. Pitfalls: split by session, never by step; equal numbers of each;
a judge that is trained too long on too little memorises, and then scores near 0 without being fooled.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from memento import rng
from memento.validate.fidelity.rows import Floats
from memento.validate.intervals import Figure, wilson

STEPS, BATCH, RATE = 2_000, 128, 1e-3
FOLDS = 5


class Judged(NamedTuple):
    """A judge's verdict: its held-out accuracy with Wilson's interval, and ``|accuracy - 1/2|``, 0 best."""

    score: float
    accuracy: Figure


def discriminative(real: Floats, synthetic: Floats, steps: int = STEPS, seed: int = 0) -> Judged:
    """How far a GRU gets at telling real from synthetic series (S, L, K), trained on 80% of each, asked the rest."""
    series = torch.from_numpy(np.concatenate([real, synthetic])).float()  # (S, L, K)
    truth = torch.cat([torch.ones(len(real)), torch.zeros(len(synthetic))])  # (S,)
    held = np.concatenate([_fifth(len(real), seed, "real"), _fifth(len(synthetic), seed, "synthetic")])
    train, test = torch.from_numpy(np.flatnonzero(~held)), torch.from_numpy(np.flatnonzero(held))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(rng.key(seed, "discriminator"))
        judge = _Recurrent(series.shape[-1], max(1, series.shape[-1] // 2))
        optimiser = torch.optim.Adam(judge.parameters(), lr=RATE)
        for _ in range(steps):
            chosen = train[torch.randint(len(train), (min(BATCH, len(train)),))]  # (B,)
            optimiser.zero_grad(set_to_none=True)
            last = judge(series[chosen])[:, -1]  # (B,)
            functional.binary_cross_entropy_with_logits(last, truth[chosen]).backward()  # type: ignore[no-untyped-call]
            optimiser.step()
        with torch.no_grad():
            right = (judge(series[test])[:, -1] > 0) == (truth[test] > 0.5)  # (T,)
    accuracy = wilson(int(right.sum()), len(test))
    return Judged(abs(accuracy.value - 0.5), accuracy)


def predictive(training: Floats, real: Floats, steps: int = STEPS, seed: int = 0) -> float:
    """The mean absolute error of a GRU that tells the next candidate's label from the columns of those before.

    Series (S, L, K) with the label last; trained on `training`, asked on `real`, in deviations of the label.
    """
    known, asked = (torch.from_numpy(table).float() for table in (training, real))  # (S, L, K) each
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(rng.key(seed, "predictor"))
        judge = _Recurrent(known.shape[-1] - 1, max(1, known.shape[-1] // 2))
        optimiser = torch.optim.Adam(judge.parameters(), lr=RATE)
        for _ in range(steps):
            chosen = torch.randint(len(known), (min(BATCH, len(known)),))  # (B,)
            optimiser.zero_grad(set_to_none=True)
            _missed(judge, known[chosen]).backward()  # type: ignore[no-untyped-call]
            optimiser.step()
        with torch.no_grad():
            return float(_missed(judge, asked))


class TwoSample(NamedTuple):
    """A linear judge over vectors of sessions: its area under the curve (.5 best) and propensity's error (0 best)."""

    auc: float
    propensity: float


def two_sample(real: Floats, synthetic: Floats, seed: int = 0) -> TwoSample:
    """A ridge-penalised logistic regression, five folds, over vectors (S, K); each is judged by others' fold."""
    table = np.concatenate([real, synthetic])
    truth = np.concatenate([np.ones(len(real)), np.zeros(len(synthetic))])
    fold = rng.permutation(rng.key(seed, "folds"), len(table)) % FOLDS
    given = np.empty(len(table))
    for part in range(FOLDS):
        inside = fold != part
        given[~inside] = _logistic(table[inside], truth[inside], table[~inside])
    share = truth.mean()
    return TwoSample(area(given[truth > 0.5], given[truth < 0.5]), float(((given - share) ** 2).mean()))


def area(positive: Floats, negative: Floats) -> float:
    """The chance that a positive scores above a negative, ties counting half (Mann and Whitney 1947)."""
    ordered = np.sort(negative)
    low = np.searchsorted(ordered, positive, side="left")
    high = np.searchsorted(ordered, positive, side="right")
    return float((low + high).mean() / 2.0 / max(1, len(negative)))


class _Recurrent(nn.Module):
    """A GRU with one number at each step."""

    def __init__(self, inputs: int, hidden: int) -> None:
        super().__init__()
        self.cell = nn.GRU(inputs, hidden, batch_first=True)
        self.head = nn.Linear(hidden, 1)

    def forward(self, series: Tensor) -> Tensor:
        """Shape (B, L, K) to (B, L)."""
        hidden, _ = self.cell(series)  # (B, L, H)
        told: Tensor = self.head(hidden).squeeze(-1)  # (B, L)
        return told


def _missed(judge: nn.Module, series: Tensor) -> Tensor:
    error: Tensor = judge(series[:, :-1, :-1]) - series[:, 1:, -1]  # (B, L - 1)
    return error.abs().mean()


def _fifth(size: int, seed: int, name: str) -> npt.NDArray[np.bool_]:
    """A fifth of `size` sessions, at least one, drawn by key."""
    found = np.zeros(size, bool)
    found[rng.permutation(rng.key(seed, "held", name), size)[: max(1, size // 5)]] = True
    return found


def _logistic(table: Floats, truth: Floats, asked: Floats, penalty: float = 1.0) -> Floats:
    """The probability of a logistic regression (Newton's steps) for every row asked."""
    x = np.concatenate([table, np.ones((len(table), 1))], axis=1)
    weights = np.zeros(x.shape[1])
    ridge = np.diag([penalty] * table.shape[1] + [1e-6])
    for _ in range(30):
        told = 1.0 / (1.0 + np.exp(-np.clip(x @ weights, -30.0, 30.0)))
        slope = x.T @ (told - truth) + ridge @ weights
        step = np.linalg.solve((x * (told * (1.0 - told))[:, None]).T @ x + ridge, slope)
        weights -= step
        if np.abs(step).max() < 1e-8:
            break
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(asked @ weights[:-1] + weights[-1], -30.0, 30.0))))
