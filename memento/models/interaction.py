"""Our scorer: every candidate crossed with its session, then weighed against the other candidates.

A logit that is linear in the columns cannot learn that a memory matters at nine in the morning: the
hour is equal for all candidates of a session and cancels in the softmax. Here the session (its
clock, its gap, its context) multiplies what the candidate is (its embedding, its slots, its
columns), so that time, topic and their conjunctions can move one candidate past another. Attention
over the candidate set lets relative facts count ("the most used one here"). No input says where in
the list a candidate stands, so permuting the candidates permutes the logits. Training begins at what a
linear account of the labels gives (`memento.models.account`): the network learns what is left of it.
"""

from __future__ import annotations

import math
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from memento.errors import UsageError
from memento.models.account import Account, centred
from memento.models.base import Batch, Model, Scale, Sessions, rows_of, tabulate
from memento.models.dropout import Dropout

OWN = (1, 2, 10, 11, 14, 15, 16)
"""Columns that say something about one candidate; 0 is its age, 12 and 13 are slots, 3 to 9 the session's clock."""
SUPERSEDED = 11
SLOTS = 256
FADES = (0.01, 0.03, 0.1, 0.3, 1.0)
"""Decays of age, 1/day, that the account of labels goes by."""
HARMONICS = {"hour": 4, "weekday": 3, "month": 2}
CLOCK = 2 * sum(HARMONICS.values()) + 1
DECAYS = 6
ALIKE = 5
GIVEN = len(OWN) + ALIKE
"""Numbers of a candidate that no weight has a part in: its columns beside the session's largest, then `alike`."""
TERMS = 2 * (len(OWN) + GIVEN + 2) + len(FADES)


