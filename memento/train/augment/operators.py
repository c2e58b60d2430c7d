"""The eight operators on the candidates of a session, and on stretches of a stream of sessions.

C candidates stand in baseline order; the region is all of them but the target, r in number. An operator is applied to
a `share` of the sessions at each visit, drawn anew for every epoch; the others are seen as they are. In a stretch the
sessions are what candidates are in a session, the target is the last one, and the share is one of stretches. Source:
Zhou et al., WWW 2024, github AIM-SE/DA4Rec (da_operator), whose sequences are a user's items in time.
"""

from __future__ import annotations

import dataclasses
from abc import abstractmethod
from typing import ClassVar

import torch
from torch import Tensor

from memento.train.augment import stretches as streams
from memento.train.augment.pool import Pool
from memento.train.augment.stretches import Stretches
from memento.train.lesson import OWN_COLUMNS, Draws, Lesson, compact, forgotten, join, pick
from memento.vary.parameters import Parameterised, parameter


@dataclasses.dataclass(frozen=True)
class Augmentation(Parameterised):
    """Another look at a session."""

    what: ClassVar[str] = "augmentation"
    hint: ClassVar[str] = "`memento recipes --list` lists them with their parameters"
    source: ClassVar[str] = ""

    share: float = parameter(
        0.5, "share of the sessions, or of the stretches of a stream, that are changed at each visit"
    )

    @abstractmethod
    def apply(self, lesson: Lesson, draws: Draws, pool: Pool) -> Lesson:
        """The lesson with some of its sessions changed; rows stay where they are."""

    def tell(self, stretches: Stretches, draws: Draws) -> Stretches:
        """Stretches with some of them changed; only those named in `STREAM` do that."""
        raise NotImplementedError(f"{self.name} does not act on streams")

    def chosen(self, draws: Draws) -> Tensor:
        """Which sessions are changed, shape (B,)."""
        return draws.uniform(f"{self.name} share") < self.share  # (B,)


@dataclasses.dataclass(frozen=True)
class _Keep(Augmentation):
    """An operator that leaves candidates out."""

    def apply(self, lesson: Lesson, draws: Draws, pool: Pool) -> Lesson:
        """Those candidates that `kept` says, the target among them, where a session is chosen."""
        region = lesson.region  # (B, C)
        kept = self.kept(region, draws) | ~region  # (B, C)
        keep = (kept | ~self.chosen(draws).unsqueeze(-1)) & lesson.mask  # (B, C)
        return pick(lesson, compact(keep))

    def tell(self, stretches: Stretches, draws: Draws) -> Stretches:
        """Those sessions that `kept` says and the last one, where a stretch is chosen."""
        region = stretches.region  # (B, C)
        kept = self.kept(region, draws) | ~region | ~self.chosen(draws).unsqueeze(-1)  # (B, C)
        return streams.pick(stretches, compact(kept & stretches.mask))

    @abstractmethod
    def kept(self, region: Tensor, draws: Draws) -> Tensor:
        """Which candidates of the region stay, shape (B, C)."""


@dataclasses.dataclass(frozen=True)
class SlideWindow(_Keep):
    """`size` candidates on end, beginning anywhere; with fewer than that, all of them.

    The original makes every window an example of its own; here each visit draws one, so that over the
    epochs all come up alike and an epoch costs no more.
    """

    name: ClassVar[str] = "slide-window"
    size: int = parameter(20, "how many of the region are in a window", kind="int", low=1, high=10_000)

    def kept(self, region: Tensor, draws: Draws) -> Tensor:
        """The window, shape (B, C)."""
        return _block(region, torch.full_like(region.sum(-1), self.size), draws.uniform(self.name))


@dataclasses.dataclass(frozen=True)
class Crop(_Keep):
    """A block of ``ceil(ratio r)`` candidates on end, beginning anywhere."""

    name: ClassVar[str] = "crop"
    ratio: float = parameter(0.6, "share of the region that stays", low=0.01)

    def kept(self, region: Tensor, draws: Draws) -> Tensor:
        """The block, shape (B, C)."""
        return _block(region, _part(region, self.ratio), draws.uniform(self.name))


@dataclasses.dataclass(frozen=True)
class SubsetSplit(_Keep):
    """Each candidate stays with probability ``1 - drop``; one stays at least."""

    name: ClassVar[str] = "subset-split"
    drop: float = parameter(0.25, "probability that one is left out", high=0.99)

    def kept(self, region: Tensor, draws: Draws) -> Tensor:
        """Those that stay, shape (B, C)."""
        drawn = draws.matrix(self.name, region.shape[1]).masked_fill(~region, -1.0)  # (B, C)
        largest = drawn == drawn.amax(-1, keepdim=True)  # (B, C)
        return region & ((drawn >= self.drop) | largest)


