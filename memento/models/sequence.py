"""Our scorer with a past: the interaction model over a state of earlier sessions.

Two things reach a session from those before it, both through what came to light of them, their
labels. `recall` keeps what was seen of every memory, exactly and for ever. A recurrent cell carries a
summary of whole sessions, for what hangs on their order: drift, runs of one topic, a change of habits.
In training a cell starts anew with every window of sessions, in use it runs through.
"""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from memento.models.account import Account, centred
from memento.models.base import Batch, Sessions, rows_of, tabulate
from memento.models.cells import CATALOG as CELLS
from memento.models.dropout import Dropout
from memento.models.interaction import (
    CLOCK,
    FADES,
    GIVEN,
    SUPERSEDED,
    TERMS,
    Interaction,
    mean_columns,
    slots_of,
)
from memento.models.names import NAMED, NameBook, named
from memento.models.recall import RECALL, Ledger, Moments, moments, recall, replaced

CARRIED = 32
PAST = NAMED + RECALL
FORGET = 0.2
"""How often training hides a session's past, so that one without any is scored well too."""


class Past:
    """What one stream of sessions left behind: names, a ledger of its labels, and the cell's state."""

    def __init__(self, dimension: int, state: object) -> None:
        self.names = NameBook(dimension)
        self.ledger = Ledger()
        self.state = state
        self.carried: Tensor | None = None  # (1, K)


