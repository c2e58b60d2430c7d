"""The scorers that can be served: the signet model as the sidecar has it, and any other trained model."""

from __future__ import annotations

import dataclasses
import hashlib
import math
import weakref
from abc import ABC, abstractmethod
from collections import abc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from memento import rng
from memento.errors import MementoError, UsageError
from memento.formats import sgpt
from memento.formats.reading.notes import record_id
from memento.models.base import Batch, Model
from memento.models.sequence import Sequence
from memento.models.signet import Signet
from memento.render.rendering import Rendering
from memento.train import Run, checkpoint
from memento.train.batches import Resident
from memento.train.exact import Sessions
from memento.train.losses import listnet
from memento.train.signet import ENOUGH, RATE, Replica, Sample, Stats, double

Array = npt.NDArray[Any]
_DAY = 2.0 * math.pi / 7.0
_WEEKDAY = slice(5, 7)


class Served(ABC):
    """What a service asks of a scorer. `lenient`: a candidate may have neither embedding nor text."""

    name: str
    dimension: int
    lenient: bool

    @abstractmethod
    def scores(self, sample: Sample) -> Array:
        """Softmax scores, shape (C,)."""

    @abstractmethod
    def train(self, samples: abc.Sequence[Sample], epochs: int, temperature: float) -> Stats:
        """Passes over the samples in their order, one step each; early stop below a loss of 1e-6."""

    @abstractmethod
    def save(self, path: Path, flags: int) -> None:
        """Writes the weights to a file that `opened` reads."""

    @abstractmethod
    def read_clock(self, features: Array) -> Array:
        """The columns of a live request as training has them."""

    def remember(self, samples: abc.Sequence[Sample]) -> None:  # noqa: B027
        """Takes up what the labels of sessions showed, where the scorer has a past."""

    @contextmanager
    def without(self, sessions: abc.Collection[str]) -> Iterator[None]:
        """Inside, a past has none of these sessions."""
        yield


class SignetScorer(Served):
    """The signet model in float64, with the sidecar's own Adam, whose state lasts as long as the process."""

    name = "signet"
    lenient = False

    def __init__(self, model: Signet) -> None:
        self.replica = Replica(model)
        self.dimension = self.replica.dimension

    def scores(self, sample: Sample) -> Array:
        """Softmax scores, shape (C,)."""
        return self.replica.scores(sample)

    def train(self, samples: abc.Sequence[Sample], epochs: int, temperature: float) -> Stats:
        """As the sidecar."""
        return self.replica.train(samples, epochs, temperature)

    def save(self, path: Path, flags: int) -> None:
        """Writes an SGPT file."""
        sgpt.write(self.replica.model(), path, flags)

    def read_clock(self, features: Array) -> Array:
        """As they are: what is equal for a session's candidates moves no score of this model."""
        return features


class TorchScorer(Served):
    """Any other model of a checkpoint, on the CPU in float32.

    `sunday` says that live requests count weekdays from Sunday, as Signet's daemon does, where its
    training data and memento count from Monday.
    """

    lenient = True

    def __init__(self, run: Run, sunday: bool = True) -> None:
        self.run, self.sunday = run, sunday
        self.model: Model = run.scorer.eval()
        self.name = self.model.name
        self.dimension = int(run.sources[0].spec["dimension"])
        learned = [parameter for parameter in self.model.parameters() if parameter.requires_grad]
        self._optimiser = torch.optim.AdamW(learned, lr=RATE, weight_decay=0.0) if learned else None
        self._steps = 0
        self._learned: set[str] = set()

    def scores(self, sample: Sample) -> Array:
        """Softmax scores, shape (C,)."""
        with torch.inference_mode():
            return torch.softmax(self.model(_batch(sample))[0].double(), 0).numpy()  # (C,)

    def train(self, samples: abc.Sequence[Sample], epochs: int, temperature: float) -> Stats:
        """One step a session at a constant rate; what is dropped out is drawn by the number of the step.

        A session whose loss or gradient is not finite is passed over.

        Raises `UsageError` for a model without a gradient, which learns from all sessions at once.
        """
        if self._optimiser is None:
            raise UsageError(
                f"{self.name} learns from all sessions at once, and not by the session",
                f"train it again by `memento train REV --model {self.name}`, or simulate with --no-retrain",
            )
        loss, steps = 0.0, 0
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self._steps)
            self.model.train()
            try:
                for _ in range(epochs):
                    told = (self._step(self._optimiser, s, temperature) for s in samples if len(s))
                    losses = [found for found in told if found is not None]
                    loss = sum(losses) / len(losses) if losses else 0.0
                    steps += len(losses)
                    if losses and loss < ENOUGH:
                        break
            finally:
                self.model.eval()
        if epochs:
            self._learned.update(sample.session for sample in samples if sample.session)
        self._steps += steps
        return Stats(loss, steps)

    def _step(self, optimiser: torch.optim.Optimizer, sample: Sample, temperature: float) -> float | None:
        batch = _batch(sample)
        assert batch.labels is not None
        optimiser.zero_grad(set_to_none=True)
        loss = listnet(self.model(batch), batch.labels, batch.mask, temperature)
        if not torch.isfinite(loss):
            return None
        loss.backward()  # type: ignore[no-untyped-call]
        slopes = [value.grad for value in self.model.parameters() if value.grad is not None]
        if not all(bool(torch.isfinite(slope).all()) for slope in slopes):
            return None
        optimiser.step()
        return float(loss.detach())

    def save(self, path: Path, flags: int) -> None:
        """Writes a checkpoint of memento's, which has seen the sessions learned from here; the flags have no place."""
        learned = rng.hashes(sorted(self._learned)) if self._learned else self.run.seen[:0]
        checkpoint.save(dataclasses.replace(self.run, scorer=self.model, seen=np.union1d(self.run.seen, learned)), path)

    def read_clock(self, features: Array) -> Array:
        """Weekdays counted from Monday, shape (C, 17)."""
        if not self.sunday:
            return features
        turned = features.copy()
        sine, cosine = features[:, _WEEKDAY].T
        turned[:, 5] = sine * math.cos(_DAY) - cosine * math.sin(_DAY)
        turned[:, 6] = cosine * math.cos(_DAY) + sine * math.sin(_DAY)
        return turned


