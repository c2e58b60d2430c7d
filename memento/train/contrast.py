"""Contrast between sessions: what two looks at one session share, and how near two sessions are.

A session is read as the mean of its candidates' hidden vectors, of length 1. CL4SRec tells the two looks at a session
from all other sessions; SoftCLT lets others count as well, the more the nearer they are in topic or in time; FENRec
moves the others nearer, so that they stay hard to tell apart however long training goes on.
"""

from __future__ import annotations

import dataclasses
import math
from abc import abstractmethod
from typing import ClassVar

import torch
from torch import Tensor
from torch.nn import functional

from memento.catalog import Catalog, Row
from memento.errors import UsageError
from memento.models.base import Batch, Model
from memento.train.augment.operators import Augmentation, Crop, Mask, Reorder
from memento.train.augment.pool import Pool
from memento.train.augment.stretches import Stretches, choose
from memento.train.lesson import Draws, Lesson, lesson_of
from memento.train.negatives import mixed
from memento.vary.parameters import Parameterised, parameter

CATALOG = Catalog(
    "contrast",
    {
        "cl4srec": Row("memento.train.contrast:Cl4srec", "two looks at a session against all other sessions"),
        "softclt": Row("memento.train.contrast:Softclt", "sessions alike as far as they are near in topic and time"),
        "fenrec": Row("memento.train.contrast:Fenrec", "two looks at a session against others moved towards it"),
    },
)
"""Every contrast term by name."""

DAY = 86_400.0
_SMALL = 1e-6


@dataclasses.dataclass(frozen=True)
class Contrast(Parameterised):
    """A term beside the ranking loss, from two views of every session of a batch."""

    what: ClassVar[str] = "contrast"
    hint: ClassVar[str] = "`memento recipes --list` lists them with their parameters"

    of: ClassVar[str] = "session"
    """What two looks are of: each session of a batch, or what each window of sessions left behind."""

    weight: float = parameter(0.01, "how much the term counts beside the ranking loss", high=100.0)
    temperature: float = parameter(0.5, "temperature of the softmax over sessions", low=0.01, high=100.0)

    def views(self, lesson: Lesson, draws: Draws, pool: Pool) -> tuple[Lesson, Lesson]:
        """Two looks at each session, by two operators of CL4SRec drawn for it."""
        return view(lesson, draws, pool, "first"), view(lesson, draws, pool, "second")

    def loss(self, model: Model, lesson: Lesson) -> Tensor:
        """The term, a scalar; 0 where a batch has nothing to tell from each other."""
        assert lesson.views is not None
        if len(lesson.views[0].mask) < 2 * (lesson.views[0].window if self.of == "stream" else 1):
            return lesson.features.new_zeros(())
        first, second = (self.read(model, batch) for batch in lesson.views)  # (B, W) each
        return self.weight * self.term(first, second, lesson)

    def read(self, model: Model, batch: Batch) -> Tensor:
        """What the sessions of a view are to the term, shape (B, W), or its windows, (B / T, W): of length 1."""
        return left_behind(model, batch) if self.of == "stream" else represent(model, batch)

    def check(self, model: Model) -> None:
        """Raises `UsageError` for a model that it cannot read."""
        needs_hidden(model)
        if self.of == "stream" and not model.carried:
            raise UsageError(
                f"{self.name}:of=stream reads what earlier sessions left behind, and {model.name} has no past",
                "train sequence, or leave out of=stream",
            )

    @abstractmethod
    def term(self, first: Tensor, second: Tensor, lesson: Lesson) -> Tensor:
        """The term of two views, (B, W) each; a scalar."""


@dataclasses.dataclass(frozen=True)
class Cl4srec(Contrast):
    """Crop .6, mask .3 or reorder .6, one drawn for each look; InfoNCE over the batch.

    With ``of=session`` they act on a session's candidates. With ``of=stream`` they act as in the original on a
    sequence in time: on the sessions up to the last of each window, which is the target and left out of them,
    and what is told apart is what the recurrent state carries into it. Source: Xie et al. 2022 (CL4SRec), as
    read in github AIM-SE/DA4Rec.
    """

    name: ClassVar[str] = "cl4srec"
    of: str = parameter("session", "what two looks are of", kind="text", choices=("session", "stream"))  # type: ignore[misc]

    def term(self, first: Tensor, second: Tensor, lesson: Lesson) -> Tensor:
        """`nt_xent`."""
        return nt_xent(first, second, self.temperature)