class Sequence(Interaction):
    """About 110,000 parameters at the defaults; the first four options are those of `Interaction`.

    `cell` names a recurrent cell of `memento.models.cells`, `state` is its size.
    """

    name: ClassVar[str] = "sequence"
    carried: ClassVar[str] = "before_echo"
    window = 8

    def __init__(
        self,
        dimension: int = 64,
        width: int = 64,
        heads: int = 4,
        dropout: float = 0.3,
        cell: str = "mingru",
        state: int = 32,
    ) -> None:
        super().__init__(dimension, width, heads, dropout, more=PAST + CARRIED, direct=PAST, cell=cell, state=state)
        self.forget = Dropout(FORGET)
        self.expected = Account(NAMED + TERMS, len(FADES))
        self.summary = nn.Linear(2 * dimension + width // 2 + CLOCK, CARRIED)
        self.cell = CELLS[cell](CARRIED, state=state)
        self.before_echo = nn.LayerNorm(CARRIED)
        self.echo = nn.Linear(dimension + width // 2, CARRIED)

    def prepare(self, sessions: Sessions, chosen: Tensor) -> None:
        """Fit an account of labels without any past, then with the past that it leaves unaccounted for."""
        self.fit_scale(sessions.features[rows_of(sessions, chosen)])
        told = _told(sessions, replaced(sessions))
        plain, terms, labels = self._plain(told)  # (N + 1, G + E), (N, E + T), (N,)
        rows = rows_of(sessions, chosen)  # (n,)
        self.expected.fit(terms[rows], labels[rows], sessions.lengths[chosen])
        inputs = torch.cat([plain, recall(told, labels - self.expected(terms))], -1)  # (N + 1, G + E + R)
        terms, labels = self._accounts(told, inputs)  # (N, E + R + T), (N,)
        self.account.fit(terms[rows], labels[rows], sessions.lengths[chosen])

    def inputs(self, sessions: Sessions) -> Tensor:
        """`given`, `named`, `recall` and `replaced` of every candidate, shape (N + 1, G + E + R + 1)."""
        before = replaced(sessions)  # (N + 1, 1)
        told = _told(sessions, before)
        plain, terms, labels = self._plain(told)  # (N + 1, G + E), (N, E + T), (N,)
        return torch.cat([plain, recall(told, labels - self.expected(terms)), before], -1)  # (N + 1, G + E + R + 1)

    def _plain(self, told: Sessions) -> tuple[Tensor, Tensor, Tensor]:
        """What of `inputs` no label has a part in, (N + 1, G + E), then terms and labels of the account `expected`."""
        plain = torch.cat([tabulate(told, self.given), named(told)], -1)  # (N + 1, G + E)
        return plain, *self._accounts(told, plain)  # (N + 1, G + E), (N, E + T), (N,)

    def forward(self, batch: Batch) -> Tensor:
        """Logits, shape (B, C). What was superseded once stays so, whether this session says it or not."""
        if batch.inputs is None:
            return super().forward(batch)
        features = _flagged(batch.features, batch.inputs[..., -1:])  # (B, C, 17)
        return super().forward(replace(batch, features=features, inputs=batch.inputs[..., :-1]))

    def reread(self, batch: Batch) -> Tensor | None:
        """`given` of the candidates that are there now, the rest as it was, shape (B, C, G + E + R + 1)."""
        if batch.inputs is None:
            return None
        told = replace(batch, features=_flagged(batch.features, batch.inputs[..., -1:]))
        return torch.cat([self.given(told), batch.inputs[..., GIVEN:]], -1)  # (B, C, G + E + R + 1)

    def states(self, sessions: Sessions) -> Tensor:
        """What the cell carries into every session from those before it, shape (S, K)."""
        training = self.training
        self.eval()
        S = len(sessions.lengths)
        summaries = sessions.contexts.new_zeros(S, CARRIED)  # (S, K)
        with torch.no_grad():
            first = sessions.offsets  # (S,)
            for batch in sessions.batches(np.arange(S), 128):
                assert batch.rows is not None
                at = torch.searchsorted(first, batch.rows[:, 0].contiguous(), right=True) - 1  # (B,)
                summaries[at] = self._summary(batch)
            parts = [self._shifted(summaries[stream.start : stream.stop].unsqueeze(0)) for stream in sessions.streams]
            if len(sessions.apart):
                last = sessions.streams[-1] if sessions.streams else range(0)
                whole = torch.cat([summaries[last.start : last.stop], summaries.new_zeros(1, CARRIED)])  # (T + 1, K)
                parts.append(self._shifted(whole.unsqueeze(0))[:, -1:].expand(-1, len(sessions.apart), -1))
        self.train(training)
        return torch.cat(parts, 1).squeeze(0)  # (S, K)

    def start(self) -> Past:
        """The past of a stream before its first session."""
        with torch.no_grad():
            return Past(self.topic.in_features, self.cell.start(1))

    def step(self, batch: Batch, past: Past, memory: Tensor) -> Tensor:
        """Logits of one session, shape (1, C), whose candidates are the memories named by `memory`, shape (C,).

        Sessions must come in order of time; the labels of each are told afterwards by `learn`.
        """
        at, told, names, before = self._met(batch, past, memory)
        known = past.ledger.read(at).to(batch.features).unsqueeze(0)  # (1, C, R)
        inputs = torch.cat([self.given(told), names, known, before], -1)  # (1, C, G + E + R + 1)
        carried = batch.contexts.new_zeros(1, CARRIED) if past.carried is None else past.carried  # (1, K)
        return self.score(replace(batch, inputs=inputs, states=carried))  # (1, C)

    def learn(self, batch: Batch, past: Past, memory: Tensor) -> None:
        """Take up what became known of a session: its labels, shape (1, C)."""
        assert batch.labels is not None
        self.eval()
        with torch.no_grad():
            at, told, names, _ = self._met(batch, past, memory)
            flags = batch.features[0, :, SUPERSEDED]  # (C,)
            found = torch.cat([names, self._terms(told.features, self.given(told))], -1)  # (1, C, E + T)
            terms = centred(found.double(), batch.mask)[0]  # (C, E + T)
            labels = centred(batch.labels.double().unsqueeze(-1), batch.mask)[0, :, 0]  # (C,)
            past.ledger.write(at, labels - self.expected(terms), flags)
            past.names.write(memory, at.entity, batch.candidates[0], batch.contexts[0])
        self.carry(batch, past)

    def carry(self, batch: Batch, past: Past) -> None:
        """The part of `learn` that hangs on weights: what the cell takes up of a session."""
        with torch.no_grad():
            past.carried, past.state = self.cell.step(self._summary(batch), past.state)  # (1, K)

    def forget_carried(self, past: Past) -> None:
        """Takes what the cell carries back to where a stream begins."""
        with torch.no_grad():
            past.carried, past.state = None, self.cell.start(1)

    def _met(self, batch: Batch, past: Past, memory: Tensor) -> tuple[Moments, Batch, Tensor, Tensor]:
        """Where a session's candidates stand, the session with every flag that its past knows of, and what it knows
        of names, (1, C, E), and of flags, (1, C, 1)."""
        at = moments(batch.features[0], memory)
        names = past.names.read(memory, at.entity, batch.candidates[0], batch.contexts[0])  # (C, E)
        before = past.ledger.replaced(memory).to(batch.features)[None, :, None]  # (1, C, 1)
        told = replace(batch, features=_flagged(batch.features, before))
        return at, told, names.to(batch.features).unsqueeze(0), before

    def _more(self, batch: Batch, identity: Tensor) -> tuple[list[Tensor], list[Tensor]]:
        B, C, _ = batch.features.shape
        if batch.inputs is None:
            known = batch.features.new_zeros(B, C, PAST)  # (B, C, E + R)
        else:
            known = batch.inputs[..., GIVEN:]  # (B, C, E + R)
        carried = self._carried(batch) if batch.states is None else batch.states  # (B, K)
        if self.training:
            kept = self.forget(known.new_ones(B, 1, 1)).sign()  # (B, 1, 1)
            known, carried = known * kept, carried * kept[..., 0]  # (B, C, E + R), (B, K)
        echo = self.echo(identity) * self.before_echo(carried).unsqueeze(1)  # (B, C, K)
        return [known, echo], [known]

    def _carried(self, batch: Batch) -> Tensor:
        """What each session of a window gets from those before it in the window, shape (B, K)."""
        if batch.window == 1 or batch.labels is None:
            return batch.contexts.new_zeros(len(batch.contexts), CARRIED)  # (B, K)
        summaries = self._summary(batch).view(-1, batch.window, CARRIED)  # (B / T, T, K)
        return self._shifted(summaries).flatten(0, 1)  # (B, K)

    def _shifted(self, summaries: Tensor) -> Tensor:
        """The cell's outputs, each moved on to the next session, shape (B, T, K)."""
        passed: Tensor = self.cell(summaries[:, :-1]) if summaries.shape[1] > 1 else summaries[:, :0]  # (B, T - 1, K)
        return torch.cat([torch.zeros_like(summaries[:, :1]), passed], 1)  # (B, T, K)

    def _summary(self, batch: Batch) -> Tensor:
        """What came to light in each session: what was relevant, about what, and when; shape (B, K)."""
        assert batch.labels is not None
        slots = slots_of(batch.features)  # (B, C, 2)
        identity = torch.cat([batch.candidates, self.entity(slots[..., 0]), self.aspect(slots[..., 1])], -1)
        told = centred(batch.labels.unsqueeze(-1), batch.mask)  # (B, C, 1)
        about = (identity * told).sum(1)  # (B, D + W/2)
        clock = self._clock(mean_columns(batch))  # (B, CLOCK)
        return functional.silu(self.summary(torch.cat([about, batch.contexts, clock], -1)))  # (B, K)


def _flagged(features: Tensor, before: Tensor) -> Tensor:
    """Columns with the superseded flag set where it was `before`, shape (…, 1); (…, 17) to (…, 17)."""
    flag = torch.maximum(features[..., SUPERSEDED : SUPERSEDED + 1], before)  # (…, 1)
    return torch.cat([features[..., :SUPERSEDED], flag, features[..., SUPERSEDED + 1 :]], -1)  # (…, 17)


def _told(sessions: Sessions, before: Tensor) -> Sessions:
    """The sessions with every flag that their past knows of, (N + 1, 1)."""
    told = copy.copy(sessions)
    told.features = _flagged(sessions.features, before)  # (N + 1, 17)
    return told
