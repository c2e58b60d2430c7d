from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor

from memento.models.recall import RECALL, Ledger, moments, recall, replaced
from memento.render.rendering import Rendering
from memento.train.batches import Resident

Toys = Callable[..., Rendering]


def clocked(toys: Toys, sessions: int = 40, seed: int = 0) -> Rendering:
    """Sessions at every hour and weekday, memories met again and again."""
    rendering = toys(sessions=sessions, candidates=(2, 9), memories=12, seed=seed)
    draw = np.random.default_rng(seed)
    sizes = np.diff(rendering.offsets)
    features = rendering.features.copy()
    features[:, 11] = draw.random(len(features)) < 0.1
    for place, steps in ((3, 24), (5, 7)):
        angle = 2 * np.pi * np.repeat(draw.integers(0, steps, sessions), sizes) / steps
        features[:, place], features[:, place + 1] = np.sin(angle), np.cos(angle)
    return toys(sessions=sessions, candidates=(2, 9), memories=12, seed=seed, features=features)


def residuals(resident: Resident, seed: int = 0) -> Tensor:
    return torch.randn(resident.candidates, generator=torch.Generator().manual_seed(seed))


def naive(resident: Resident, values: Tensor) -> Tensor:
    """By hand: every candidate beside every candidate of an earlier session of its stream."""
    N = resident.candidates
    at = moments(resident.features[:N], resident.memories[:N])
    session = torch.arange(len(resident)).repeat_interleave(resident.lengths)
    stream = torch.zeros(len(resident), dtype=torch.long)
    for number, sessions in enumerate(resident.streams):
        stream[sessions.start : sessions.stop] = number
    table = torch.zeros(N + 1, RECALL)
    for row in range(N):
        earlier = (session < session[row]) & (stream[session] == stream[session[row]])
        memory, entity = at.memory == at.memory[row], at.entity == at.entity[row]
        fact = entity & (at.aspect == at.aspect[row])
        day = memory & (at.weekday == at.weekday[row])
        apart = (at.hour - at.hour[row]).abs()
        apart = torch.minimum(apart, 24 - apart)
        like = [memory, entity, fact, day, *(memory & (apart <= d) for d in range(4))]
        like += [*(day & (apart <= d) for d in range(4)), entity & (apart <= 1)]
        counts = torch.tensor([float((e & earlier).sum()) for e in like])
        sums = torch.tensor([float(values[e & earlier].double().sum()) for e in like])
        table[row] = torch.cat([sums / (counts + 1), sums / (counts + 4), counts / (counts + 3)])
    return table


def test_recall_is_what_a_search_through_the_past_finds(toys: Toys) -> None:
    resident = Resident([clocked(toys), clocked(toys, 25, seed=3)])
    values = residuals(resident)
    torch.testing.assert_close(recall(resident, values), naive(resident, values), atol=1e-5, rtol=1e-5)


def test_a_ledger_reads_the_same_one_session_at_a_time(toys: Toys) -> None:
    resident = Resident([clocked(toys)])
    values = residuals(resident)
    whole, ledger = recall(resident, values), Ledger()
    for session in range(len(resident)):
        rows = slice(int(resident.ends[session]), int(resident.ends[session + 1]))
        at = moments(resident.features[rows], resident.memories[rows])
        torch.testing.assert_close(ledger.read(at).float(), whole[rows], atol=1e-6, rtol=1e-6)
        before = replaced(resident)[rows, 0]
        assert torch.equal(ledger.replaced(at.memory), before)
        ledger.write(at, values[rows], resident.features[rows, 11])
    assert replaced(resident).any()


def test_questions_know_the_past_and_nothing_of_each_other(toys: Toys) -> None:
    past, asked = clocked(toys), clocked(toys, 6, seed=3)
    resident = Resident([past, asked], apart=True)
    values = residuals(resident)
    for session in resident.apart:
        rows = slice(int(resident.ends[session]), int(resident.ends[session + 1]))
        alone = Resident([past, asked.select([session - len(past)])])
        alone.streams, alone.past = [range(len(past) + 1)], torch.tensor([[0, s] for s in range(len(past) + 1)])
        before = values[: resident.ends[len(past)]]
        known = recall(alone, torch.cat([before, values[rows]]))[len(before) : -1]
        torch.testing.assert_close(recall(resident, values)[rows], known, atol=1e-6, rtol=1e-6)
        assert torch.equal(replaced(resident)[rows], replaced(alone)[len(before) : -1])


@pytest.mark.parametrize("session", [0, 17, 39])
def test_no_candidate_is_told_of_its_own_session_or_a_later_one(session: int, toys: Toys) -> None:
    resident = Resident([clocked(toys)])
    values = residuals(resident)
    changed = values.clone()
    changed[int(resident.ends[session]) :] += 1.0
    before, after = recall(resident, values), recall(resident, changed)
    upto = int(resident.ends[session + 1])
    torch.testing.assert_close(before[:upto], after[:upto], atol=1e-6, rtol=0)
    assert (session + 1 >= len(resident)) or not torch.allclose(before[upto:], after[upto:])


def test_the_first_session_has_no_past(toys: Toys) -> None:
    resident = Resident([clocked(toys), clocked(toys, 5, seed=1)])
    found = recall(resident, residuals(resident))
    for session in (0, 40):
        assert not found[int(resident.ends[session]) : int(resident.ends[session + 1])].any()
