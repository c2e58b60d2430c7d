from __future__ import annotations

import itertools

import numpy as np
import pytest

from memento.patterns.tasks import IGNORED, TASKS
from memento.patterns.tasks.chomsky import modular_arithmetic
from memento.patterns.tasks.copying import copying
from memento.patterns.tasks.task import accuracy
from memento.patterns.tasks.words import GENERATORS, GROUPS, products, readout, split, table, walk, word

NAMES = pytest.mark.parametrize("name", list(TASKS))


@NAMES
def test_draws_are_keyed_in_range_and_scored(name: str) -> None:
    task = TASKS[name]
    inputs, targets = task.draw(3, 40, 24)
    assert inputs.shape == targets.shape
    assert inputs.dtype == targets.dtype == np.int64
    assert inputs.min() >= 0
    assert inputs.max() < task.vocabulary
    scored = targets[targets != IGNORED]
    assert len(scored) >= 40
    assert len(np.unique(scored)) >= min(2, task.answers)
    again = task.draw(3, 40, 24)
    np.testing.assert_array_equal(inputs, again[0])
    assert not np.array_equal(inputs, task.draw(4, 40, 24)[0])
    assert 0 < task.chance < 1
    assert task.needs
    assert task.source
    with pytest.raises(ValueError, match="lengths from"):
        task.draw(3, 4, 0)


def test_the_answers_of_copying_are_the_data_in_order() -> None:
    inputs, targets = copying(3, 50, 30, 4, 8)
    for row, answer in zip(inputs, targets, strict=True):
        assert row[-4:].tolist() == [7, 7, 7, 7]
        assert [t for t in row[:-4].tolist() if t] == answer[-4:].tolist()
    backwards = copying(3, 50, 30, 4, 8, reverse=True)
    np.testing.assert_array_equal(backwards[0], inputs)
    np.testing.assert_array_equal(backwards[1][:, -4:], targets[:, -4:][:, ::-1])
    front = copying(3, 50, 30, 4, 8, variable=False)[0]
    assert np.all(front[:, :4] > 0)
    assert np.all(front[:, 4:-4] == 0)
    _, varied = copying(3, 200, 30, 4, 8, variable_length=True)
    held = (varied[:, -4:] != IGNORED).sum(axis=1)
    assert set(held.tolist()) == {1, 2, 3, 4}


def test_induction_heads_ask_for_what_followed() -> None:
    inputs, targets = TASKS["induction-heads"].draw(5, 100, 40)
    for row, answer in zip(inputs, targets[:, -1], strict=True):
        places = np.flatnonzero(row == 0)
        assert len(places) == 2
        assert places[1] == 40
        assert row[places[0] + 1] == answer


@pytest.mark.parametrize(("group", "order", "commutes"), [
    ("Z2", 2, True), ("Z5", 5, True), ("S3", 6, False), ("Z60", 60, True), ("A4xZ5", 60, False), ("A5", 60, False),
])  # fmt: skip
def test_tables_are_groups(group: str, order: int, commutes: bool) -> None:
    cayley = table(group)
    assert cayley.shape == (order, order)
    np.testing.assert_array_equal(cayley[0], np.arange(order))
    assert all(len(set(row)) == order for row in cayley.tolist())
    sample = range(0, order, max(1, order // 7))
    for a, b, c in itertools.product(sample, repeat=3):
        assert cayley[cayley[a, b], c] == cayley[a, cayley[b, c]]
    assert np.array_equal(cayley, cayley.T) == commutes
    assert set(readout(group)) == set(range(int(readout(group).max()) + 1))


def test_a5_is_not_solvable_and_a4_x_z5_is() -> None:
    """The commutators of A5 give all of it again; those of A4 x Z5 do not."""
    sizes = {}
    for group in ("A5", "A4xZ5", "Z60"):
        cayley = table(group)
        inverse = cayley.argmin(axis=1)
        elements = range(len(cayley))
        commutators = {
            int(cayley[cayley[a, b], cayley[inverse[a], inverse[b]]]) for a, b in itertools.product(elements, repeat=2)
        }
        while True:
            more = commutators | {int(cayley[a, b]) for a in commutators for b in commutators}
            if more == commutators:
                break
            commutators = more
        sizes[group] = len(commutators)
    assert sizes == {"A5": 60, "A4xZ5": 4, "Z60": 1}


def test_targets_of_words_are_running_products() -> None:
    inputs, targets = word("S3", 3, 20, 9)
    cayley = table("S3")
    for row, answer in zip(inputs.tolist(), targets.tolist(), strict=True):
        assert list(itertools.accumulate(row, lambda a, b: int(cayley[a, b]))) == answer
    np.testing.assert_array_equal(products("S3", inputs), targets)


def test_generators_reach_every_element_and_walks_are_running_products() -> None:
    for group in GENERATORS:
        _, first = walk(group, 3, 400, 1)
        elements, cayley = set(first[:, 0].tolist()), table(group)
        assert len(elements) == len(GENERATORS[group])
        steps, targets = walk(group, 3, 30, 40)
        assert steps.max() < len(GENERATORS[group])
        by_step = dict(zip(steps[:, 0].tolist(), targets[:, 0].tolist(), strict=True))
        for row, answer in zip(steps.tolist(), targets.tolist(), strict=True):
            state = 0
            for step, reached in zip(row, answer, strict=True):
                state = int(cayley[state, by_step[step]])
                assert state == reached
        while True:
            more = elements | {int(cayley[a, b]) for a in elements for b in elements}
            if more == elements:
                break
            elements = more
        assert len(elements) == len(cayley)


def test_the_split_is_disjoint_and_drawn_without_replacement() -> None:
    train, test = split("Z5", 3, 5, 300)
    assert [part.shape[1] for part in train] == [2, 3, 4, 5]
    last = {tuple(row) for row in train[-1].tolist()}
    held = {tuple(row) for row in test.tolist()}
    assert len(last) == len(train[-1])
    assert not last & held
    assert len(held) / (len(last) + len(held)) == pytest.approx(0.2, abs=0.01)


def test_regular_tasks_have_their_answers() -> None:
    bits, odd = TASKS["parity"].draw(3, 30, 17)
    assert np.array_equal(odd[:, -1], bits.sum(axis=1) % 2)
    bits, same = TASKS["even-pairs"].draw(3, 30, 17)
    changes = (bits[:, 1:] != bits[:, :-1]).sum(axis=1)
    assert np.array_equal(same[:, -1], (changes % 2 == 0).astype(int))
    inputs, values = modular_arithmetic(3, 60, 9)
    for row, answer in zip(inputs.tolist(), values.tolist(), strict=True):
        for end in range(1, 10, 2):
            expression = "".join("01234+-*"[token] for token in row[:end])
            assert eval(expression) % 5 == answer[end - 1]  # numbers and + - * alone
    assert accuracy(values, values) == 1.0


def test_groups_are_offered_to_worlds() -> None:
    from memento.patterns import CATALOG

    spec = next(spec for spec in CATALOG["state"].parameters() if spec.name == "group")
    assert spec.choices == GROUPS
    assert CATALOG["state"].from_map({"group": "Z5"}).chance == pytest.approx(0.2)
    assert CATALOG["state"].from_map({"group": "S3"}).chance == pytest.approx(1 / 3)
