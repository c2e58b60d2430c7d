"""Training a model on renderings: which sessions are fitted, which choose, and what is kept of it."""

from __future__ import annotations

import inspect
import os
from collections.abc import Sequence
from functools import cached_property
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from memento import rng
from memento.errors import UsageError
from memento.models import CATALOG
from memento.models.base import Model
from memento.models.lambdamart import LambdaMart
from memento.models.linear import Linear
from memento.train.batches import Resident, Windows
from memento.train.boosting import grow
from memento.train.config import Config
from memento.train.device import check_compile, device_of
from memento.train.exact import fit_exact
from memento.train.feed import Feed
from memento.train.graphs import in_turns
from memento.train.judge import Judge
from memento.train.loop import Loop, Progress
from memento.train.mixture import Mixture
from memento.train.recipe import Recipe
from memento.train.run import Epoch, Run, Source
from memento.train.state import State
from memento.train.threads import one_thread

if TYPE_CHECKING:
    from memento.render.rendering import Rendering

Ints = npt.NDArray[np.int64]


@one_thread()
def train(
    sources: Sequence[tuple[Rendering, float]],
    model: str = "interaction",
    seed: int = 0,
    epochs: int | None = None,
    progress: Progress | None = None,
    revisions: Sequence[str] = (),
    state: str | os.PathLike[str] | None = None,
    initial: Run | None = None,
    device: str = "cpu",
    compiled: bool = False,
    **options: Any,
) -> Run:
    """Train `model` on renderings with weights, each split by time.

    The first `fit` share of a source's sessions is fitted, the next `validation` share chooses the
    best epoch, and the rest is not looked at. A session that one source fits never chooses for
    another, such as a longer fork of it. `progress` is called after each epoch with it and the
    number of epochs at most. `options` are those of `Config`. The same sources, options and machine
    give the same weights, bit for bit. Raises `UsageError` where there is nothing to train on.

    `state` is a file in which the training is kept after each epoch; one that is there already is
    gone on from, to the same weights as without a break. It stays until the caller takes it away.
    With `initial` training begins at the weights of that run, whose sources and seen sessions the new one has too.
    `device` and `compiled` are as in `memento.train.device`; the run's weights come back on the CPU.
    """
    config = Config.of(model, {"seed": seed, "epochs": epochs, **options})
    place = device_of(device, config)
    if compiled:
        check_compile(config)
    material = Material(sources, config.fit, config.validation, revisions, initial, place, compiled)
    return material.train(config, progress, None if state is None else State(state, config, material.sources, initial))


