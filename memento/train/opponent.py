"""Self-play: a scorer that learns to tell what was truly of use from what it would have surfaced itself a round ago.

Source: SPIN (Chen, Deng, Yuan, Ji and Gu 2024, arXiv 2401.01335). There a language model plays rounds against the one
that it was when the round began, p_k. To a prompt x belongs a real answer y of the data, and one that p_k generated,
y'; with p the model now, the loss of a pair is

    log(1 + exp(-beta [log p(y|x) / p_k(y|x) - log p(y'|x) / p_k(y'|x)]))

Here a prompt is a session with its candidates, and an answer is a candidate, chosen with the probability that the
softmax over the session's scores gives it. The real answer is drawn from the softmax of the labels, the generated one
from the opponent's. A session has few answers, so nothing is drawn: the loss is its expectation over both. With scores
s and s_k the partition functions cancel: log p(i) / p_k(i) - log p(j) / p_k(j) = (s_i - s_k,i) - (s_j - s_k,j).

Whole sessions, real against simulated, are not told apart: a scorer gives no probability to a session, since what all
its candidates have in common cancels. How many simulated sessions there are is said by ``mix=spin``.
"""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Mapping, Sequence
from typing import ClassVar

import torch
from torch import Tensor
from torch.nn import functional

from memento.catalog import Catalog, Row
from memento.models.base import Batch, Model
from memento.train.lesson import Lesson
from memento.vary.parameters import Parameterised, parameter

CATALOG = Catalog(
    "opponent",
    {"spin": Row("memento.train.opponent:Spin", "the scorer as it was when the round began")},
)
"""Every opponent by name."""


@dataclasses.dataclass(frozen=True)
class Spin(Parameterised):
    """The run in `rounds` parts: plain training first, then each against the scorer as it stood when the part began.

    Plain training is to the rounds what supervised fine-tuning is to SPIN's. From the third part on the
    opponent's answers are those of the last two opponents, half each, as the original's data are the union of
    the last two iterations. The loss is least where ``beta (s - s_k) = log q - log g`` up to a shift, q
    what the labels say and g what was generated: at the labels for ``beta=1``, beyond them for less.
    """

    what: ClassVar[str] = "opponent"
    hint: ClassVar[str] = "`memento recipes --list` lists them with their parameters"
    name: ClassVar[str] = "spin"

    rounds: int = parameter(4, "parts of the run, of which the first is plain training", kind="int", low=2, high=1000)
    beta: float = parameter(0.1, "how much the gap of log ratios counts", low=1e-3, high=100.0)

    def round(self, number: int, epochs: int) -> int:
        """The part of the run that epoch `number` of `epochs` belongs to, both counted from 0."""
        return min(self.rounds - 1, number * self.rounds // max(1, epochs))


class Play:
    """The rounds of one training; the opponents' weights are part of its state."""

    def __init__(self, spin: Spin, scorer: Model, epochs: int) -> None:
        self.spin = spin
        self.epochs = epochs
        self.opponents = [copy.deepcopy(scorer).requires_grad_(False).eval() for _ in range(2)]
        """The last one, and the one before it."""
        self.playing = False
        """Whether there is an opponent in the epoch that was begun last."""

    def begin(self, scorer: Model, number: int) -> None:
        """Called before epoch `number`: where a round begins, `scorer` as it stands is the opponent."""
        now, before = (self.spin.round(at, self.epochs) for at in (number, number - 1))
        self.playing = now > 0
        if number and now != before:
            if before:
                self.opponents[1].load_state_dict(self.opponents[0].state_dict())
            self.opponents[0].load_state_dict(scorer.state_dict())
            if not before:
                self.opponents[1].load_state_dict(scorer.state_dict())

    def answers(self, batch: Batch, scale: float = 1.0) -> list[Tensor]:
        """The opponents' scores, divided by the temperature `scale` of the softmax; shape (B, C) each."""
        return [opponent.score(batch).clone() / scale for opponent in self.opponents]

    def loss(self, logits: Tensor, answers: Sequence[Tensor], lesson: Lesson, temperature: float) -> Tensor:
        """The mean loss a session of `logits` against the opponents' `answers`, (B, C) each; a scalar.

        `temperature` is that of the labels. A candidate chooses and is chosen by as much as it counts.
        """
        counts = lesson.counts  # (B, C)
        real = chosen(lesson.taught / temperature, counts)  # (B, C)
        generated = torch.stack([chosen(answer, counts) for answer in answers]).mean(0)  # (B, C)
        return spin_loss(logits, answers[0], real, generated, self.spin.beta)

    def arrays(self) -> dict[str, Tensor]:
        """The opponents' numbers by name."""
        return {
            f"opponent.{place}.{name}": value
            for place, opponent in enumerate(self.opponents)
            for name, value in opponent.state_dict().items()
        }

    def restore(self, values: Mapping[str, Tensor]) -> None:
        """Takes up what `arrays` gave. Raises `ValueError` where it is not of these opponents."""
        for place, opponent in enumerate(self.opponents):
            wanted = opponent.state_dict()
            found = {name: values.get(f"opponent.{place}.{name}") for name in wanted}
            for name, value in found.items():
                if value is None or value.shape != wanted[name].shape or value.dtype != wanted[name].dtype:
                    raise ValueError(f"opponent.{place}.{name} is missing, or of another shape")
            opponent.load_state_dict(found)


def chosen(scores: Tensor, counts: Tensor) -> Tensor:
    """How likely each candidate is chosen: the softmax of `scores`, a candidate of count w as w of itself; (B, C)."""
    known = counts > 0  # (B, C)
    times = torch.where(known, counts, torch.ones_like(counts)).log()  # (B, C)
    return torch.softmax((scores + times).masked_fill(~known, -torch.inf), -1)  # (B, C)


def spin_loss(logits: Tensor, opponent: Tensor, real: Tensor, generated: Tensor, beta: float) -> Tensor:
    """The mean over sessions of ``sum_ij q_i g_j log(1 + exp(-beta [(s_i - s_k,i) - (s_j - s_k,j)]))``, a scalar.

    All are of shape (B, C): scores s now and s_k of the opponent, and the probabilities q of real and g of
    generated answers, which are 0 at padding.
    """
    there = (real > 0) | (generated > 0)  # (B, C)
    ratio = (logits - opponent).masked_fill(~there, 0.0)  # (B, C) log p / p_k up to a shift
    gap = ratio.unsqueeze(2) - ratio.unsqueeze(1)  # (B, C, C)
    terms = real.unsqueeze(2) * generated.unsqueeze(1) * functional.softplus(-beta * gap)  # (B, C, C)
    return terms.sum((1, 2)).mean()  # of (B,)