@dataclass(frozen=True)
class _Session:
    """A session of the past: when it ended, s UTC, what it offered and showed.

    Embeddings, the context the last of them, are shape (D,) each and are shared among sessions.
    """

    time: int
    memories: tuple[str, ...]
    rows: tuple[Array, ...]
    features: Array  # (C, 17)
    labels: Array  # (C,)

    def batch(self) -> Batch:
        """As the model takes it."""
        return _batch(Sample(np.stack(self.rows), self.features, self.labels))

    def same(self, other: _Session | None) -> bool:
        """Whether both say the same; the rows of both are shared."""
        return (
            other is not None
            and (self.time, self.memories) == (other.time, other.memories)
            and list(map(id, self.rows)) == list(map(id, other.rows))
            and np.array_equal(self.features, other.features, equal_nan=True)
            and np.array_equal(self.labels, other.labels, equal_nan=True)
        )


class SequenceScorer(TorchScorer):
    """The sequence model over what became known of earlier sessions.

    That is what `follow` and `remember` told it, in the order of a world's sessions (end, id) whatever order it came
    in; a session that comes again counts as it came last. What the cell carries is gone through again when weights have
    moved. What is scored leaves no trace, and a request whose memories have no ids is scored without a past.
    """

    def __init__(self, run: Run, sunday: bool = True) -> None:
        super().__init__(run, sunday)
        assert isinstance(run.scorer, Sequence)
        self.sequence = run.scorer
        self._sessions: dict[str, _Session] = {}
        self._rows: weakref.WeakValueDictionary[bytes, Array] = weakref.WeakValueDictionary()
        self._moved = self._stale = False
        self._begin()

    def scores(self, sample: Sample) -> Array:
        """Softmax scores, shape (C,)."""
        batch = _batch(sample)
        if not sample.memories or not _finite(batch):
            return super().scores(sample)
        self._catch_up()
        strange = {name: -1 - place for place, name in enumerate(sample.memories)}
        numbers = [self._numbers.get(record_id(name), strange[name]) for name in sample.memories]
        logits = self.sequence.step(batch, self.past, torch.tensor(numbers))  # (1, C)
        return torch.softmax(logits[0].double(), 0).numpy()  # (C,)

    def train(self, samples: abc.Sequence[Sample], epochs: int, temperature: float) -> Stats:
        """As any other model."""
        self._moved = self._moved or (epochs > 0 and len(samples) > 0)
        return super().train(samples, epochs, temperature)

    def remember(self, samples: abc.Sequence[Sample]) -> None:
        """Takes up sessions that come with their ids and their time."""
        self._take_up({
            sample.session: self._kept(sample, sample.time)
            for sample in samples
            if sample.session and sample.memories and sample.time is not None
        })  # fmt: skip

    def follow(self, rendering: Rendering) -> None:
        """Takes up all sessions of a rendering."""
        sessions = Sessions(Resident([rendering]))
        times = rendering.session_times.tolist()
        offered = np.split(rendering.memory_rows, rendering.offsets[1:-1])
        found = []
        for place, (session, time, rows) in enumerate(zip(rendering.session_ids, times, offered)):
            names = tuple(rendering.memory_ids[row] for row in rows.tolist())
            found.append(dataclasses.replace(sessions.sample(place), session=session, time=time, memories=names))
        self.remember(found)

    @contextmanager
    def without(self, sessions: abc.Collection[str]) -> Iterator[None]:
        """Inside, the past has none of these sessions."""
        aside = {name: self._sessions.pop(name) for name in dict.fromkeys(sessions) if name in self._sessions}
        self._stale = self._stale or bool(aside)
        try:
            yield
        finally:
            self._take_up(aside)

    def _kept(self, sample: Sample, time: int) -> _Session:
        with np.errstate(over="ignore"):
            rows, features, labels = (np.array(t, np.float32) for t in (sample.rows, sample.features, sample.labels))
        return _Session(time, sample.memories, tuple(map(self._shared, rows)), features, labels)

    def _shared(self, row: Array) -> Array:
        """The one array that has these numbers."""
        return self._rows.setdefault(hashlib.blake2b(row.tobytes(), digest_size=16).digest(), row.copy())

    def _take_up(self, sessions: abc.Mapping[str, _Session]) -> None:
        other = {name: each for name, each in sessions.items() if not each.same(self._sessions.get(name))}
        self._stale = self._stale or any(name in self._sessions for name in other)
        self._sessions.update(other)
        for name in sorted(other, key=self._at):
            self._stale = self._stale or self._at(name) < self._latest
            if not self._stale:
                self._learn(name)

    def _at(self, session: str) -> tuple[float, str]:
        return self._sessions[session].time, session

    def _begin(self) -> None:
        self.past = self.sequence.start()
        self._numbers: dict[str, int] = {}
        self._latest: tuple[float, str] = (-math.inf, "")
        self._stale = False

    def _catch_up(self) -> None:
        """Goes through the past again where it is not what the weights of now make of the sessions of now."""
        if self._stale:
            self._begin()
            for session in sorted(self._sessions, key=self._at):
                self._learn(session)
        elif self._moved:
            self.sequence.forget_carried(self.past)
            for session in sorted(self._sessions, key=self._at):
                if _finite(batch := self._sessions[session].batch()):
                    self.sequence.carry(batch, self.past)
        self._moved = False

    def _learn(self, session: str) -> None:
        self._latest = self._at(session)
        if _finite(batch := self._sessions[session].batch()):
            names = map(record_id, self._sessions[session].memories)
            numbers = [self._numbers.setdefault(name, len(self._numbers)) for name in names]
            self.sequence.learn(batch, self.past, torch.tensor(numbers))


