"""The training loop: one model, its optimiser, and where it stands.

All that an epoch draws comes from a generator seeded by (seed, epoch), and its rate is a function of
how far training is, so that weights, moments, opponents and the number of the epoch are the whole state.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from memento import rng
from memento.errors import UsageError
from memento.models.base import Batch, Model
from memento.models.dropout import Draws, draw_from
from memento.train.adam import MOMENTS, Adam
from memento.train.average import Average
from memento.train.batches import sent
from memento.train.config import Config
from memento.train.device import Pass
from memento.train.feed import Feed
from memento.train.graphs import Graphs, Steps, in_turns
from memento.train.judge import Judge
from memento.train.objective import Objective, objective_of
from memento.train.opponent import Play
from memento.train.run import Epoch
from memento.train.team import share, team

Progress = Callable[[Epoch, int], None]


class Loop:
    """Trains `scorer` epoch by epoch on what `feed` gives; `judge` tells how good it is after each.

    `history` are the epochs so far, `best` the number of the best one (-1 before the first), `kept`
    its weights; `play` has the opponents of self-play. Without sessions to judge by, the last epoch is the best.
    With `config.average` the running mean of the weights is judged and kept. All tensors lie on the device of
    `feed`; on CUDA steps are replayed as graphs where no objective of a recipe's and no team has a part in them. With
    `compiled` the forward pass is compiled; dropouts then draw from torch's own generator, which every epoch seeds
    and gives back.
    """

    def __init__(
        self,
        scorer: Model,
        feed: Feed,
        judge: Judge,
        config: Config,
        objective: Objective | None = None,
        play: Play | None = None,
        compiled: bool = False,
    ) -> None:
        self.scorer = scorer
        self.feed = feed
        self.device = feed.resident.device
        self.judge = judge
        self.config = config
        self.objective = objective or objective_of(config)
        self.play = play
        self.optimiser = Adam(scorer.parameters(), config.decay)
        self.average = Average(scorer, config.average) if config.average else None
        self.generator = torch.Generator(self.device)
        self.draws = Draws(self.generator)
        draw_from(scorer, None if compiled else self.draws)
        self.forward = Pass(scorer, config.precision, compiled)
        self.team = team()
        alone = objective is None and self.team is None
        self.graphs = Graphs(self.recorded, self.generator) if alone and self.device.type == "cuda" else None
        self._loss = torch.zeros((), device=self.device)  # summed over the sessions of an epoch
        self._sessions = 0
        self.history: list[Epoch] = []
        self.best = -1
        self.kept = _copy(scorer)

    @property
    def stream(self) -> torch.cuda.Stream | None:
        """The stream that steps are taken on; None for the current one."""
        return None if self.graphs is None else self.graphs.stream

    @property
    def judged(self) -> Model:
        """The scorer that counts: with the last weights, or with their mean."""
        return self.scorer if self.average is None else self.average.scorer

    @property
    def done(self) -> bool:
        """Whether every epoch was run, or patience is spent."""
        number = len(self.history)
        return number >= self.config.epochs or (number > 0 and number - 1 - self.best >= self.config.patience)

    @property
    def result(self) -> tuple[Model, tuple[Epoch, ...], int]:
        """The scorer on the CPU, the history, and which epoch was the best."""
        return self.scorer.to("cpu"), tuple(self.history), self.best

    def run(self, progress: Progress | None = None, keep: Callable[[Loop], None] | None = None) -> None:
        """Trains to the end and leaves the scorer at its best epoch; `keep` is called after each epoch."""
        in_turns([(self.running(progress, keep), self.stream)])

    def running(self, progress: Progress | None = None, keep: Callable[[Loop], None] | None = None) -> Steps:
        """The same, a step at a time."""
        while not self.done:
            yield from self.stepping(len(self.history))
            epoch = self._closed()
            if keep is not None and (self.team is None or self.team.leads):
                keep(self)
            if progress is not None:
                progress(epoch, self.config.epochs)
        self.graphs = None  # which hold memory of the device, and this loop
        self.scorer.load_state_dict(self.kept)
        self.scorer.eval()
        draw_from(self.scorer, None)

    def epoch(self) -> Epoch:
        """One pass over the data, judged. Raises `UsageError` where the loss is no number any more."""
        self.step_through(len(self.history))
        return self._closed()

    def step_through(self, number: int) -> float:
        """All steps of epoch `number`; the mean loss a session."""
        in_turns([(self.stepping(number), self.stream)])
        return self._mean_loss

    @property
    def _mean_loss(self) -> float:
        return float(self._loss) / max(1, self._sessions)

    def _closed(self) -> Epoch:
        """What an epoch that all steps were taken of has come to."""
        number, loss = len(self.history), self._mean_loss
        if not math.isfinite(loss):
            raise UsageError(f"training diverged in epoch {number + 1}", f"lower the rate (now {self.config.rate:g})")
        epoch = Epoch(number, loss, self._judged())
        self.history.append(epoch)
        if self.best < 0 or math.isnan(epoch.ndcg) or epoch.ndcg > self.history[self.best].ndcg:
            self.best, self.kept = number, _copy(self.judged)
        return epoch

    def stepping(self, number: int) -> Steps:
        """Takes the steps of epoch `number` one by one."""
        if not self.forward.compiled:
            yield from self._steps(number)
            return
        with torch.random.fork_rng([self.device] if self.device.type == "cuda" else []):
            torch.manual_seed(rng.key(self.config.seed, "epoch", number))
            yield from self._steps(number)

    def _steps(self, number: int) -> Steps:
        steps = self.feed.steps(number)
        if self.play is not None:
            self.play.begin(self.scorer, number)
        self.scorer.train()
        self._loss.zero_()
        self._sessions = sum(map(len, steps))
        self.generator.manual_seed(rng.key(self.config.seed, "epoch", number))
        numbers = self._numbers(number, len(steps))
        if self.graphs is None:
            for step, (sessions, (rate, weight)) in enumerate(zip(steps, numbers)):
                self._take(self.feed.batch(sessions, number, step), rate, weight)
                yield
        elif steps:
            order = sent(np.concatenate(steps), self.device)  # (S,)
            told = sent(np.array(numbers, np.float32), self.device)  # (steps, 2)
            for chosen, pair in zip(torch.split(order, [len(sessions) for sessions in steps]), told):
                self.graphs(chosen, pair)
                yield

    def _numbers(self, number: int, count: int) -> list[tuple[float, float]]:
        """The rate of each of the `count` steps of epoch `number`, and what its weights count in their mean."""
        progress = [(number + step / count) / self.config.epochs for step in range(count)]
        weights = [self.average.weight(number * count + step) if self.average else 1.0 for step in range(count)]
        return [(self.config.rate * share_of_rate(at), weight) for at, weight in zip(progress, weights)]

    def recorded(self, sessions: Tensor, numbers: Tensor) -> None:
        """A step by sessions, shape (B,), its rate and the weight of its weights, shape (2,), on the device alone."""
        self._take(self.feed.resident.batch(sessions, self.feed.windows.size), numbers[0], numbers[1])

    def _take(self, batch: Batch, rate: float | Tensor, weight: float | Tensor) -> None:
        loss = self.step(batch, rate)
        if self.average is not None:
            self.average.update(weight)
        self._loss += loss * len(batch.features)

    def step(self, batch: Batch, rate: float | Tensor) -> Tensor:
        """One step of the optimiser at a rate; the loss before it, a scalar."""
        self.optimiser.zero_grad()
        if self.team is None:
            with self.forward():
                loss = self.objective(self.scorer, batch)
                loss.backward()  # type: ignore[no-untyped-call]
        else:
            sessions = len(batch.features)
            rows = self.team.rows(sessions, batch.window)
            self.draws.rows, self.draws.whole = rows, sessions
            loss = torch.zeros((), device=batch.features.device)
            if len(rows):
                with self.forward():
                    loss = self.objective(self.scorer, share(batch, rows)) * (len(rows) / sessions)
                    loss.backward()  # type: ignore[no-untyped-call]
            loss = self.team.add_up(self.scorer.parameters(), loss)
        self.optimiser.step(rate)
        return loss.detach()

    def _judged(self) -> float:
        """How good the scorer is now; one process says so for all."""
        if self.team is None:
            return self.judge.ndcg(self.judged)
        return self.team.agree(self.judge.ndcg(self.judged) if self.team.leads else math.nan)

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """All numbers of the state by name: weights now, their mean, the best, opponents', both moments of Adam."""
        found = {f"model.{name}": value for name, value in self.scorer.state_dict().items()}
        found |= {f"best.{name}": value for name, value in self.kept.items()}
        if self.average is not None:
            found |= {f"mean.{name}": value for name, value in self.average.scorer.state_dict().items()}
        if self.play is not None:
            found |= self.play.arrays()
        for name, parameter in self.scorer.named_parameters():
            for moment, value in self.optimiser.state.get(parameter, {}).items():
                found[f"{moment}.{name}"] = value
        return {name: value.detach().cpu().numpy() for name, value in found.items()}

    def restore(self, arrays: Mapping[str, npt.NDArray[Any]], history: Sequence[Epoch], best: int) -> None:
        """Takes up a state that `arrays` gave. Raises `ValueError` where it is not one of this model's."""
        if not (0 <= best < len(history) or (best == -1 and not history)) or [epoch.number for epoch in history] != [
            *range(len(history))
        ]:
            raise ValueError(f"best epoch {best} of {len(history)}")
        values = {name: torch.from_numpy(np.array(array)) for name, array in arrays.items()}
        now, kept = (_under(prefix, values, self.scorer.state_dict()) for prefix in ("model", "best"))
        for name, parameter in self.scorer.named_parameters():
            moments = {moment: values[key] for moment in MOMENTS if (key := f"{moment}.{name}") in values}
            if moments and (len(moments) < 3 or any(moments[m].shape != parameter.shape for m in MOMENTS[1:])):
                raise ValueError(f"moments of {name} are not of its shape")
            if moments:
                self.optimiser.state[parameter] = {
                    m: (value.reshape(()) if m == "step" else value).to(parameter.device)
                    for m, value in moments.items()
                }
        if self.average is not None:
            self.average.scorer.load_state_dict(_under("mean", values, self.scorer.state_dict()))
        if self.play is not None:
            self.play.restore(values)
        self.scorer.load_state_dict(now)
        self.kept, self.history, self.best = kept, list(history), best


def share_of_rate(progress: float) -> float:
    """The share of the rate at a share of the run: a short warm-up, then a cosine down to 0.05."""
    warm = min(1.0, progress / 0.05) if progress < 0.05 else 1.0
    return max(0.02, warm) * (0.05 + 0.475 * (1.0 + math.cos(math.pi * min(1.0, progress))))


def _copy(scorer: Model) -> dict[str, Tensor]:
    return {name: value.detach().clone() for name, value in scorer.state_dict().items()}


def _under(prefix: str, values: Mapping[str, Tensor], wanted: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors of a state dict that stand under a prefix. Raises `ValueError` where they are others."""
    found = {name: values.get(f"{prefix}.{name}") for name in wanted}
    for name, value in found.items():
        if value is None or value.shape != wanted[name].shape or value.dtype != wanted[name].dtype:
            raise ValueError(f"{prefix}.{name} is missing, or of another shape")
    return {name: value.to(wanted[name].device) for name, value in found.items() if value is not None}
