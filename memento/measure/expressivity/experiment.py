"""Trains one small network on short sequences of a task, and tests it on longer ones."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from memento import rng
from memento.measure.expressivity.network import Network
from memento.measure.expressivity.theory import SETTINGS, Row, Setting
from memento.patterns.tasks import IGNORED
from memento.train.threads import one_thread

LEARNED = 0.9
"""The accuracy from which a task counts as done (Merrill et al. 2024)."""
ENOUGH, LOOK, TESTED = 1e-4, 50, 128
"""The loss at which training ends early, how many steps lie between two looks, and sequences of a test."""
WARM, CLIP, DECAY = 0.1, 1.0, 0.01
BINS = 16

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Trial:
    """One network: accuracy at the training lengths and on the test, and at places from the first to the last.

    `curve` holds (last place of a bin, accuracy) over the test; `steps` is how many were taken.
    """

    seed: int
    short: float
    long: float
    steps: int
    parameters: int
    curve: tuple[tuple[int, float], ...]


@dataclass(frozen=True)
class Outcome:
    """A row of theory and its trials."""

    row: Row
    trials: tuple[Trial, ...]

    @property
    def setting(self) -> Setting:
        """How it was trained."""
        return SETTINGS[self.row.task]

    @property
    def best(self) -> Trial:
        """The trial that does best on the test: theory speaks of the weights that there are."""
        return max(self.trials, key=lambda trial: trial.long)

    @property
    def learned(self) -> bool:
        """Whether the task was done at lengths that training did not show."""
        return self.best.long >= LEARNED

    @property
    def agrees(self) -> bool:
        """Whether it came out as theory says."""
        return self.learned == self.row.can

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        row, best = self.row, self.best
        return {
            "task": row.task, "cell": row.cell, "transition": row.transition, "chance": self.setting.task.chance,
            "can": row.can, "why": row.why, "source": row.source, "learned": self.learned, "agrees": self.agrees,
            "short": best.short, "long": best.long, "parameters": best.parameters, "curve": best.curve,
            "trials": [
                {"seed": t.seed, "short": t.short, "long": t.long, "steps": t.steps} for t in self.trials
            ],
        }  # fmt: skip


def compare(
    rows: Sequence[Row], seeds: Iterable[int], steps: int | None = None, progress: Progress | None = None
) -> list[Outcome]:
    """The outcome of each row, every seed once; `steps` at most, instead of those of the setting."""
    chosen = list(seeds)
    total, found = len(rows) * len(chosen), []
    for number, row in enumerate(rows):
        trials = []
        for place, seed in enumerate(chosen):
            if progress is not None:
                progress(number * len(chosen) + place, total, f"{row.task}: {row.name}")
            trials.append(train(row, seed, steps))
        found.append(Outcome(row, tuple(trials)))
    if progress is not None:
        progress(total, total, "")
    return found


@one_thread()
def train(row: Row, seed: int, steps: int | None = None) -> Trial:
    """One network trained on fresh sequences by AdamW at a rate that rises, then falls to nought; and its test.

    On the CPU in float32 on one thread: one row and seed give one trial on one build of torch.
    """
    setting = SETTINGS[row.task]
    (low, high), most = setting.train, steps or setting.steps
    network = _network(row, setting, seed)
    optimiser = torch.optim.AdamW(network.parameters(), setting.rate, weight_decay=DECAY, fused=True)
    warm = max(1, round(WARM * most))
    pace = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda at: min((at + 1) / warm, 0.5 + 0.5 * np.cos(np.pi * max(0, at - warm) / max(1, most - warm)))
    )
    taken = 0
    for step in range(most):
        key = rng.key(seed, "expressivity", row.task, step)
        symbols, targets = _drawn(setting, key, setting.batch, low + key % (high - low + 1))  # (B, T) each
        loss = _loss(network(symbols), targets)  # ()
        optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(network.parameters(), CLIP)
        optimiser.step()
        pace.step()
        taken += 1
        if taken % LOOK == 0:
            with torch.inference_mode():
                symbols, targets = _drawn(setting, rng.key(key, "look"), TESTED, high)  # (B, T) each
                if float(_loss(network(symbols), targets)) <= ENOUGH:
                    break
    short, _ = _tested(network, setting, rng.key(seed, "expressivity", row.task, "short"), high, 0)
    after = high if setting.beyond else 0
    long, curve = _tested(network, setting, rng.key(seed, "expressivity", row.task, "long"), setting.test, after)
    return Trial(seed, short, long, taken, network.size, curve)


def _network(row: Row, setting: Setting, seed: int) -> Network:
    """A network with weights drawn by the seed; torch's own generator is left as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(rng.key(seed, "expressivity", row.task, row.cell, row.transition or "") >> 1)
        task = setting.task
        return Network(
            row.cell, task.vocabulary, task.answers + 1, setting.width, setting.state, setting.layers, row.transition
        )


def _drawn(setting: Setting, key: int, count: int, length: int) -> tuple[Tensor, Tensor]:
    symbols, targets = setting.task.draw(key, count, length)
    return torch.from_numpy(symbols), torch.from_numpy(targets)  # (B, T) each


def _loss(logits: Tensor, targets: Tensor) -> Tensor:
    return functional.cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=IGNORED)  # ()


def _tested(
    network: Network, setting: Setting, key: int, length: int, after: int
) -> tuple[float, tuple[tuple[int, float], ...]]:
    """The accuracy at scored places past `after`, and over bins of all scored places."""
    symbols, targets = _drawn(setting, key, TESTED, length)  # (B, T) each
    with torch.inference_mode():
        right = (network(symbols).argmax(-1) == targets).double()  # (B, T)
    places = torch.nonzero((targets != IGNORED).all(0)).squeeze(-1)  # (P,) the scored places
    by_place = right[:, places].mean(0)  # (P,)
    past = places >= after  # (P,)
    bins = [part for part in torch.arange(len(places)).tensor_split(BINS) if len(part)]
    curve = tuple((int(places[part[-1]]) + 1, float(by_place[part].mean())) for part in bins)
    return float(by_place[past].mean()), curve
