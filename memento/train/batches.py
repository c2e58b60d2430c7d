"""Renderings as resident tensors; a batch is an index into them.

Every table has one row of zeros at its end, which padding points at, so that cutting a batch is one
gather for each table and no loop over sessions.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from memento.errors import UsageError
from memento.models.base import Batch, Model, Ranker, Scorer

if TYPE_CHECKING:
    from memento.render.rendering import Rendering

Ints = npt.NDArray[np.int64]


class Resident:
    """One or more renderings on a device: S sessions, N candidates, M memories, D numbers an embedding.

    The sessions of a rendering are one stream, in which the earlier are the past of the later. With
    `apart` those of the last rendering are questions: each follows all of the renderings before it, and
    knows of no other question.
    """

    def __init__(self, renderings: Sequence[Rendering], device: str = "cpu", apart: bool = False) -> None:
        dimensions = {rendering.contexts.shape[1] for rendering in renderings}
        if len(dimensions) != 1:
            raise UsageError(
                f"renderings with embeddings of {sorted(dimensions)} numbers cannot be trained on or scored together",
                "render all of them with one dimension",
            )
        offsets = [np.zeros(1, np.int64)]
        memory_rows: list[Ints] = []
        memories = 0
        total = sum(len(rendering.memory_embeddings) for rendering in renderings)
        for rendering in renderings:
            offsets.append(rendering.offsets[1:].astype(np.int64) + offsets[-1][-1])
            rows = rendering.memory_rows.astype(np.int64)
            memory_rows.append(rows + memories)
            memories += len(rendering.memory_embeddings)
        self.device = torch.device(device)
        self.width = 0
        self.inputs: Tensor | None = None  # (N + 1, I)
        self._seen_as: object = None
        self.states: Tensor | None = None  # (S, K)
        ends = np.cumsum([0, *map(len, renderings)]).tolist()
        parts = [range(start, end) for start, end in pairwise(ends)]
        self.streams: Sequence[range] = parts[:-1] if apart else parts
        self.apart = parts[-1] if apart else range(ends[-1], ends[-1])
        self.past = past_of(self.streams, self.apart).to(self.device)  # (S, 2)
        self._memory_ids = [name for rendering in renderings for name in rendering.memory_ids]
        self.ends: Ints = np.concatenate(offsets)
        self.sizes: Ints = np.diff(self.ends)
        self.features = self._table([rendering.features for rendering in renderings])  # (N + 1, 17)
        self.labels = self._table([rendering.labels for rendering in renderings])  # (N + 1,)
        known = [rendering.clean for rendering in renderings if rendering.clean is not None]
        self.clean = self._table(known) if len(known) == len(renderings) else None  # (N + 1,)
        self.embeddings = self._table([rendering.memory_embeddings for rendering in renderings])  # (M + 1, D)
        self.contexts = torch.from_numpy(
            np.concatenate([rendering.contexts for rendering in renderings]).astype(np.float32)
        ).to(self.device)  # (S, D)
        self.memory_rows = torch.from_numpy(np.concatenate([*memory_rows, [total]]).astype(np.int64)).to(
            self.device
        )  # (N + 1,)
        self.times: Ints = np.concatenate([rendering.session_times for rendering in renderings])  # (S,) s UTC
        self.offsets = torch.from_numpy(self.ends[:-1].copy()).to(self.device)  # (S,)
        self.lengths = torch.from_numpy(self.sizes.copy()).to(self.device)  # (S,)

    def _table(self, parts: Sequence[npt.NDArray[np.float32]]) -> Tensor:
        blank = np.zeros((1, *parts[0].shape[1:]), np.float32)
        return torch.from_numpy(np.concatenate([*parts, blank]).astype(np.float32, copy=False)).to(self.device)

    def to(self, device: torch.device) -> Self:
        """The same tables on a device."""
        moved = copy.copy(self)
        moved.device = device
        for name, value in vars(self).items():
            if isinstance(value, Tensor):
                setattr(moved, name, value.to(device))
        return moved

    def __len__(self) -> int:
        return len(self.sizes)

    @cached_property
    def memories(self) -> Tensor:
        """Which memory each candidate is, by its id: one number for all rows of one id, shape (N + 1,) int64."""
        _, numbers = np.unique(np.array(["", *self._memory_ids], object), return_inverse=True)  # (M + 1,)
        return torch.from_numpy(np.roll(numbers, -1)).to(self.device)[self.memory_rows]  # (N + 1,)

    @property
    def candidates(self) -> int:
        """How many candidate rows there are."""
        return int(self.ends[-1])

    def seen_by(self, scorer: Scorer, carried: bool = False) -> Self:
        """The same tables with the inputs of `scorer`, unless they hold its own already; `carried` adds its states."""
        if not isinstance(scorer, Model | Ranker):
            return self
        seen = copy.copy(self)
        kind = type(scorer), dict(scorer.config)
        if self._seen_as != kind:
            seen.inputs, seen._seen_as = scorer.inputs(self), kind
        if carried:
            seen.states = scorer.states(seen)
        return seen

    def batch(self, sessions: Ints | Tensor, window: int = 1) -> Batch:
        """The given sessions, shape (B,), padded to the longest of them; every `window` follow each other.

        With `width`, which no session may pass, they are padded to that many candidates. No device is waited for
        with it, nor from an array.
        """
        if isinstance(sessions, Tensor):
            chosen = sessions.to(self.device)  # (B,)
            longest = self.width or int(self.lengths[chosen].max())
        else:
            chosen = sent(sessions, self.device)  # (B,)
            longest = self.width or int(self.sizes[sessions].max())
        lengths = self.lengths[chosen].unsqueeze(-1)  # (B, 1)
        places = torch.arange(longest, device=self.device)  # (C,)
        mask = places < lengths  # (B, C)
        rows = torch.where(mask, self.offsets[chosen].unsqueeze(-1) + places, self.candidates)  # (B, C)
        memories = taken(self.memory_rows, rows)  # (B, C)
        return Batch(
            features=taken(self.features, rows),  # (B, C, 17)
            mask=mask,  # (B, C)
            contexts=taken(self.contexts, chosen),  # (B, D)
            candidates=taken(self.embeddings, memories),  # (B, C, D)
            labels=taken(self.labels, rows),  # (B, C)
            clean=taken(self.clean, rows) if self.clean is not None else None,  # (B, C)
            rows=rows,  # (B, C)
            inputs=taken(self.inputs, rows) if self.inputs is not None else None,  # (B, C, I)
            states=self.states[chosen] if self.states is not None else None,  # (B, K)
            window=window,
        )

    def batches(self, sessions: Ints, size: int) -> Iterator[Batch]:
        """Batches of at most `size` of the given sessions, alike in length; sessions without candidates left out."""
        for chosen in grouped(sessions, self.sizes, size):
            yield self.batch(chosen)

    def score(self, scorer: Scorer, sessions: Ints | None = None, size: int | None = None) -> npt.NDArray[np.float32]:
        """The scores of all candidates, shape (N,), in the order of their rows, `size` sessions at a time.

        With `sessions` only theirs, 0 elsewhere: all sessions serve as the past, whichever are scored.
        """
        result = torch.zeros(self.candidates + 1, device=self.device)  # (N + 1,), the last for padding
        seen = self.seen_by(scorer, carried=True)
        size = size or (64 if self.device.type == "cpu" else 1024)
        for batch in seen.batches(np.arange(len(self)) if sessions is None else sessions, size):
            logits = scorer.score(batch)  # (B, C)
            assert batch.rows is not None
            result[batch.rows] = logits.to(result)
        found: npt.NDArray[np.float32] = result[:-1].cpu().numpy()
        return found


def scores(scorer: Scorer, rendering: Rendering, size: int | None = None) -> npt.NDArray[np.float32]:
    """The scores of all candidates of a rendering, shape (N,)."""
    return Resident([rendering]).score(scorer, size=size)


def past_of(streams: Sequence[range], apart: range = range(0)) -> Tensor:
    """From which session and up to which each knows of, shape (S, 2): those of its stream, or all for one apart."""
    past = [(stream.start, session) for stream in streams for session in stream]
    past += [(0, apart.start)] * len(apart)
    return torch.tensor(past, dtype=torch.int64).reshape(-1, 2)  # (S, 2)


def sent(array: npt.NDArray[Any], device: torch.device) -> Tensor:
    """An array on a device, which is not waited for."""
    tensor = torch.from_numpy(array)
    return tensor.pin_memory().to(device, non_blocking=True) if device.type == "cuda" else tensor


def taken(table: Tensor, rows: Tensor) -> Tensor:
    """Rows of a table, shape ``(*rows.shape, …)``: as ``table[rows]``, and several times quicker on a CPU."""
    return table.index_select(0, rows.reshape(-1)).reshape(*rows.shape, *table.shape[1:])


class Windows:
    """Training sessions cut into windows of sessions on end, each named by its first session.

    `parts` are the sessions of each source in order of time; where fewer than `size` are left, a
    window ends with the last session and overlaps the one before.
    """

    def __init__(self, parts: Sequence[Ints], size: int) -> None:
        self.size = max(1, min([size, *(len(part) for part in parts if len(part))]))
        self.starts: list[Ints] = []
        self._sessions: dict[int, Ints] = {}
        for part in parts:
            first = np.minimum(np.arange(0, len(part), self.size), max(0, len(part) - self.size))
            for place in first.tolist():
                self._sessions[int(part[place])] = part[place : place + self.size]
            self.starts.append(part[first])

    def steps(self, count: int, batch: int) -> int:
        """How many batches `cut` makes of `count` windows of sessions that have candidates."""
        return -(-count // max(1, batch // self.size))

    def cut(self, starts: Ints, sizes: Ints, batch: int) -> list[Ints]:
        """Batches of about `batch` sessions, each of whole windows; windows of one session as `grouped` does."""
        if self.size == 1:
            return grouped(starts, sizes, batch)
        count = max(1, batch // self.size)
        return [
            np.concatenate([self._sessions[start] for start in starts[at : at + count].tolist()])
            for at in range(0, len(starts), count)
        ]


def grouped(sessions: Ints, sizes: Ints, batch: int) -> list[Ints]:
    """Sessions cut into batches of like length: little padding, and the order kept where lengths agree.

    Batches stand in the order of their first session in `sessions`.
    """
    chosen = np.asarray(sessions, np.int64)
    chosen = chosen[sizes[chosen] > 0]
    if batch == 1 or len(chosen) == 0:
        return list(chosen[:, None])
    by_size = np.argsort(sizes[chosen], kind="stable")
    parts = [by_size[start : start + batch] for start in range(0, len(by_size), batch)]
    parts.sort(key=lambda part: int(part.min()))
    return [chosen[part] for part in parts]