class Interaction(Model):
    """About 100,000 parameters at the defaults. `dropout` acts in training alone, alike on a session's candidates.

    `dimension` is the length of an embedding, `width` of the hidden vectors, `heads` of attention.
    A subclass may know `more` numbers of each candidate, of which `direct` count in a straight line
    too; it gives them by `_more`. Raises `UsageError` for a width that heads and slots cannot share.
    """

    name: ClassVar[str] = "interaction"
    hidden: ClassVar[str] = "before_head"
    season: Tensor
    columns: Tensor

    def __init__(
        self,
        dimension: int = 64,
        width: int = 64,
        heads: int = 4,
        dropout: float = 0.3,
        *,
        more: int = 0,
        direct: int = 0,
        **config: Any,
    ) -> None:
        if width % 4 or width % heads:
            raise UsageError(f"width {width} is not a multiple of 4 and of the {heads} heads")
        super().__init__(dimension=dimension, width=width, heads=heads, dropout=dropout, **config)
        self.heads = heads
        slot = width // 4
        self.scale = Scale()
        self.account = Account(TERMS + direct, len(FADES))
        self.register_buffer("season", torch.zeros(1))
        self.register_buffer("columns", torch.tensor(OWN), persistent=False)
        self.entity = nn.Embedding(SLOTS, slot)
        self.aspect = nn.Embedding(SLOTS, slot)
        self.decay = nn.Parameter(torch.linspace(math.log(0.005), math.log(1.0), DECAYS))  # (6,) log of 1/day
        own = 2 * len(OWN)
        self.candidate = nn.Linear(own + 2 * slot + dimension, width)
        self.deepen = nn.Linear(width, width)
        self.topic = nn.Linear(dimension, width, bias=False)
        self.content = nn.Linear(dimension, width, bias=False)
        self.topic_slot = nn.Linear(dimension, slot, bias=False)
        self.clock = nn.Linear(CLOCK, width)
        self.rhythm = nn.Linear(dimension + 2 * slot, width)
        self.session = nn.Linear(CLOCK + dimension, width)
        self.join = nn.Linear(4 * width + slot + ALIKE + more, width)
        self.before_attention = nn.LayerNorm(width)
        self.attend = nn.Linear(width, 3 * width)
        self.attended = nn.Linear(width, width)
        self.before_mix = nn.LayerNorm(width)
        self.mix = nn.Sequential(nn.Linear(width, 2 * width), nn.SiLU(), nn.Linear(2 * width, width))
        self.before_head = nn.LayerNorm(width)
        self.head = nn.Linear(width, 1, bias=False)
        self.direct = nn.Linear(own + ALIKE + direct, 1, bias=False)
        self.fading = nn.Linear(width, DECAYS)
        self.direction = nn.Parameter(torch.ones(1))
        self.drop = Dropout(dropout)
        for table in (self.entity, self.aspect):
            nn.init.normal_(table.weight, std=0.03)  # near 0, so that a slot never met says nothing
        for last in (self.head, self.direct, self.fading):
            nn.init.zeros_(last.weight)
        nn.init.constant_(self.fading.bias, -3.0)

    def fit_scale(self, features: Tensor) -> None:
        """Measure columns on `features`, shape (N, 17), and whether they span all twelve months.

        Within less than a year the month only dates a session: it would be learned by heart and mean
        nothing in the months to come. So it is left out until every month was seen.
        """
        self.scale.fit(features)
        months = torch.unique((features[:, 7:9] * 16).round(), dim=0)  # (K, 2)
        self.season.fill_(float(len(months) >= 12))

    def prepare(self, sessions: Sessions, chosen: Tensor) -> None:
        """Measure columns as `fit_scale` does, then fit the account of labels on the sessions `chosen`."""
        super().prepare(sessions, chosen)
        terms, labels = self._accounts(sessions, self.inputs(sessions))  # (N, A), (N,)
        rows = rows_of(sessions, chosen)  # (n,)
        self.account.fit(terms[rows], labels[rows], sessions.lengths[chosen])

    def inputs(self, sessions: Sessions) -> Tensor:
        """`given` of every candidate, shape (N + 1, G)."""
        return tabulate(sessions, self.given)

    def given(self, batch: Batch) -> Tensor:
        """What no trained weight has a part in, shape (B, C, 12): `shares`, then `alike`."""
        raw = batch.features.index_select(-1, self.columns)  # (B, C, 7)
        return torch.cat([shares(raw, batch.mask), alike(batch)], -1)  # (B, C, 12)

    def forward(self, batch: Batch) -> Tensor:
        """Logits, shape (B, C)."""
        known = self.given(batch) if batch.inputs is None else batch.inputs[..., :GIVEN]  # (B, C, G)
        own = torch.cat([self._scaled(batch.features), known[..., : len(OWN)]], -1)  # (B, C, O)
        alike = known[..., len(OWN) :]  # (B, C, A)
        slots = slots_of(batch.features)  # (B, C, 2)
        entity, aspect = self.entity(slots[..., 0]), self.aspect(slots[..., 1])  # (B, C, W/4) each
        identity = torch.cat([batch.candidates, entity, aspect], -1)  # (B, C, D + W/2)
        clock = self._clock(mean_columns(batch))  # (B, K)
        candidate = functional.silu(self.candidate(torch.cat([own, identity], -1)))  # (B, C, W)
        candidate = functional.silu(self.deepen(self._drop(candidate)))  # (B, C, W)
        content = self.content(batch.candidates) * self.topic(batch.contexts).unsqueeze(1)  # (B, C, W)
        slot = entity * self.topic_slot(batch.contexts).unsqueeze(1)  # (B, C, W/4)
        rhythm = self.rhythm(identity) * self.clock(clock).unsqueeze(1)  # (B, C, W)
        session = functional.silu(self.session(torch.cat([clock, batch.contexts], -1)))  # (B, W)
        more, direct = self._more(batch, identity)  # (B, C, M) and (B, C, E) each in a list
        joined = torch.cat(
            [candidate, content, rhythm, candidate * session.unsqueeze(1), slot, alike, *more], -1
        )  # (B, C, 4W + W/4 + A + M)
        hidden = self._drop(functional.silu(self.join(joined)))  # (B, C, W)
        hidden = hidden + self._attention(self.before_attention(hidden), batch.mask)  # (B, C, W)
        hidden = hidden + self._drop(self.mix(self.before_mix(hidden)))  # (B, C, W)
        hidden = self.before_head(hidden)  # (B, C, W)
        logits: Tensor = self.head(hidden) + self.direct(torch.cat([own, alike, *direct], -1))  # (B, C, 1)
        account: Tensor = self.account(torch.cat([*direct, self._terms(batch.features, known)], -1))  # (B, C)
        return account + logits.squeeze(-1) + self._fade(batch.features[..., :1], hidden)  # (B, C)

    def _more(self, batch: Batch, identity: Tensor) -> tuple[list[Tensor], list[Tensor]]:
        """What a subclass joins to each candidate, (B, C, M) in all, and what counts directly, (B, C, E) in all."""
        return [], []

    def _terms(self, features: Tensor, known: Tensor) -> Tensor:
        """What the account goes by: own columns, `given`, who is nearest to the context, and age; shape (B, C, T)."""
        nearest = torch.exp(20 * known[..., len(OWN) + 2 : len(OWN) + 4])  # (B, C, 2)
        age = torch.expm1(features[..., :1].clamp(0, 12))  # (B, C, 1) days
        fading = torch.cat([torch.exp(-rate * age) for rate in FADES], -1)  # (B, C, 5)
        plain = torch.cat([self._scaled(features), known[..., :GIVEN], nearest], -1)  # (B, C, P)
        replaced = plain * features[..., SUPERSEDED : SUPERSEDED + 1]  # (B, C, P)
        return torch.cat([plain, replaced, fading], -1)  # (B, C, T)

    def _scaled(self, features: Tensor) -> Tensor:
        """A candidate's own columns to scale, shape (B, C, 7)."""
        scaled: Tensor = self.scale(features)  # (B, C, 17)
        return scaled.index_select(-1, self.columns)  # (B, C, 7)

    def _accounts(self, sessions: Sessions, inputs: Tensor) -> tuple[Tensor, Tensor]:
        """The account's terms, shape (N, A), and the labels, (N,), both less their mean over the session; 64 bits."""

        def terms(batch: Batch) -> Tensor:
            known = inputs[batch.rows]  # (B, C, I)
            found = torch.cat([known[..., GIVEN:], self._terms(batch.features, known)], -1)  # (B, C, A)
            return centred(found.double(), batch.mask)

        def labels(batch: Batch) -> Tensor:
            assert batch.labels is not None
            return centred(batch.labels.double().unsqueeze(-1), batch.mask)  # (B, C, 1)

        return tabulate(sessions, terms)[:-1], tabulate(sessions, labels)[:-1, 0]

    def _drop(self, hidden: Tensor) -> Tensor:
        """Dropout that takes one number from all candidates of a session at once, shape (B, C, W)."""
        kept: Tensor = self.drop(torch.ones_like(hidden[:, :1]))  # (B, 1, W)
        return hidden * kept  # (B, C, W)

    def _fade(self, log_age: Tensor, hidden: Tensor) -> Tensor:
        """What age does, shape (B, C): a sum of exponential decays that never turns around.

        How much each decay weighs hangs on everything else about the candidate, its sign is one for
        all, so that of two candidates that differ in age alone the same one, newer or older, always wins.
        """
        age = torch.expm1(log_age.clamp(0, 12))  # (B, C, 1) days
        decayed = torch.exp(-age * self.decay.exp())  # (B, C, 6)
        return self.direction * (functional.softplus(self.fading(hidden)) * decayed).sum(-1)  # (B, C)

    def _clock(self, session: Tensor) -> Tensor:
        """Sines and cosines of whole multiples of hour, weekday and month, then the gap; shape (B, 19).

        Multiples come from the columns by the angle sum rule, so no angle is ever computed.
        """
        parts = []
        for first, (name, harmonics) in zip((3, 5, 7), HARMONICS.items(), strict=True):
            sine, cosine = session[:, first], session[:, first + 1]  # (B,) each
            if name == "month":
                sine, cosine = sine * self.season, cosine * self.season  # (B,) each
            s, c = sine, cosine  # (B,) each
            for _ in range(harmonics):
                parts += [s, c]
                s, c = s * cosine + c * sine, c * cosine - s * sine  # (B,) each
        return torch.stack([*parts, session[:, 9]], -1)  # (B, 19)

    def _attention(self, hidden: Tensor, mask: Tensor) -> Tensor:
        B, C, W = hidden.shape
        projected = self.attend(hidden).view(B, C, 3, self.heads, W // self.heads)  # (B, C, 3, H, W/H)
        query, key, value = projected.permute(2, 0, 3, 1, 4).unbind(0)  # (B, H, C, W/H) each
        seen = mask[:, None, None, :]  # (B, 1, 1, C)
        mixed = functional.scaled_dot_product_attention(query, key, value, attn_mask=seen)  # (B, H, C, W/H)
        attended: Tensor = self.attended(mixed.transpose(1, 2).reshape(B, C, W))  # (B, C, W)
        return attended


def slots_of(features: Tensor) -> Tensor:
    """The slots of entity and aspect of each candidate, shape (…, 2) int64, from its columns, shape (…, 17)."""
    return (features[..., 12:14] * (SLOTS - 1)).round().long().clamp(0, SLOTS - 1)  # (…, 2)


def shares(raw: Tensor, mask: Tensor) -> Tensor:
    """Each column beside the session's largest, shape (B, C, 7)."""
    largest = raw.masked_fill(~mask.unsqueeze(-1), -torch.inf).amax(1, keepdim=True)  # (B, 1, 7)
    return raw / torch.where(largest > 1e-6, largest, torch.ones_like(largest))  # (B, C, 7)


def alike(batch: Batch) -> Tensor:
    """How near each candidate, and what is known here of its entity, is to the context; shape (B, C, 5).

    The candidates of one entity share its name, so their mean embedding says what the entity is
    called, also for a candidate without an embedding of its own.
    """
    slots = slots_of(batch.features)  # (B, C, 2)
    both = batch.mask.unsqueeze(1) & batch.mask.unsqueeze(2)  # (B, C, C)
    same = (slots[:, :, None, 0] == slots[:, None, :, 0]) & both  # (B, C, C)
    entity = functional.normalize(same.to(batch.candidates) @ batch.candidates, dim=-1)  # (B, C, D)
    context = functional.normalize(batch.contexts, dim=-1).unsqueeze(-1)  # (B, D, 1)
    near = torch.cat([batch.candidates @ context, entity @ context], -1)  # (B, C, 2)
    nearest = near.masked_fill(~batch.mask.unsqueeze(-1), -torch.inf).amax(1, keepdim=True)  # (B, 1, 2)
    fact = same & (slots[:, :, None, 1] == slots[:, None, :, 1])  # (B, C, C)
    kin = (fact.sum(-1, keepdim=True) - 1).clamp_min(0).to(near)  # (B, C, 1)
    return torch.cat([near, near - nearest, torch.log1p(kin)], -1)  # (B, C, 5)


def mean_columns(batch: Batch) -> Tensor:
    """The mean of each column over a session's candidates, shape (B, 17)."""
    mask = batch.mask.unsqueeze(-1)  # (B, C, 1)
    return (batch.features * mask).sum(1) / mask.sum(1).clamp_min(1)  # (B, 17)