@dataclasses.dataclass(frozen=True)
class Delete(_Keep):
    """``ceil(ratio r)`` candidates are left out; nothing is where only one would be."""

    name: ClassVar[str] = "delete"
    ratio: float = parameter(0.1, "share of the region that is left out", low=0.001, high=0.99)

    def kept(self, region: Tensor, draws: Draws) -> Tensor:
        """Those that stay, shape (B, C)."""
        return region & ~_some(region, _part(region, self.ratio), draws.matrix(self.name, region.shape[1]))


@dataclasses.dataclass(frozen=True)
class Reorder(Augmentation):
    """A block of ``ceil(ratio r)`` candidates in another order, the target where it was.

    To a model that reads candidates as a set this is the same session, and its loss the same number: it
    says something to models alone that read an order.
    """

    name: ClassVar[str] = "reorder"
    ratio: float = parameter(0.2, "share of the region that changes places", low=0.001)

    def apply(self, lesson: Lesson, draws: Draws, pool: Pool) -> Lesson:
        """The candidates of the block shuffled among their places."""
        order, _ = self.order(lesson.region, draws)  # (B, C)
        return pick(lesson, torch.where(lesson.mask, order, -1))

    def tell(self, stretches: Stretches, draws: Draws) -> Stretches:
        """The sessions of the block shuffled; they are not scored, since their past may hold what came after."""
        order, block = self.order(stretches.region, draws)  # (B, C) each
        made = streams.pick(stretches, torch.where(stretches.mask, order, -1))
        return dataclasses.replace(made, scored=made.scored & ~block)

    def order(self, region: Tensor, draws: Draws) -> tuple[Tensor, Tensor]:
        """Which place each place is filled from, and the block that is shuffled, shape (B, C) each."""
        block = _block(region, _part(region, self.ratio), draws.uniform(self.name))  # (B, C)
        block = block & self.chosen(draws).unsqueeze(-1)  # (B, C)
        waits = draws.matrix(f"{self.name} order", region.shape[1])  # (B, C)
        rank = (region.cumsum(-1) - 1).to(waits)  # (B, C)
        first = rank.masked_fill(~block, torch.inf).amin(-1, keepdim=True)  # (B, 1)
        wanted = torch.where(block, first + waits, rank).masked_fill(~region, torch.inf)  # (B, C)
        free = (~region).long().argsort(dim=-1, stable=True)  # (B, C) places of the region, then the rest
        taken = free.gather(1, wanted.gather(1, free).argsort(dim=-1, stable=True))  # (B, C)
        return torch.empty_like(free).scatter(1, free, taken), block  # (B, C) each


@dataclasses.dataclass(frozen=True)
class Insert(Augmentation):
    """``ceil(ratio r)`` candidates of other sessions, seen under this session's clock; they do not count."""

    name: ClassVar[str] = "insert"
    ratio: float = parameter(0.1, "how many, as a share of the region", low=0.001)

    def apply(self, lesson: Lesson, draws: Draws, pool: Pool) -> Lesson:
        """New candidates behind the old ones; places mean nothing to a set."""
        many = _part(lesson.region, self.ratio) * self.chosen(draws)  # (B,)
        width = int(many.max())
        if width == 0:
            return lesson
        features, embeddings = pool.strangers(lesson, draws.matrix(self.name, width))  # (B, K, 17), (B, K, D)
        mask = torch.arange(width, device=many.device) < many.unsqueeze(-1)  # (B, K)
        none = lesson.features.new_zeros(mask.shape)  # (B, K)
        seen = mask.unsqueeze(-1)  # (B, K, 1)
        return join(
            lesson, features=features * seen, mask=mask, candidates=embeddings * seen, labels=none, weights=none
        )

    def tell(self, stretches: Stretches, draws: Draws) -> Stretches:
        """Earlier sessions at drawn places before the last one; they are not scored."""
        many = _part(stretches.region, self.ratio) * self.chosen(draws) * (stretches.before > 0)  # (B,)
        width = int(many.max())
        if width == 0:
            return stretches
        new = torch.arange(width) < many.unsqueeze(-1)  # (B, K)
        size = stretches.mask.sum(-1, keepdim=True)  # (B, 1)
        where = draws.matrix(f"{self.name} where", width) * (size - 1) - 0.5  # (B, K) between two, or before the first
        places = torch.arange(stretches.mask.shape[1]).expand_as(stretches.sessions).to(where)  # (B, C)
        keys = torch.cat([places.masked_fill(~stretches.mask, torch.inf), where.masked_fill(~new, torch.inf)], 1)
        order = keys.argsort(dim=-1, stable=True)  # (B, C + K)
        strangers = stretches.strangers(draws.matrix(self.name, width))  # (B, K)
        joined = dataclasses.replace(
            stretches,
            sessions=torch.cat([stretches.sessions, torch.where(new, strangers, -1)], 1),  # (B, C + K)
            scored=torch.cat([stretches.scored, torch.zeros_like(new)], 1),  # (B, C + K)
            read=torch.cat([stretches.read, new], 1),  # (B, C + K)
        )
        return streams.pick(joined, torch.where(keys.gather(1, order) < torch.inf, order, -1))