@dataclasses.dataclass(frozen=True)
class Softclt(Contrast):
    """Weights of SoftCLT between sessions: by topic (instance-wise) and by time (temporal), half each.

    The distance of topics is that of the sessions' contexts, scaled to [0, 1] over the batch; the distance
    in time is the logarithm of the days between them and one. The temporal half is the mean over `levels`:
    at each further one, sessions that follow each other are joined in twos by their greatest values.
    Source: Lee et al., ICLR 2024, github seunghan96/softclt. There the windows of one series are compared
    and distances are of series; here sessions are, so that both halves are over the sessions of a batch.
    """

    name: ClassVar[str] = "softclt"
    alpha: float = parameter(0.5, "how much another session counts at most, less than the session itself")
    instance: float = parameter(10.0, "tau_I: how fast the weight falls with distance in topic", high=1000.0)
    temporal: float = parameter(1.0, "tau_T: how fast it falls with distance in time", high=1000.0)
    levels: int = parameter(3, "levels of the temporal half", kind="int", low=1, high=16)

    def term(self, first: Tensor, second: Tensor, lesson: Lesson) -> Tensor:
        """Half of each."""
        assert lesson.times is not None
        topics = instance_weights(distances(lesson.contexts), self.instance, self.alpha)  # (B, B)
        order = lesson.times.argsort(dim=0, stable=True)  # (B,)
        both = torch.stack([first, second])[:, order]  # (2, B, W)
        times = lesson.times[order] / DAY  # (B,)
        terms = []
        for level in range(self.levels):
            if len(times) < 2:
                break
            apart = torch.log1p((times.unsqueeze(0) - times.unsqueeze(1)).abs())  # (P, P)
            weights = temporal_weights(apart, self.temporal, level).to(both)  # (P, P)
            terms.append(soft_contrast(both[0], both[1], weights, self.temperature))
            pairs = len(times) // 2 * 2
            both = both[:, :pairs].reshape(2, -1, 2, both.shape[-1]).amax(2)  # (2, P // 2, W)
            times = times[:pairs].reshape(-1, 2).mean(1)  # (P // 2,)
        near = torch.stack(terms).mean()
        return 0.5 * soft_contrast(first, second, topics, self.temperature) + 0.5 * near


@dataclasses.dataclass(frozen=True)
class Fenrec(Contrast):
    """InfoNCE by focal logits, with enduring hard negatives and negatives of noise, after a warm-up.

    Source: FENRec (AAAI 2025, github uikdwnd/FENRec, ``trainers.py``). Over 2B rows h, two looks at B sessions, with s
    their product with another row, a focal logit is

        (s / T) tanh(s / tau) for the other look at the same session, (s / T) (tanh(s / tau) + m) for all else

    and all else is the other sessions' rows; `noise` vectors a session drawn from N(0, 1) and moved by four steps of
    .001 up the gradient of the loss, which count in full; and every other row n moved towards the own one, u = mix
    h/|h| + (1 - mix) n/|n|, n* = |n| u/|u|, not differentiated, whose exponentials count `hard`. Sessions with the
    same best candidate are no negatives of each other. Before the warm-up is over it is plain InfoNCE. Here
    vectors keep their length, as there: s is a product, not a cosine, and tau is in its units. One thing is left
    out: rows against the centres of their clusters, the intents of what FENRec is built on (ICSRec).
    """

    name: ClassVar[str] = "fenrec"
    temperature: float = parameter(1.0, "temperature of the softmax over sessions", low=0.01, high=100.0)
    warmup: int = parameter(10, "epochs of plain InfoNCE; 20 in the original", kind="int", high=10_000)
    mix: float = parameter(0.4, "lambda: the share of the own row in a hard negative; .2 to .5 in the original")
    hard: float = parameter(0.1, "how much the exponential of a hard negative counts", low=1e-6)
    noise: int = parameter(2, "negatives of noise a session", kind="int", high=50)
    margin: float = parameter(0.2, "m: what every negative is nearer than it is", high=10.0)
    tau: float = parameter(8.0, "where focal logits bend, in units of products", low=1e-3, high=1000.0)

    def read(self, model: Model, batch: Batch) -> Tensor:
        """The mean of each session's hidden vectors, shape (B, W), as long as it is."""
        return pooled(model, batch)

    def term(self, first: Tensor, second: Tensor, lesson: Lesson) -> Tensor:
        """The mean over 2B rows of ``-log`` of the share of the other look."""
        assert lesson.draws is not None
        B = len(first)
        rows = torch.cat([first, second])  # (2B, W)
        best = torch.arange(B, device=rows.device) if lesson.best is None else lesson.best  # (B,)
        apart = (best.unsqueeze(0) != best.unsqueeze(1)).repeat(2, 2)  # (2B, 2B)
        other = torch.arange(2 * B, device=rows.device).roll(B)  # (2B,)
        near = rows @ rows.T  # (2B, 2B)
        if lesson.draws.epoch < self.warmup:
            logits = (near / self.temperature).masked_fill(~apart, -torch.inf)  # (2B, 2B)
            right = near.gather(1, other.unsqueeze(-1)) / self.temperature  # (2B, 1)
            return (torch.cat([right, logits], 1).logsumexp(-1) - right.squeeze(-1)).mean()
        right = self.focal(near.gather(1, other.unsqueeze(-1)), 0.0)  # (2B, 1)
        moved = mixed(rows.unsqueeze(1), rows.unsqueeze(0), self.mix)  # (2B, 2B, W)
        hard = (rows.unsqueeze(1) * moved).sum(-1)  # (2B, 2B)
        parts = [right, self.focal(near, self.margin).masked_fill(~apart, -torch.inf)]  # (2B, 1), (2B, 2B)
        parts.append(self.focal(hard, self.margin).masked_fill(~apart, -torch.inf) + math.log(self.hard))  # (2B, 2B)
        if self.noise:
            drawn = lesson.draws.normal("contrast noise", self.noise * rows.shape[1]).to(rows)  # (B, K W)
            noise = raised(drawn.reshape(-1, rows.shape[1]), first.detach(), second.detach(), apart[:B, B:])  # (BK, W)
            parts.append(self.focal(rows @ noise.T, self.margin))  # (2B, BK)
        return (torch.cat(parts, 1).logsumexp(-1) - right.squeeze(-1)).mean()

    def focal(self, product: Tensor, margin: float) -> Tensor:
        """``(s / T) (tanh(s / tau) + margin)``, same shape."""
        return product / self.temperature * (torch.tanh(product / self.tau) + margin)