class Material:
    """What is trained on: renderings on a device, and which of their sessions are fitted and which choose.

    `fit` are the sessions of each source, `checked` those that choose, both rows of `resident`. `sources` and
    `seen` have those of the run that training begins at, too. `resident` lies on the CPU, where what a model
    takes from its sessions ahead of training is worked out, alike for every device; steps are made on `device`.
    Raises `UsageError` where there are no sources, or one of several has no session.
    """

    def __init__(
        self,
        given: Sequence[tuple[Rendering, float]],
        fit: float,
        validation: float,
        revisions: Sequence[str] = (),
        initial: Run | None = None,
        device: torch.device | None = None,
        compiled: bool = False,
    ) -> None:
        if not given:
            raise UsageError("there is nothing to train on", "name at least one revision")
        renderings = [rendering for rendering, _ in given]
        for place, rendering in enumerate(renderings):
            if len(renderings) > 1 and not len(rendering):
                name = revisions[place] if place < len(revisions) else rendering.commit[:8] or f"source {place + 1}"
                raise UsageError(f"{name} has no session to train on", "leave it out, or name a revision with sessions")
        self.initial = initial
        self.device = device or torch.device("cpu")
        self.compiled = compiled
        self.weights = [float(weight) for _, weight in given]
        self.resident = Resident(renderings)
        self._seen: dict[tuple[str, Model | None], Resident] = {}
        self._measured: dict[object, dict[str, Tensor]] = {}
        parts = [split(len(rendering), fit, validation) for rendering in renderings]
        starts = [stream.start for stream in self.resident.streams]
        self.fit = [filled(np.arange(start, start + a), self.resident) for start, (a, _) in zip(starts, parts)]
        names = [str(name) for rendering in renderings for name in rendering.session_ids]
        hashes = rng.hashes(names) if names else np.zeros(0, np.uint64)
        checked = np.concatenate([np.arange(start + a, start + b) for start, (a, b) in zip(starts, parts)])
        self.checked = filled(checked[~np.isin(hashes[checked], hashes[np.concatenate(self.fit)])], self.resident)
        used = np.concatenate([np.arange(start, start + b) for start, (_, b) in zip(starts, parts)])
        self.seen = np.unique(np.concatenate([hashes[used], *([initial.seen] if initial else [])]))
        self.sources = tuple(
            Source(
                revision=name or rendering.commit,
                commit=rendering.commit,
                tree=rendering.tree,
                weight=weight,
                digest=rendering.digest,
                spec=rendering.spec.to_map(),
                sessions=len(part),
            )
            for rendering, weight, name, part in zip(
                renderings, self.weights, [*revisions, *[""] * len(renderings)], self.fit
            )
        ) + (initial.sources if initial else ())

    def train(self, config: Config, progress: Progress | None = None, state: State | None = None) -> Run:
        """One model by its options, and the linear one beside it."""
        start = self.initial.scorer if self.initial else None
        return self.run(config, *self.fit_model(config, progress, state, start))

    def run(self, config: Config, scorer: Model, history: tuple[Epoch, ...], best: int) -> Run:
        """A model that was trained, with all that tells how it came about, and the linear one beside it."""
        machine: dict[str, Any] = {} if self.device.type == "cpu" else {"device": self.device.type}
        if self.compiled:
            machine["compiled"] = True
        return Run(scorer, config, history, best, self.baseline, self.sources, self.seen, machine=machine)

    @cached_property
    def baseline(self) -> Linear:
        """The linear model trained on the same sessions, whose seed is 0 whatever that of the others."""
        found, _, _ = self.fit_model(Config.of("linear", {}))
        assert isinstance(found, Linear)
        return found

    def fit_model(
        self,
        config: Config,
        progress: Progress | None = None,
        state: State | None = None,
        initial: Model | None = None,
    ) -> tuple[Model, tuple[Epoch, ...], int]:
        """One model at its best epoch, the history, and which epoch that was.

        Without sessions that choose, the last epoch is the best. It begins at the weights of `initial`, and at the
        scales that this one measured, where it is given. Raises `UsageError` for one of another shape, and for a
        training that has no use for one.
        """
        if initial is not None and (config.exact or config.model == LambdaMart.name):
            what = "exact training" if config.exact else f"training of {config.model}"
            raise UsageError(f"{what} begins from nothing", "leave out the checkpoint that it was to begin at")
        if config.exact:
            return fit_exact(self.resident, self.fit, self.checked, self.weights, config, progress)
        if config.model == LambdaMart.name:
            return grow(*self.parts(config), config, progress)
        loop = self.begun(config, state, initial)
        loop.run(progress, None if state is None else state.keep)
        return loop.result

    def train_in_turns(
        self, configs: Sequence[Config], progress: Sequence[Progress], states: Sequence[State], at_once: int = 0
    ) -> list[Run]:
        """The runs of several options on one device, their steps in turns; each as `train` gives it.

        `at_once` stand on the device together, all if 0. Raises `UsageError` for what is compiled, which draws from
        one generator of torch's, and where the device has too little memory.
        """
        if self.compiled:
            raise UsageError("compiled trainings cannot take turns", "train them one after the other")
        told = list(zip_longest(configs, progress, states))
        count = at_once if at_once > 0 else max(1, len(told))
        try:
            _ = self.baseline
            return [run for low in range(0, len(told), count) for run in self._group(told[low : low + count])]
        except torch.OutOfMemoryError:
            several = min(count, len(told))
            raise UsageError(
                f"{self.device} has too little memory for this training"
                + (f", {several} times beside each other" if several > 1 else ""),
                ("train fewer --seeds at once, or " if several > 1 else "") + "take smaller steps: --set batch=4",
            ) from None

    def _group(self, told: Sequence[tuple[Config, Progress, State | None]]) -> list[Run]:
        """The runs of those that stand on the device together; what they took of it is given back."""
        start = self.initial.scorer if self.initial else None
        loops = [self.begun(config, state, start) for config, _, state in told]
        in_turns([
            (loop.running(each, state.keep if state else None), loop.stream)
            for loop, (_, each, state) in zip(loops, told)
        ])  # fmt: skip
        return [self.run(loop.config, *loop.result) for loop in loops]

    def begun(self, config: Config, state: State | None = None, initial: Model | None = None) -> Loop:
        """A training where `state` has it, or at its beginning."""
        loop = self.loop(config, initial)
        if state is not None:
            state.restore(loop)
            if loop.team is not None:
                loop.team.wait()
        return loop

    def loop(self, config: Config, initial: Model | None = None) -> Loop:
        """A training that has not begun, at the weights of `initial` where it is given."""
        scorer, feed, judge = self.parts(config, initial)
        recipe = Recipe.of(config)
        play = recipe.play(scorer, config)
        compiled = self.compiled and config.model != Linear.name
        return Loop(scorer, feed, judge, config, recipe.objective(config, play), play, compiled)

    def parts(self, config: Config, initial: Model | None = None) -> tuple[Model, Feed, Judge]:
        """A model, fresh or as `initial`, what feeds it, and what judges it.

        What a model makes of sessions ahead of training hangs on what it measured, so `initial` comes before that.
        """
        scorer = fresh(config, self.resident.contexts.shape[1])
        windows = Windows(self.fit, scorer.window)
        mixture = Mixture(windows.starts, self.weights, config.seed)
        recipe = Recipe.of(config)
        recipe.check(len(self.fit), scorer, self.resident)
        self._measure(scorer)
        if initial is not None:
            begin_at(scorer, initial)
        seen = self._seen_by(scorer, initial)
        scorer.to(self.device)
        return scorer, recipe.feed(seen, windows, mixture, self.fit, config, scorer), Judge(seen, self.checked)

    def _measure(self, scorer: Model) -> None:
        """Gives a model what it takes from the sessions ahead of training: measured once for all seeds."""
        key = scorer.name, tuple(sorted(scorer.config.items()))
        if key not in self._measured:
            scorer.prepare(self.resident, torch.from_numpy(np.concatenate(self.fit)))
            self._measured[key] = {name: buffer.clone() for name, buffer in scorer.named_buffers()}
        for name, buffer in scorer.named_buffers():
            buffer.copy_(self._measured[key][name])

    def prepare(self, config: Config) -> None:
        """Works out what every training of a model on this shares, ahead of them, and the linear one beside it."""
        self.share(config)
        _ = self.baseline

    def share(self, config: Config) -> None:
        """Works out what every training of a model on this shares, ahead of them."""
        self.parts(config, self.initial.scorer if self.initial else None)

    def _seen_by(self, scorer: Model, initial: Model | None) -> Resident:
        """The sessions with the inputs of a model, which no step changes: worked out once for all seeds."""
        key = scorer.name, initial
        if key not in self._seen:
            seen = self.resident.seen_by(scorer).to(self.device)
            if self.compiled or self.device.type == "cuda":
                seen.width = int(seen.sizes.max(initial=0))  # one shape of batch
            self._seen[key] = seen
        return self._seen[key]


