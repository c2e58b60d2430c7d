"""The Signet predictor as its source has it, number for number.

Source: Signet 0.58.1, ``packages/predictor/src/{model,autograd,tokenizer}.rs``. The logit is
``q·k / sqrt(64) + g·[v, features, project, 1]``: linear in the columns, so whatever is equal for
all candidates of a session (hour, weekday, month, gap, project) moves no score.
"""

from __future__ import annotations

import re
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from memento.models.base import COLUMNS, Batch, Model

SEED = 0x519E7
BUCKETS = 16_384
PROJECTS = 32
WIDTH = 64
VALUE = 32
ORDER = ("down", "query", "key", "value", "gate", "hash", "project")
"""Parameters in the order of Signet's checkpoint file."""
_DRAWN = ("down", "query", "key", "value", "hash", "project", "gate")
_TOKEN = re.compile(r"[A-Za-z0-9_-]+")


class Signet(Model):
    """Exact replica: 1,110,130 parameters at 768 numbers an embedding, 1,065,074 at 64.

    A candidate without an embedding (all zeros) is read through its `tokens`; without tokens it
    encodes to zeros. Features enter unscaled. `seed` is Signet's own unless given.
    """

    name: ClassVar[str] = "signet"

    def __init__(self, dimension: int = 64, seed: int = SEED) -> None:
        super().__init__(dimension=dimension, seed=seed)
        sizes = shapes(dimension)
        draws = normals(seed, sum(rows * columns for rows, columns in sizes.values()))
        start = 0
        values: dict[str, Tensor] = {}
        for name in _DRAWN:
            rows, columns = sizes[name]
            deviation = np.sqrt(1.0 / (dimension if name == "down" else WIDTH))
            drawn = draws[start : start + rows * columns].reshape(rows, columns) * deviation
            values[name] = torch.from_numpy(drawn).to(torch.get_default_dtype())
            start += rows * columns
        self.down = nn.Parameter(values["down"])  # (64, D)
        self.query = nn.Parameter(values["query"])  # (64, 64)
        self.key = nn.Parameter(values["key"])  # (64, 64)
        self.value = nn.Parameter(values["value"])  # (32, 64)
        self.hash = nn.Parameter(values["hash"])  # (16384, 64)
        self.project = nn.Parameter(values["project"])  # (32, 64)
        self.gate = nn.Parameter(values["gate"])  # (1, 114)

    def forward(self, batch: Batch) -> Tensor:
        """Logits, shape (B, C); softmax at temperature 1 over a session gives Signet's scores."""
        kind = self.down.dtype
        context = _norm(batch.contexts.to(kind) @ self.down.T)  # (B, 64)
        query = context @ self.query.T  # (B, 64)
        encoded = self._encode(batch)  # (B, C, 64)
        key = encoded @ self.key.T  # (B, C, 64)
        value = encoded @ self.value.T  # (B, C, 32)
        attention = (key @ query.unsqueeze(-1)).squeeze(-1) * WIDTH**-0.5  # (B, C)
        gate = self.gate[0]  # (114,)
        gated = value @ gate[:VALUE] + batch.features.to(kind) @ gate[VALUE : VALUE + COLUMNS]  # (B, C)
        none = torch.zeros(len(gated), dtype=torch.int64, device=gated.device)  # (B,)
        slots = none if batch.projects is None else batch.projects % PROJECTS  # (B,)
        shared = self.project[slots] @ gate[VALUE + COLUMNS : -1] + gate[-1]  # (B,)
        logits: Tensor = attention + gated + shared.unsqueeze(-1)  # (B, C)
        return logits

    def _encode(self, batch: Batch) -> Tensor:
        given = (batch.candidates != 0).any(-1, keepdim=True)  # (B, C, 1)
        encoded = _norm(batch.candidates.to(self.down.dtype) @ self.down.T) * given  # (B, C, 64)
        if batch.tokens is None:
            return encoded  # (B, C, 64)
        present = batch.tokens >= 0  # (B, C, T)
        count = present.sum(-1, keepdim=True)  # (B, C, 1)
        rows = self.hash[batch.tokens.clamp_min(0)] * present.unsqueeze(-1)  # (B, C, T, 64)
        pooled = rows.sum(-2) / count.clamp_min(1)  # (B, C, 64)
        text = _norm(pooled) * (count > 0)  # (B, C, 64)
        return torch.where(given, encoded, text)  # (B, C, 64)