@dataclasses.dataclass(frozen=True)
class Replace(Augmentation):
    """``ceil(ratio r)`` candidates give way to those of other sessions, which do not count."""

    name: ClassVar[str] = "replace"
    ratio: float = parameter(0.1, "share of the region that gives way", low=0.001)

    def apply(self, lesson: Lesson, draws: Draws, pool: Pool) -> Lesson:
        """Strangers in some places."""
        region, width = lesson.region, lesson.mask.shape[1]
        gone = _some(region, _part(region, self.ratio), draws.matrix(f"{self.name} where", width))  # (B, C)
        gone = gone & self.chosen(draws).unsqueeze(-1)  # (B, C)
        features, embeddings = pool.strangers(lesson, draws.matrix(self.name, width))  # (B, C, 17), (B, C, D)
        at = gone.unsqueeze(-1)  # (B, C, 1)
        return dataclasses.replace(
            lesson,
            features=torch.where(at, features, lesson.features),
            candidates=torch.where(at, embeddings, lesson.candidates),
            inputs=forgotten(lesson, gone),
            weights=lesson.counts.masked_fill(gone, 0.0),
        )

    def tell(self, stretches: Stretches, draws: Draws) -> Stretches:
        """Earlier sessions in some places; they are not scored."""
        region, width = stretches.region, stretches.mask.shape[1]
        gone = _some(region, _part(region, self.ratio), draws.matrix(f"{self.name} where", width))  # (B, C)
        gone = gone & (self.chosen(draws) & (stretches.before > 0)).unsqueeze(-1)  # (B, C)
        strangers = stretches.strangers(draws.matrix(self.name, width))  # (B, C)
        return dataclasses.replace(
            stretches,
            sessions=torch.where(gone, strangers, stretches.sessions),
            scored=stretches.scored & ~gone,
            read=stretches.read | gone,
        )


@dataclasses.dataclass(frozen=True)
class Mask(Augmentation):
    """``ceil(ratio r)`` candidates of which nothing can be read: their columns at the mean, no embedding.

    They stay in the set and do not count, for nobody could say what they are worth.
    """

    name: ClassVar[str] = "mask"
    ratio: float = parameter(0.1, "share of the region that is masked", low=0.001)

    def apply(self, lesson: Lesson, draws: Draws, pool: Pool) -> Lesson:
        """Blanks in some places."""
        region = lesson.region  # (B, C)
        gone = _some(region, _part(region, self.ratio), draws.matrix(self.name, region.shape[1]))  # (B, C)
        gone = gone & self.chosen(draws).unsqueeze(-1)  # (B, C)
        own = list(OWN_COLUMNS)
        features = lesson.features.clone()  # (B, C, 17)
        features[..., own] = torch.where(gone.unsqueeze(-1), pool.mean[own], features[..., own])  # (B, C, 10)
        return dataclasses.replace(
            lesson,
            features=features,
            candidates=lesson.candidates.masked_fill(gone.unsqueeze(-1), 0.0),
            inputs=forgotten(lesson, gone),
            weights=lesson.counts.masked_fill(gone, 0.0),
        )

    def tell(self, stretches: Stretches, draws: Draws) -> Stretches:
        """Sessions of which nothing can be read, in some places; they are not scored."""
        region = stretches.region  # (B, C)
        gone = _some(region, _part(region, self.ratio), draws.matrix(self.name, region.shape[1]))  # (B, C)
        gone = gone & self.chosen(draws).unsqueeze(-1)  # (B, C)
        return dataclasses.replace(stretches, scored=stretches.scored & ~gone, read=stretches.read & ~gone)


def _part(region: Tensor, ratio: float) -> Tensor:
    """``ceil(ratio r)`` of each session, at most r, shape (B,)."""
    size = region.sum(-1)  # (B,)
    return torch.minimum((size * ratio - 1e-6).ceil().long(), size)  # (B,)


def _block(region: Tensor, size: Tensor, drawn: Tensor) -> Tensor:
    """`size` (B,) candidates of the region on end, beginning where `drawn` (B,) says, shape (B, C)."""
    count = region.sum(-1)  # (B,)
    free = (count - size).clamp_min(0) + 1  # (B,)
    first = (drawn * free).long().minimum(free - 1).unsqueeze(-1)  # (B, 1)
    rank = region.cumsum(-1) - 1  # (B, C)
    return region & (rank >= first) & (rank < first + size.unsqueeze(-1))  # (B, C)


def _some(region: Tensor, many: Tensor, drawn: Tensor) -> Tensor:
    """`many` (B,) candidates of the region with the smallest of `drawn` (B, C), never all of two or more."""
    many = torch.where(region.sum(-1) > many, many, (region.sum(-1) - 1).clamp_min(0))  # (B,)
    rank = drawn.masked_fill(~region, torch.inf).argsort(-1).argsort(-1)  # (B, C)
    return region & (rank < many.unsqueeze(-1))  # (B, C)