def raised(noise: Tensor, first: Tensor, second: Tensor, apart: Tensor, steps: int = 4, size: float = 1e-3) -> Tensor:
    """Vectors `noise`, (K, W), moved up the gradient of InfoNCE of two views, (B, W) each, in steps of one length.

    `apart`, (B, B), says which sessions are negatives of each other; a session's own other look stays. The loss
    of a row has the gradient ``p_k h``, p_k the share that noise k takes of its softmax.
    """
    B = len(first)
    itself = torch.eye(B, dtype=torch.bool, device=first.device)  # (B, B)
    logits = (first @ second.T).masked_fill(~(apart | itself), -torch.inf)  # (B, B)
    for _ in range(steps):
        shares = torch.softmax(torch.cat([logits, first @ noise.T], 1), -1)[:, B:]  # (B, K)
        noise = noise + size * functional.normalize(shares.T @ first, dim=-1, eps=1e-30)  # (K, W)
    return noise


_VIEWS: tuple[Augmentation, ...] = (
    Crop(share=1.0, ratio=0.6),
    Mask(share=1.0, ratio=0.3),
    Reorder(share=1.0, ratio=0.6),
)


def view(lesson: Lesson, draws: Draws, pool: Pool, name: str) -> Lesson:
    """Each session through one operator of CL4SRec, drawn for it: crop .6, mask .3, reorder .6."""
    which = (draws.uniform(f"view {name}") * len(_VIEWS)).long()  # (B,)
    apart = Draws(draws.seed, draws.epoch, draws.keys(f"view {name}").astype("int64"), draws.device)
    made = lesson_of(lesson)
    for number, operator in enumerate(_VIEWS):
        made = _where(which == number, operator.apply(lesson, apart, pool), made)
    return made


def told_twice(stretches: Stretches, draws: Draws) -> tuple[Stretches, Stretches]:
    """Two looks at each stretch of sessions, each by an operator of CL4SRec drawn for it; the last sessions stay."""
    looks = []
    for name in ("first", "second"):
        which = (draws.uniform(f"stretch {name}") * len(_VIEWS)).long()  # (B,)
        apart = Draws(draws.seed, draws.epoch, draws.keys(f"stretch {name}").astype("int64"))
        looks.append(choose([operator.tell(stretches, apart) for operator in _VIEWS], which))
    return looks[0], looks[1]


def _where(chosen: Tensor, new: Lesson, old: Lesson) -> Lesson:
    """The sessions of `new` where `chosen` (B,), of `old` elsewhere; both padded to the wider."""
    width = max(new.mask.shape[1], old.mask.shape[1])

    def padded(table: Tensor) -> Tensor:
        short = width - table.shape[1]
        return torch.cat([table, table.new_zeros(len(table), short, *table.shape[2:])], 1) if short else table

    def either(name: str) -> Tensor:
        left, right = padded(getattr(new, name)), padded(getattr(old, name))  # (B, C, …) each
        return torch.where(chosen.reshape(-1, *[1] * (left.dim() - 1)), left, right)  # (B, C, …)

    return Lesson(
        features=either("features"),
        mask=either("mask"),
        contexts=old.contexts,
        candidates=either("candidates"),
        labels=either("labels"),
        projects=old.projects,
        inputs=None if old.inputs is None else either("inputs"),
        states=old.states,
        window=old.window,
        weights=either("counts"),
    )


