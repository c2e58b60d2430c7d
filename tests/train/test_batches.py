from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from memento.errors import UsageError
from memento.models.base import Batch, Model, Sessions, rows_of
from memento.models.oracle import Oracle
from memento.models.random import Random
from memento.models.recency import Recency
from memento.render.rendering import Rendering
from memento.train.batches import Resident, Windows, grouped, scores

Toys = Callable[..., Rendering]


def test_a_batch_holds_its_sessions_and_zeros(toys: Toys) -> None:
    rendering = toys(sessions=9, candidates=(1, 6))
    batch = Resident([rendering]).batch(np.array([4, 0, 7]))
    for place, session in enumerate((4, 0, 7)):
        low, high = rendering.offsets[session], rendering.offsets[session + 1]
        kept = batch.mask[place]
        assert int(kept.sum()) == high - low
        assert np.array_equal(batch.features[place][kept].numpy(), rendering.features[low:high])
        assert np.array_equal(batch.candidates[place][kept].numpy(), rendering.embeddings[low:high])
        assert np.array_equal(batch.contexts[place].numpy(), rendering.contexts[session])
        assert batch.labels is not None
        assert np.array_equal(batch.labels[place][kept].numpy(), rendering.labels[low:high])
        assert not batch.features[place][~kept].any()
        assert not batch.candidates[place][~kept].any()


def test_several_renderings_lie_one_after_the_other(toys: Toys) -> None:
    one, two = toys(sessions=5, seed=1), toys(sessions=4, seed=2, memories=13)
    batch = Resident([one, two]).batch(np.array([2, 7]))
    assert np.array_equal(batch.candidates[0].numpy(), one.embeddings[one.offsets[2] : one.offsets[3]])
    assert np.array_equal(batch.candidates[1].numpy(), two.embeddings[two.offsets[2] : two.offsets[3]])
    assert np.array_equal(batch.contexts[1].numpy(), two.contexts[2])


def test_embeddings_of_different_lengths_are_refused(toys: Toys) -> None:
    with pytest.raises(UsageError, match="cannot be trained on"):
        Resident([toys(sessions=3), toys(sessions=3, dimension=8)])


def test_clean_labels_are_there_only_where_all_have_them(toys: Toys) -> None:
    planted, observed = toys(sessions=3), toys(sessions=3, clean=None)
    assert Resident([planted]).batch(np.array([0])).clean is not None
    assert Resident([planted, observed]).batch(np.array([0])).clean is None


def test_scores_come_back_in_the_order_of_rows(toys: Toys) -> None:
    rendering = toys(sessions=30, candidates=(1, 9))
    assert np.array_equal(scores(Recency(), rendering, 4), -rendering.features[:, 0])
    assert np.array_equal(scores(Oracle(), rendering), rendering.clean)
    assert np.array_equal(scores(Random(3), rendering, 2), scores(Random(3), rendering, 30))


@given(st.lists(st.integers(0, 5), min_size=1, max_size=60), st.integers(1, 9))
def test_grouping_keeps_every_filled_session_once(sizes: list[int], batch: int) -> None:
    lengths = np.array(sizes)
    order = np.random.default_rng(0).permutation(len(sizes))
    parts = grouped(order, lengths, batch)
    taken = [int(s) for part in parts for s in part]
    assert sorted(taken) == sorted(np.flatnonzero(lengths > 0).tolist())
    assert all(1 <= len(part) <= batch for part in parts)


def test_sessions_of_one_length_keep_their_order() -> None:
    order = np.array([3, 1, 4, 0, 2])
    assert np.concatenate(grouped(order, np.full(5, 7), 2)).tolist() == order.tolist()


def test_batches_need_little_padding() -> None:
    lengths = np.random.default_rng(1).integers(1, 100, 640)
    padded = sum(int(lengths[part].max()) * len(part) for part in grouped(np.arange(640), lengths, 16))
    assert padded < 1.05 * lengths.sum()


def test_tensors_stay_where_they_are(toys: Toys) -> None:
    resident = Resident([toys(sessions=8)])
    place = resident.features.data_ptr()
    for batch in resident.batches(np.arange(8), 3):
        assert isinstance(batch.features, torch.Tensor)
    assert resident.features.data_ptr() == place


