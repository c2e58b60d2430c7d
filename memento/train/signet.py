"""Training the signet model as Signet's sidecar does: one Adam step a session, passes written out.

Source: Signet 0.58.1, ``packages/predictor/src/{model,training,autograd}.rs``. Key and value meet a
candidate only in products with one vector of the session, so they are applied to that vector, once:
the logit is ``h·u + f·g_f + rest`` with h the candidate's encoding and ``u = keyᵀq / 8 + valueᵀg_v``.
Rows of the hash table that no text has named yet have no gradient and no moments, so Adam leaves them
where they are; only the others are stepped. Both are exact up to the rounding of sums.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch.optim.adam import adam

from memento.models.base import COLUMNS
from memento.models.signet import PROJECTS, VALUE, WIDTH, Signet

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

RATE, FIRST, SECOND, GUARD = 1e-3, 0.9, 0.999, 1e-8
ENOUGH = 1e-6
"""A mean loss below which an epoch is the last."""
_LOG_GUARD, _NORM_GUARD = 1e-9, 1e-5
_FEATURES = slice(VALUE, VALUE + COLUMNS)
_PROJECT = slice(VALUE + COLUMNS, -1)


@dataclass(frozen=True)
class Sample:
    """One session: C candidates, D numbers an embedding.

    - `rows` (C + 1, D): the candidates' embeddings, zeros where there is none, then the context
    - `features` (C, 17), `labels` (C,); `project` is a slot
    - `texts`: for a candidate without an embedding its place and the buckets of its words
    - `session`, `memories`: the ids of the session and of its candidates, where they are known
    - `time`: when it was, s UTC; None where that is not known
    """

    rows: Array
    features: Array
    labels: Array
    project: int = 0
    texts: tuple[tuple[int, Ints], ...] = ()
    session: str = ""
    memories: tuple[str, ...] = ()
    time: int | None = None

    def __len__(self) -> int:
        return len(self.features)


@dataclass(frozen=True)
class Stats:
    """What some epochs gave: the mean loss of the last one, and how many steps were made in all."""

    loss: float
    steps: int


@dataclass
class _Passed:
    """What the way back needs of the way there."""

    encoded: Array
    inverse: Array
    query: Array
    pull: Array
    drawn: Array
    logits: Array


class Replica:
    """The signet model with its Adam, in float64 as the sidecar has it, or in float32."""

    def __init__(self, model: Signet | None = None, dtype: npt.DTypeLike = np.float64, rate: float = RATE) -> None:
        model = model or double()
        self.dtype = np.dtype(dtype)
        self.rate = rate
        given = {name: value.detach().cpu().numpy() for name, value in model.state_dict().items()}
        self.hash: Array = np.array(given.pop("hash"), self.dtype)  # (16384, 64)
        size = sum(value.size for value in given.values())
        self.vector, self.gradient, first, second = (np.zeros(size, self.dtype) for _ in range(4))
        self._adam_over = tuple(torch.from_numpy(array) for array in (self.vector, self.gradient, first, second))
        self._counted = torch.zeros(())
        self._mean = np.full(WIDTH, 1.0 / WIDTH, self.dtype)
        self._slot = 0
        self.weights: dict[str, Array] = {}
        self._slopes: dict[str, Array] = {}
        start = 0
        for name, value in given.items():
            part = slice(start, start + value.size)
            self.weights[name] = self.vector[part].reshape(value.shape)
            self._slopes[name] = self.gradient[part].reshape(value.shape)
            self.weights[name][...] = value
            start += value.size
        self.steps = 0
        self._named: Ints = np.zeros(0, np.int64)
        self._hash_gradient = np.zeros((0, WIDTH), self.dtype)
        self._hash_moments: tuple[Array, Array] = (self._hash_gradient, self._hash_gradient)

    @property
    def dimension(self) -> int:
        """Numbers in an embedding."""
        return int(self.weights["down"].shape[1])

    def model(self) -> Signet:
        """The weights as a torch model of the same precision; a copy."""
        with torch.random.fork_rng(devices=[]):
            made = Signet(self.dimension).to(torch.from_numpy(self.vector).dtype)
        made.load_state_dict({name: torch.from_numpy(value.copy()) for name, value in self.arrays().items()})
        return made.eval()

    def arrays(self) -> dict[str, Array]:
        """Every parameter by name; views, not copies."""
        return {**self.weights, "hash": self.hash}

    def logits(self, sample: Sample) -> Array:
        """Logits of a session's candidates, shape (C,)."""
        return self._forward(sample).logits

    def scores(self, sample: Sample) -> Array:
        """Softmax of the logits at temperature 1, shape (C,): what the sidecar answers."""
        return _softmax(self.logits(sample), 1.0)

    def step(self, sample: Sample, temperature: float = 0.5) -> float:
        """One Adam step on a session; its ListNet loss before the step. A loss that is not finite steps nothing."""
        passed = self._forward(sample)
        target, given = _softmax(sample.labels, temperature), _softmax(passed.logits, temperature)  # (C,) each
        loss = float(target @ (np.log(target + _LOG_GUARD) - np.log(given + _LOG_GUARD)))
        if math.isfinite(loss):
            self._backward(sample, passed, (given - target) / temperature)
            self._adam(sample)
        return loss

    def train(self, samples: Sequence[Sample], epochs: int = 3, temperature: float = 0.5) -> Stats:
        """Passes over `samples` in the order given, one step each; stops early below a loss of 1e-6."""
        done = Stats(0.0, 0)
        for _ in range(epochs):
            epoch = self.epoch(samples, temperature)
            done = Stats(epoch.loss, done.steps + epoch.steps)
            if epoch.steps and epoch.loss < ENOUGH:
                break
        return done

    def epoch(self, samples: Iterable[Sample], temperature: float = 0.5) -> Stats:
        """One pass over `samples`; the mean loss of those that were stepped on."""
        losses = [loss for loss in (self.step(one, temperature) for one in samples if len(one)) if math.isfinite(loss)]
        return Stats(sum(losses) / len(losses) if losses else 0.0, len(losses))

    def _forward(self, sample: Sample) -> _Passed:
        weights, mean = self.weights, self._mean
        gate = weights["gate"][0]  # (114,)
        down = sample.rows @ weights["down"].T  # (C + 1, 64)
        for place, buckets in sample.texts:
            if len(buckets):
                down[place] = self.hash[buckets].mean(0)  # (64,)
        down -= (down @ mean)[:, None]
        inverse = 1.0 / np.sqrt((down * down) @ mean + _NORM_GUARD)  # (C + 1,)
        down *= inverse[:, None]
        query = weights["query"] @ down[-1]  # (64,)
        pull = (query * WIDTH**-0.5) @ weights["key"] + gate[:VALUE] @ weights["value"]  # (64,)
        drawn = down[:-1] @ pull  # (C,)
        shared = weights["project"][sample.project % PROJECTS] @ gate[_PROJECT] + gate[-1]
        logits = drawn + sample.features @ gate[_FEATURES] + shared  # (C,)
        return _Passed(down, inverse, query, pull, drawn, logits)

    def _backward(self, sample: Sample, passed: _Passed, slope: Array) -> None:
        """Fills the gradient; `slope` (C,) is that of the logits."""
        weights, slopes, scale, mean = self.weights, self._slopes, WIDTH**-0.5, self._mean
        gate, gates = weights["gate"][0], slopes["gate"][0]
        encoded, context = passed.encoded[:-1], passed.encoded[-1]  # (C, 64), (64,)
        drawn = slope @ encoded  # (64,)
        total = slope.sum()
        np.multiply((passed.query * scale)[:, None], drawn, out=slopes["key"])
        np.multiply(gate[:VALUE, None], drawn, out=slopes["value"])
        gates[:VALUE] = weights["value"] @ drawn
        gates[_FEATURES] = slope @ sample.features
        slot = sample.project % PROJECTS
        gates[_PROJECT] = weights["project"][slot] * total
        gates[-1] = total
        slopes["project"][self._slot] = 0.0
        slopes["project"][slot] = gate[_PROJECT] * total
        self._slot = slot
        query = weights["key"] @ drawn * scale  # (64,)
        np.multiply(query[:, None], context, out=slopes["query"])
        # Through the norm: what is pulled, less its mean, less what lies along the encoding.
        into = np.empty_like(passed.encoded)  # (C + 1, 64)
        weighed = slope * passed.inverse[:-1]  # (C,)
        np.multiply(encoded, (weighed * passed.drawn * (-1.0 / WIDTH))[:, None], out=into[:-1])
        into[:-1] += weighed[:, None] * (passed.pull - passed.pull @ mean)
        asked = query @ weights["query"]  # (64,)
        into[-1] = (asked - asked @ mean - context * (asked @ context / WIDTH)) * passed.inverse[-1]
        np.matmul(into.T, sample.rows, out=slopes["down"])
        if sample.texts:
            self._read(sample, into)

    def _read(self, sample: Sample, into: Array) -> None:
        """The gradient of the hash table, in the order of the rows named so far."""
        read = [(place, buckets) for place, buckets in sample.texts if len(buckets)]
        named = np.union1d(self._named, np.concatenate([buckets for _, buckets in read])) if read else self._named
        if len(named) > len(self._named):
            old = np.searchsorted(named, self._named)
            moments = tuple(np.zeros((len(named), WIDTH), self.dtype) for _ in range(2))
            for new, known in zip(moments, self._hash_moments, strict=True):
                new[old] = known
            self._named, self._hash_moments = named, (moments[0], moments[1])
        self._hash_gradient = np.zeros((len(named), WIDTH), self.dtype)
        for place, buckets in read:
            np.add.at(self._hash_gradient, np.searchsorted(named, buckets), into[place] / len(buckets))

    def _adam(self, sample: Sample) -> None:
        self.steps += 1
        values, slope, first, second = ([array] for array in self._adam_over)
        adam(
            values, slope, first, second, [], [self._counted], foreach=False, fused=True, amsgrad=False, beta1=FIRST,
            beta2=SECOND, lr=self.rate, weight_decay=0.0, eps=GUARD, maximize=False,
        )  # fmt: skip
        if len(self._named):
            rows = self.hash[self._named]  # (K, 64)
            gradient = self._hash_gradient if sample.texts else np.zeros_like(rows)
            _stepped(rows, gradient, *self._hash_moments, self.steps, self.rate)
            self.hash[self._named] = rows


def double(dimension: int = 768) -> Signet:
    """A fresh signet model in float64, with Signet's own first weights."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        return Signet(dimension)
    finally:
        torch.set_default_dtype(before)


def _stepped(values: Array, slope: Array, first: Array, second: Array, steps: int, rate: float) -> None:
    """Adam (Kingma and Ba 2015) in place, for arrays of one shape that may have grown since the last step."""
    first *= FIRST
    first += (1.0 - FIRST) * slope
    second *= SECOND
    second += (1.0 - SECOND) * slope * slope
    values -= rate / (1.0 - FIRST**steps) * first / (np.sqrt(second / (1.0 - SECOND**steps)) + GUARD)


def _softmax(values: Array, temperature: float) -> Array:
    scaled = values / temperature
    exponentials = np.exp(scaled - scaled.max())
    return np.asarray(exponentials / exponentials.sum())