def represent(model: Model, batch: Batch) -> Tensor:
    """Sessions as vectors of length 1, shape (B, W): the mean of their candidates' hidden vectors."""
    return functional.normalize(pooled(model, batch), dim=-1)


def pooled(model: Model, batch: Batch) -> Tensor:
    """The mean of the hidden vectors of each session's candidates, shape (B, W)."""
    kept: list[Tensor] = []
    module = model.get_submodule(model.hidden)
    handle = module.register_forward_hook(lambda module, given, hidden: kept.append(hidden.to(batch.features)))
    try:
        model(batch)
    finally:
        handle.remove()
    known = batch.mask.unsqueeze(-1)  # (B, C, 1)
    return (kept[0] * known).sum(1) / known.sum(1).clamp_min(1)  # (B, W)


def left_behind(model: Model, batch: Batch) -> Tensor:
    """What the recurrent state carries into the last session of each window, as vectors of length 1, (B / T, K).

    Without dropout, which in training hides the past of some sessions altogether.
    """
    kept: list[Tensor] = []
    module = model.get_submodule(model.carried)
    handle = module.register_forward_hook(lambda module, given, passed: kept.append(passed.to(batch.features)))
    training = model.training
    try:
        model.eval()(batch)
    finally:
        model.train(training)
        handle.remove()
    return functional.normalize(kept[0][batch.window - 1 :: batch.window], dim=-1)


def needs_hidden(model: Model) -> None:
    """Raises `UsageError` for a model that has no hidden vectors of candidates."""
    if not model.hidden:
        raise UsageError(
            f"a contrast term needs hidden vectors of candidates, and the {model.name} model has none",
            "train another model, such as interaction, or leave out --contrast",
        )


def nt_xent(first: Tensor, second: Tensor, temperature: float) -> Tensor:
    """InfoNCE of two views, (B, W) each, of length 1: every row against the 2B - 2 of other sessions; a scalar."""
    return soft_contrast(first, second, torch.eye(len(first), device=first.device), temperature)


def soft_contrast(first: Tensor, second: Tensor, weights: Tensor, temperature: float = 1.0) -> Tensor:
    """The mean over 2B rows of ``-sum_j w_ij log softmax(z_i z / T)_j``, a scalar.

    Each row has 2B - 1 columns: all but itself. `weights` (B, B) hold between sessions; the other view of a
    session has its weight with itself. Weights are not normalised, as in the original.
    """
    rows = torch.cat([first, second])  # (2B, W)
    itself = torch.eye(len(rows), dtype=torch.bool, device=rows.device)  # (2B, 2B)
    shares = torch.log_softmax((rows @ rows.T / temperature).masked_fill(itself, -torch.inf), -1)  # (2B, 2B)
    wanted = weights.repeat(2, 2).masked_fill(itself, 0.0)  # (2B, 2B)
    return -(wanted * shares.masked_fill(itself, 0.0)).sum(-1).mean()


def distances(vectors: Tensor) -> Tensor:
    """Cosine distances of rows (B, D), scaled to [0, 1] by the least and greatest between two rows, shape (B, B)."""
    unit = functional.normalize(vectors, dim=-1)  # (B, D)
    apart = 1.0 - unit @ unit.T  # (B, B)
    off = ~torch.eye(len(unit), dtype=torch.bool, device=unit.device)  # (B, B)
    if len(unit) < 2:
        return torch.zeros_like(apart)
    low, high = apart[off].min(), apart[off].max()
    return ((apart - low) / (high - low).clamp_min(1e-12)).clamp_min(0.0) * off


def instance_weights(distance: Tensor, tau: float, alpha: float = 0.5) -> Tensor:
    """``2 alpha / (1 + exp(tau D)) + (1 - alpha) 1[i = j]``, shape (B, B): 1 of a session with itself."""
    same = torch.eye(len(distance), device=distance.device)  # (B, B)
    return 2.0 * alpha * torch.sigmoid(-tau * distance) + (1.0 - alpha) * same


def temporal_weights(distance: Tensor, tau: float, level: int = 0) -> Tensor:
    """``2 / (1 + exp(tau 2^level d))``, what is below 1e-6 as 0, shape (B, B); `level` counts poolings by two."""
    found = 2.0 * torch.sigmoid(-tau * 2.0**level * distance)  # (B, B)
    return torch.where(found < _SMALL, torch.zeros_like(found), found)