def begin_at(scorer: Model, other: Model) -> None:
    """Gives a model the weights of another. Raises `UsageError` for one of another kind or shape."""
    mine, theirs = ({n: tuple(v.shape) for n, v in m.state_dict().items()} for m in (scorer, other))
    if mine != theirs or scorer.name != other.name:
        apart = sorted(n for n in {*mine, *theirs} if mine.get(n) != theirs.get(n))
        raise UsageError(
            f"training of {scorer.name} cannot begin at {other.name} of another shape"
            + (f": {', '.join(apart[:3])}" if apart else ""),
            "begin at a checkpoint of the same model and dimension",
        )
    scorer.load_state_dict(other.state_dict())


def split(count: int, fit: float, validation: float) -> tuple[int, int]:
    """Where fitting and validation end among `count` sessions in order of time."""
    end = min(count, max(1, round(count * fit)))
    return end, min(count, max(end, round(count * (fit + validation))))


def filled(sessions: Ints, resident: Resident) -> Ints:
    """Those of `sessions` that have candidates."""
    return sessions[resident.sizes[sessions] > 0]


def fresh(config: Config, dimension: int) -> Model:
    """The model that the options name, for embeddings of `dimension` numbers; weights drawn by their seed."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        return build(config.model, dimension)


def build(name: str, dimension: int, **config: Any) -> Model:
    """A fresh model for embeddings of `dimension` numbers."""
    kind = CATALOG[name]
    if "dimension" in inspect.signature(kind).parameters:
        config["dimension"] = dimension
    made: Model = kind(**config)
    return made