def opened(path: Path, sunday: bool = True) -> Served:
    """The scorer in a file of memento's or of Signet's. Raises as `checkpoint.load` and `sgpt.read` do."""
    if sgpt.is_sgpt(path):
        return SignetScorer(sgpt.read(path).model)
    run = checkpoint.load(path)
    if isinstance(run.scorer, Signet):
        return SignetScorer(run.scorer)
    return SequenceScorer(run, sunday) if isinstance(run.scorer, Sequence) else TorchScorer(run, sunday)


def fresh(dimension: int) -> Served:
    """The signet model before any training, as the sidecar starts without a checkpoint."""
    return SignetScorer(double(dimension))


def resumed(path: Path, dimension: int, sunday: bool = True) -> tuple[Served, str]:
    """What the sidecar's ``--checkpoint`` starts with, and what there is to say of it.

    A file that is not there, cannot be read or is of another dimension leaves the first weights.
    """
    if not path.exists():
        return fresh(dimension), f"no checkpoint at {path} yet, so the weights are the first ones"
    try:
        served = opened(path, sunday)
    except (MementoError, OSError) as error:
        reason = error.message if isinstance(error, MementoError) else str(error)
        return fresh(dimension), f"{reason}; the weights are the first ones"
    if served.dimension != dimension:
        return fresh(dimension), (
            f"{path} is for embeddings of {served.dimension} numbers, not {dimension}; the weights are the first ones"
        )
    return served, ""


def require_dimension(served: Served, dimension: int | None, path: Path) -> None:
    """Raises `UsageError` where a file is for embeddings of another length than those that will come."""
    if dimension is not None and served.dimension != dimension:
        raise UsageError(
            f"{path} scores embeddings of {served.dimension} numbers, and --native-dim says {dimension}",
            f"train it on them: `memento train REV --dimension {dimension} --out FILE`",
        )


def _finite(batch: Batch) -> bool:
    """Whether a batch may be remembered: what is not finite would stay in every sum."""
    tables = (batch.features, batch.contexts, batch.candidates, batch.labels)
    return all(bool(torch.isfinite(table).all()) for table in tables if table is not None)


def _batch(sample: Sample) -> Batch:
    """One session as a model takes it, B = 1; what 32 bits cannot hold is infinite."""
    with np.errstate(over="ignore"):
        rows, features, labels = (
            torch.from_numpy(np.asarray(table, np.float32)) for table in (sample.rows, sample.features, sample.labels)
        )  # (C + 1, D), (C, 17), (C,)
    return Batch(
        features=features.unsqueeze(0),  # (1, C, 17)
        mask=torch.ones(1, len(sample), dtype=torch.bool),  # (1, C)
        contexts=rows[-1:],  # (1, D)
        candidates=rows[:-1].unsqueeze(0),  # (1, C, D)
        labels=labels.unsqueeze(0),  # (1, C)
    )
