"""A training recipe: how sessions become lessons, and what a lesson is to teach besides ranking.

A recipe is the parts that the options `curriculum`, `augment`, `stream`, `negatives`, `contrast`, `mix`, `opponent` and
`targets` name. What
it does to sessions is a function of (seed, epoch, step), so that training can be taken up anywhere. In a lesson labels
are made easier and candidates fewer first, then the set is augmented, and hard negatives come last; columns that a
curriculum hides are hidden in all of it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from memento import rng
from memento.errors import UsageError
from memento.models.base import Batch, Model
from memento.patterns.noise import measured_snr
from memento.train.augment.pool import Pool
from memento.train.augment.stream import STRETCH, Stream, retold, seen_in, told
from memento.train.augment.stretches import ends, up_to
from memento.train.batches import Resident, Windows
from memento.train.config import Config
from memento.train.contrast import told_twice
from memento.train.feed import Feed
from memento.train.lesson import Draws, Lesson, lesson_of, reread
from memento.train.losses import CATALOG as LOSSES
from memento.train.mixing import Diet
from memento.train.mixture import Mixture
from memento.train.objective import Objective
from memento.train.opponent import Play
from memento.train.parts import KINDS, read

if TYPE_CHECKING:
    from memento.train.augment.operators import Augmentation
    from memento.train.contrast import Contrast
    from memento.train.curriculum import Curriculum
    from memento.train.mixing import Mixing
    from memento.train.negatives import Fenrec
    from memento.train.opponent import Spin
    from memento.train.targets import Future

Ints = npt.NDArray[np.int64]
Windowed = tuple[Resident, Sequence[Ints], Ints, int]
"""Streams of sessions, those of each source in them, those of a step, and how many a window has."""


@dataclasses.dataclass(frozen=True)
class Recipe:
    """The parts of a recipe; without any it changes nothing."""

    curriculum: tuple[Curriculum, ...] = ()
    augment: tuple[Augmentation, ...] = ()
    stream: tuple[Augmentation, ...] = ()
    negatives: tuple[Fenrec, ...] = ()
    contrast: tuple[Contrast, ...] = ()
    mix: tuple[Mixing, ...] = ()
    opponent: tuple[Spin, ...] = ()
    targets: tuple[Future, ...] = ()

    @classmethod
    def of(cls, config: Config) -> Self:
        """The recipe that training options name."""
        return cls(**{kind: read(kind, getattr(config, kind)) for kind in KINDS})

    def __bool__(self) -> bool:
        return any(getattr(self, kind) for kind in KINDS)

    def difficulty(self, name: str) -> Any:
        """The curriculum of that name, or None."""
        return next((part for part in self.curriculum if part.name == name), None)

    def play(self, scorer: Model, config: Config) -> Play | None:
        """The rounds of a training of `scorer` against itself; None without an opponent."""
        return Play(self.opponent[0], scorer, config.epochs) if self.opponent else None

    def objective(self, config: Config, play: Play | None = None) -> Objective | None:
        """The loss of the options over what counts in a lesson, or that of `play`, and the contrast term.

        None for a recipe without parts, whose loss is that of the options alone.
        """
        if not self:
            return None

        scale = config.temperature if config.loss == "listnet" else 1.0

        def loss(model: Model, batch: Batch) -> Tensor:
            lesson = lesson_of(batch)
            shown = lesson.told()
            logits: Tensor = model(shown)  # (B, C)
            answers = play.answers(shown, scale) if play is not None and play.playing else []  # (B, C) each
            taught = lesson
            if lesson.scored is not None:
                rows = lesson.scored.nonzero()[:, 0]  # (b,)
                taught, logits, answers = lesson.of(rows), logits[rows], [answer[rows] for answer in answers]
            if not len(logits):
                found = logits.sum()  # every session of the step was put in
            elif play is not None and answers:
                found = play.loss(logits / scale, answers, taught, config.temperature)
            else:
                found = weighted(logits, taught, config)
            found = found * (len(logits) / len(lesson.mask))  # a session that is not scored counts 0
            for part in self.contrast:
                found = found + part.loss(model, lesson)
            return found

        return loss

    def feed(
        self,
        resident: Resident,
        windows: Windows,
        mixture: Mixture,
        fit: Sequence[Ints],
        config: Config,
        scorer: Model,
    ) -> Feed:
        """What gives the lessons of every step; the plain feed where there is no recipe."""
        if not self:
            return Feed(resident, windows, mixture, config)
        return Lessons(self, resident, windows, mixture, fit, config, scorer)

    def check(self, sources: int, model: Model | None = None, resident: Resident | None = None) -> None:
        """Raises `UsageError` where a part asks for what the sources, the model or the sessions do not have."""
        for mixing in self.mix:
            mixing.check(sources)
        for part in self.contrast if model is not None else ():
            assert model is not None
            part.check(model)
        if self.stream and model is not None and model.window == 1:
            raise UsageError(
                f"a stream is told otherwise to models that read earlier sessions, and {model.name} reads each alone",
                "train sequence, or name --augment, which acts on the candidates of a session",
            )
        if self.difficulty("snr") is not None and resident is not None and resident.clean is None:
            raise UsageError(
                "a curriculum of noise needs labels without noise, and observed ones have none",
                "leave out snr, or train on simulated revisions alone",
            )


class Lessons(Feed):
    """The steps of every epoch under a recipe.

    Where it tells streams otherwise, the sessions of a step are those of the epoch's `stream`, and `scorer` says
    what is known of them ahead.
    """

    def __init__(
        self,
        recipe: Recipe,
        resident: Resident,
        windows: Windows,
        mixture: Mixture,
        fit: Sequence[Ints],
        config: Config,
        scorer: Model,
    ) -> None:
        self.recipe = recipe
        self.scorer = scorer
        self.weights = mixture.weights
        self._told: tuple[int, Stream, Windows, Diet] | None = None
        diet = self._diet(mixture, config, windows.size)
        super().__init__(resident, windows, diet, config)
        self.fit = fit
        self.total = diet.total
        self.per_epoch = windows.steps(diet.total, config.batch)
        total = self.per_epoch * config.epochs
        self._difficulties = {part.name: part.difficulty(total) for part in recipe.curriculum}

    @cached_property
    def pool(self) -> Pool:
        """What augmentations take from outside a session."""
        return Pool(self.resident, self.fit)

    @cached_property
    def snr(self) -> float:
        """The signal-to-noise ratio of the training labels as they are, dB."""
        assert self.resident.clean is not None
        sessions = np.concatenate(list(self.fit))
        rows = self.pool.rows.cpu()
        clean, labels = (table.cpu()[rows].double().numpy() for table in (self.resident.clean, self.resident.labels))
        return measured_snr(clean, labels, np.concatenate([[0], np.cumsum(self.resident.sizes[sessions])]))

    @cached_property
    def future(self) -> Tensor:
        """What labels count and what is added to them for what is to come, shape (N + 1, 2)."""
        return self.recipe.targets[0].table(self.resident, self.fit)

    def difficulty(self, name: str, number: int, step: int = 0) -> int:
        """How difficult what a curriculum limits is at a step of an epoch."""
        return self._difficulties[name](number * self.per_epoch + step)

    def steps(self, number: int) -> list[Ints]:
        """The sessions of each step of epoch `number`, counted from 0; shape (B,) each."""
        if not self.recipe.stream:
            return super().steps(number)
        stream, windows, diet = self.stream(number)
        return windows.cut(diet.epoch(number, self.config.shuffle), stream.resident.sizes, self.config.batch)

    def stream(self, number: int) -> tuple[Stream, Windows, Diet]:
        """The streams of an epoch, their windows, and which of these make it: as many as ever."""
        if self._told is None or self._told[0] != number:
            seed = self.config.seed
            parts = [
                told(place, len(part), self.scorer.window, self.recipe.stream, seed, number)
                for place, part in enumerate(self.fit)
            ]
            made = retold(self.resident, self.fit, parts, self.pool.mean, self.scorer)
            windows = Windows(made.parts, self.scorer.window)
            mixture = Mixture(windows.starts, self.weights, rng.key(seed, "stream", number))
            total = self.total * self.windows.size // windows.size
            self._told = number, made, windows, self._diet(mixture, self.config, windows.size, total)
        return self._told[1:]

    def batch(self, sessions: Ints, number: int, step: int) -> Batch:
        """The lesson of some sessions at step `step` of epoch `number`, both counted from 0."""
        recipe = self.recipe
        if recipe.stream:
            stream, windows, _ = self.stream(number)
            batch = stream.resident.batch(sessions, windows.size)
            scored = torch.from_numpy(stream.scored[sessions]).to(self.resident.device)  # (B,)
            whole = dataclasses.replace(lesson_of(batch), rows=stream.rows[batch.rows], scored=scored)
            windowed: Windowed = stream.resident, stream.parts, sessions, windows.size
            sessions = stream.origin[sessions]
        else:
            whole = lesson_of(super().batch(sessions, number, step))
            windowed = self.resident, self.fit, sessions, self.windows.size
        draws = Draws(self.config.seed, number, sessions, self.resident.device)
        lesson = whole
        if snr := recipe.difficulty("snr"):
            lesson = snr.apply(lesson, self.difficulty("snr", number, step), self.snr)
        if candidates := recipe.difficulty("candidates"):
            lesson = candidates.apply(lesson, self.difficulty("candidates", number, step), draws)
        plain = lesson
        for operator in recipe.augment:
            lesson = operator.apply(lesson, draws, self.pool)
        for kind in recipe.negatives:
            lesson = kind.apply(lesson, draws)
        lesson = self._hidden(lesson, number, step)
        if lesson.features is not whole.features:
            lesson = reread(lesson, self.scorer)
        for softened in recipe.targets:
            lesson = softened.apply(lesson, self.future)
        for part in recipe.contrast:
            if part.of == "stream":
                looks = self._pasts(windowed, draws)
            else:
                looks = part.views(plain, draws, self.pool)
            one, other = (reread(self._hidden(view, number, step), self.scorer).told() for view in looks)
            times = torch.from_numpy(self.resident.times[sessions].astype(np.float64)).to(self.resident.device)
            lesson = dataclasses.replace(lesson, views=(one, other), times=times, best=self._best(plain), draws=draws)
        return lesson

    def _hidden(self, lesson: Lesson, number: int, step: int) -> Lesson:
        features = self.recipe.difficulty("features")
        if features is None:
            return lesson
        hidden: Lesson = features.apply(lesson, self.difficulty("features", number, step), self.pool.mean)
        return hidden

    def _diet(self, mixture: Mixture, config: Config, window: int, total: int | None = None) -> Diet:
        """Which windows make an epoch."""
        mixing = self.recipe.mix[0] if self.recipe.mix else None
        return Diet(mixture, config.epochs, mixing, self._limit, window, total)

    def _pasts(self, windowed: Windowed, draws: Draws) -> tuple[Lesson, Lesson]:
        """Two looks at the sessions before the last of each window, in windows that end with it."""
        resident, parts, sessions, size = windowed
        lasts = sessions[size - 1 :: size]  # (B / T,)
        stretches = up_to(parts, lasts, STRETCH * size)
        of = Draws(draws.seed, draws.epoch, draws.sessions[size - 1 :: size].astype(np.int64))
        first, second = told_twice(stretches, of)
        mean = self.pool.mean
        return seen_in(resident, ends(first, size), mean), seen_in(resident, ends(second, size), mean)

    def _best(self, lesson: Lesson) -> Tensor:
        """The rows of the memories that are the best candidates, shape (B,)."""
        assert lesson.rows is not None
        rows = lesson.rows.gather(1, lesson.target.unsqueeze(-1)).squeeze(-1)  # (B,)
        return self.resident.memory_rows[rows]  # (B,)

    def _limit(self, number: int) -> int | None:
        """How many windows of a source may come up in an epoch."""
        length = self.recipe.difficulty("length")
        most = length.limit(self.difficulty("length", number)) if length else None
        return None if most is None else max(1, most // self.windows.size)


def weighted(logits: Tensor, lesson: Lesson, config: Config) -> Tensor:
    """The loss of the options over what counts in a lesson, a scalar.

    For a loss with a softmax a candidate of weight w stands for w of itself, in labels and in logits
    alike, so that the least loss still lies where logits rank as labels do. Losses by pairs or by
    candidate leave out what counts nothing and take the rest in full.
    """
    measure = LOSSES[config.loss]
    labels, mask = lesson.taught, lesson.mask  # (B, C) each
    if lesson.weights is not None:
        counts = lesson.counts  # (B, C)
        mask = counts > 0  # (B, C)
        times = torch.where(mask, counts, torch.ones_like(counts)).log()  # (B, C)
        if config.loss == "listnet":
            logits, labels = logits + config.temperature * times, labels + config.temperature * times
        elif config.loss == "soft":
            logits, labels = logits + times, labels + config.temperature * times
    found: Tensor = measure(logits, labels, mask, config.temperature)
    return found
