"""The training loop: one model, its optimiser, and where it stands.

All that an epoch draws comes from a generator seeded by (seed, epoch), and its rate is a function of
how far training is, so that weights, moments and the number of the epoch are the whole state.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from memento import rng
from memento.errors import UsageError
from memento.models.base import Batch, Model
from memento.train.config import Config
from memento.train.feed import Feed
from memento.train.judge import Judge
from memento.train.objective import Objective, objective_of
from memento.train.run import Epoch

Progress = Callable[[Epoch, int], None]


class Loop:
    """Trains `scorer` epoch by epoch on what `feed` gives; `judge` tells how good it is after each.

    `history` are the epochs so far, `best` the number of the best one (-1 before the first), `kept`
    its weights. Without sessions to judge by, the last epoch is the best.
    """

    def __init__(
        self, scorer: Model, feed: Feed, judge: Judge, config: Config, objective: Objective | None = None
    ) -> None:
        self.scorer = scorer
        self.feed = feed
        self.judge = judge
        self.config = config
        self.objective = objective or objective_of(config)
        self.optimiser = torch.optim.AdamW(
            [p for p in scorer.parameters() if p.requires_grad],
            lr=config.rate,
            betas=(0.9, 0.999),
            eps=1e-8,
            weight_decay=config.decay,
            fused=True,
        )
        self.history: list[Epoch] = []
        self.best = -1
        self.kept = _copy(scorer)

    @property
    def done(self) -> bool:
        """Whether every epoch was run, or patience is spent."""
        number = len(self.history)
        return number >= self.config.epochs or (number > 0 and number - 1 - self.best >= self.config.patience)

    def run(self, progress: Progress | None = None) -> None:
        """Trains to the end and leaves the scorer at its best epoch."""
        while not self.done:
            epoch = self.epoch()
            if progress is not None:
                progress(epoch, self.config.epochs)
        self.scorer.load_state_dict(self.kept)
        self.scorer.eval()

    def epoch(self) -> Epoch:
        """One pass over the data, judged. Raises `UsageError` where the loss is no number any more."""
        number = len(self.history)
        loss = self.step_through(number)
        if not math.isfinite(loss):
            raise UsageError(f"training diverged in epoch {number + 1}", f"lower the rate (now {self.config.rate:g})")
        epoch = Epoch(number, loss, self.judge.ndcg(self.scorer))
        self.history.append(epoch)
        if self.best < 0 or math.isnan(epoch.ndcg) or epoch.ndcg > self.history[self.best].ndcg:
            self.best, self.kept = number, _copy(self.scorer)
        return epoch

    def step_through(self, number: int) -> float:
        """All steps of epoch `number`; the mean loss a session."""
        steps = self.feed.steps(number)
        self.scorer.train()
        total = torch.zeros((), device=self.feed.resident.device)
        count = 0
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(rng.key(self.config.seed, "epoch", number))
            for step, sessions in enumerate(steps):
                rate = self.config.rate * share_of_rate((number + step / len(steps)) / self.config.epochs)
                for group in self.optimiser.param_groups:
                    group["lr"] = rate
                loss = self.step(self.feed.batch(sessions, number, step), number)
                total += loss * len(sessions)
                count += len(sessions)
        return float(total) / max(1, count)

    def step(self, batch: Batch, number: int) -> Tensor:
        """One step of the optimiser; the loss before it, a scalar."""
        self.optimiser.zero_grad(set_to_none=True)
        loss = self.objective(self.scorer, batch, number)
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimiser.step()
        return loss.detach()


def share_of_rate(progress: float) -> float:
    """The share of the rate at a share of the run: a short warm-up, then a cosine down to 0.05."""
    warm = min(1.0, progress / 0.05) if progress < 0.05 else 1.0
    return max(0.02, warm) * (0.05 + 0.475 * (1.0 + math.cos(math.pi * min(1.0, progress))))


def _copy(scorer: Model) -> dict[str, Tensor]:
    return {name: value.detach().clone() for name, value in scorer.state_dict().items()}