def shapes(dimension: int) -> dict[str, tuple[int, int]]:
    """The rows and columns of every parameter, for embeddings of `dimension` numbers."""
    return {
        "down": (WIDTH, dimension),
        "query": (WIDTH, WIDTH),
        "key": (WIDTH, WIDTH),
        "value": (VALUE, WIDTH),
        "hash": (BUCKETS, WIDTH),
        "project": (PROJECTS, WIDTH),
        "gate": (1, VALUE + COLUMNS + WIDTH + 1),
    }


def _norm(x: Tensor) -> Tensor:
    return functional.layer_norm(x, x.shape[-1:], eps=1e-5)


def tokens(text: str, buckets: int = BUCKETS) -> list[int]:
    """The buckets of a text's words: FNV-1a 64 of each run of ASCII letters, digits, ``_`` and ``-``.

    Case counts: ``dark`` falls into 16357, ``Dark`` into 2757.
    """
    return [fnv1a64(word.encode()) % buckets for word in _TOKEN.findall(text)]


def project_slot(project: str) -> int:
    """The slot of a project: FNV-1a 64 of its UTF-8 bytes modulo 32; 0 for none."""
    return fnv1a64(project.encode()) % PROJECTS if project else 0


def fnv1a64(data: bytes) -> int:
    """FNV-1a, 64 bits (Fowler, Noll, Vo: offset 0xcbf29ce484222325, prime 0x100000001b3)."""
    value = 0xCBF29CE484222325
    for byte in data:
        value = (value ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return value


def normals(seed: int, count: int) -> npt.NDArray[np.float64]:
    """The first `count` draws of Signet's generator, shape (count,), mean 0 and deviation 1.

    xorshift64 with shifts 13, 7, 17 (Marsaglia 2003), two outputs a draw, top 53 bits each, cosine
    branch of Box and Muller with the first uniform held above 1e-10.
    """
    raw = _xorshift(seed, 2 * count) >> np.uint64(11)  # (2 * count,)
    uniform = raw.astype(np.float64) / float(1 << 53)  # (2 * count,)
    first, second = np.maximum(uniform[0::2], 1e-10), uniform[1::2]  # (count,) each
    drawn: npt.NDArray[np.float64] = np.sqrt(-2.0 * np.log(first)) * np.cos(2.0 * np.pi * second)
    return drawn


def _xorshift(seed: int, count: int) -> npt.NDArray[np.uint64]:
    """The first `count` states after `seed`: lanes far apart, each stepped together.

    The step is linear over GF(2), so the state 2**k steps on is the seed times a matrix, held as
    the images of the 64 single bits and squared k times.
    """
    doublings = 11 if count > 1 << 14 else 0
    steps = -(-count >> doublings) if doublings else count
    matrix = _step(np.uint64(1) << np.arange(64, dtype=np.uint64))  # (64,)
    jump = np.uint64(1) << np.arange(64, dtype=np.uint64)  # (64,) identity
    remaining = steps
    while remaining:
        if remaining & 1:
            jump = _apply(matrix, jump)
        matrix = _apply(matrix, matrix)
        remaining >>= 1
    starts = np.array([seed], np.uint64)  # (lanes,)
    for _ in range(doublings):
        starts = np.concatenate([starts, _apply(jump, starts)])
        jump = _apply(jump, jump)
    states = np.empty((len(starts), steps), np.uint64)  # (lanes, steps)
    state = starts
    for step in range(steps):
        state = _step(state)
        states[:, step] = state
    return states.reshape(-1)[:count]


def _step(state: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    state = state ^ (state << np.uint64(13))
    state = state ^ (state >> np.uint64(7))
    return state ^ (state << np.uint64(17))


def _apply(matrix: npt.NDArray[np.uint64], vectors: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    result = np.zeros_like(vectors)
    for bit in range(64):
        chosen = (vectors >> np.uint64(bit)) & np.uint64(1)
        result ^= np.where(chosen == 1, matrix[bit], np.uint64(0))
    return result