class Place(Model):
    """Scores a candidate by what it was given ahead: its row, and how many sessions went before."""

    name = "place"

    def inputs(self, sessions: Sessions) -> torch.Tensor:
        return torch.arange(sessions.candidates + 1).float().unsqueeze(-1)

    def states(self, sessions: Sessions) -> torch.Tensor:
        return torch.cat([torch.arange(len(stream)) for stream in sessions.streams]).float().unsqueeze(-1)

    def forward(self, batch: Batch) -> torch.Tensor:
        assert batch.inputs is not None
        assert batch.states is not None
        return batch.inputs[..., 0] + 1000 * batch.states


def test_a_model_meets_its_inputs_and_states_again_by_candidate_and_session(toys: Toys) -> None:
    one, two = toys(sessions=5, candidates=(1, 6), seed=1), toys(sessions=4, candidates=(1, 6), seed=2, memories=13)
    resident = Resident([one, two])
    before = np.concatenate([np.arange(5), np.arange(4)]).repeat(resident.sizes)
    expected = (np.arange(resident.candidates) + 1000 * before).astype(np.float32)
    assert np.array_equal(resident.score(Place(), size=3), expected)
    assert resident.inputs is None
    some = np.array([6, 2])
    rows = np.concatenate([np.arange(resident.ends[s], resident.ends[s + 1]) for s in some])
    kept = np.zeros_like(expected)
    kept[rows] = expected[rows]
    assert np.array_equal(resident.score(Place(), some), kept)


def test_questions_follow_the_sessions_before_them(toys: Toys) -> None:
    past, asked = toys(sessions=5, seed=1), toys(sessions=3, seed=2)
    resident = Resident([past, asked], apart=True)
    assert list(resident.streams) == [range(5)]
    assert resident.apart == range(5, 8)
    assert resident.past.tolist() == [*([0, session] for session in range(5)), *([0, 5] for _ in range(3))]
    both = Resident([past, asked])
    assert both.past.tolist() == [*([0, session] for session in range(5)), *([5, session] for session in range(5, 8))]
    assert len(both.apart) == 0


def test_a_memory_is_one_by_its_id_in_all_renderings(toys: Toys) -> None:
    one = toys(sessions=5, memories=4, seed=1)
    two = replace(toys(sessions=3, memories=4, seed=2), memory_ids=tuple(reversed(one.memory_ids)))
    resident = Resident([one, two])
    ids = [r.memory_ids[row] for r in (one, two) for row in r.memory_rows.tolist()]
    numbers = resident.memories[:-1].tolist()
    assert len(set(zip(ids, numbers, strict=True))) == len(set(ids)) == len(set(numbers))
    assert int(resident.memories[-1]) not in numbers


def test_rows_of_sessions_come_in_the_order_asked_for(toys: Toys) -> None:
    resident = Resident([toys(sessions=6, candidates=(1, 5))])
    expected = [row for s in (4, 0, 5) for row in range(resident.ends[s], resident.ends[s + 1])]
    assert rows_of(resident, torch.tensor([4, 0, 5])).tolist() == expected


def test_windows_hold_sessions_on_end_and_all_of_them() -> None:
    parts = [np.array([3, 4, 6, 7, 8, 9, 11]), np.array([20, 21, 22])]
    windows = Windows(parts, 3)
    assert [part.tolist() for part in windows.starts] == [[3, 7, 8], [20]]
    cut = windows.cut(np.array([20, 8, 3, 7]), np.ones(30, np.int64), 7)
    assert [chosen.tolist() for chosen in cut] == [[20, 21, 22, 8, 9, 11], [3, 4, 6, 7, 8, 9]]


def test_windows_are_no_longer_than_the_shortest_source() -> None:
    windows = Windows([np.arange(10), np.array([15, 16]), np.zeros(0, np.int64)], 4)
    assert windows.size == 2
    assert [len(starts) for starts in windows.starts] == [5, 1, 0]
    alone = Windows([np.arange(5)], 1)
    assert np.concatenate(alone.cut(np.array([4, 0, 2]), np.full(5, 2), 2)).tolist() == [4, 0, 2]
