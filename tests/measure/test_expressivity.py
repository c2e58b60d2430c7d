"""The comparison of cells: what is compared, how it is trained and tested, what comes out as theory says."""

from __future__ import annotations

import pytest
import torch

from memento.measure import expressivity
from memento.measure.expressivity import ROWS, SETTINGS, Outcome, Row, Trial, compare, train
from memento.measure.expressivity.network import Network
from memento.measure.expressivity.page import page
from memento.models.cells import CATALOG

BY_NAME = {(row.task, row.name): row for row in ROWS}


def trial(long: float, seed: int = 0) -> Trial:
    return Trial(seed, 1.0, long, 10, 100, ((5, 1.0), (10, long)))


def test_rows_name_tasks_cells_and_ranges_that_there_are() -> None:
    assert len({(row.task, row.name) for row in ROWS}) == len(ROWS)
    for row in ROWS:
        assert row.task in SETTINGS
        assert row.transition is None or row.transition in CATALOG[row.cell].ranges
        assert row.why
        assert "arXiv" in row.source
    for name, setting in SETTINGS.items():
        assert setting.train[0] <= setting.train[1] < setting.test
        assert 0 < setting.task.chance <= 0.5
        assert {row.can for row in ROWS if row.task == name} == {True, False}


def test_every_cell_is_tried_and_parity_by_range() -> None:
    assert {row.cell for row in ROWS} == set(CATALOG)
    for cell in ("s6", "mingru"):
        assert not BY_NAME["parity", f"{cell} [0,1]"].can
        assert BY_NAME["parity", f"{cell} [-1,1]"].can


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.task} {row.name}")
def test_every_row_can_be_trained_and_tested(row: Row) -> None:
    found = train(row, 0, steps=1)
    assert found.steps == 1
    assert found.parameters < 100_000
    assert 0 <= found.short <= 1
    assert 0 <= found.long <= 1
    ends = [place for place, _ in found.curve]
    assert ends == sorted(ends)
    assert ends[-1] == SETTINGS[row.task].test + (8 if row.task == "selective-copying" else 0)


def test_one_row_and_seed_give_one_trial_and_leave_torch_s_generator() -> None:
    row = BY_NAME["parity", "mingru [0,1]"]
    before = torch.random.get_rng_state()
    assert train(row, 3, steps=4) == train(row, 3, steps=4)
    assert train(row, 3, steps=4) != train(row, 4, steps=4)
    assert torch.equal(torch.random.get_rng_state(), before)


def test_the_range_of_transitions_decides_parity() -> None:
    """Twenty times the training length is no harder for the one, and past it the other guesses."""
    can, cannot = (train(BY_NAME["parity", f"mingru {r}"], 0, steps=300) for r in ("[-1,1]", "[0,1]"))
    assert can.long > 0.95
    assert abs(cannot.long - 0.5) < 0.06
    assert cannot.curve[0][1] > cannot.curve[-1][1]


def test_training_ends_when_nothing_is_left_to_learn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expressivity.experiment, "ENOUGH", 1e9)
    monkeypatch.setattr(expressivity.experiment, "LOOK", 2)
    assert train(BY_NAME["parity", "mingru [0,1]"], 0, steps=50).steps == 2


def test_the_best_seed_is_held_against_theory() -> None:
    can, cannot = BY_NAME["parity", "gru"], BY_NAME["parity", "s4d"]
    assert Outcome(can, (trial(0.5), trial(0.95, 1))).agrees
    assert not Outcome(can, (trial(0.89),)).agrees
    assert Outcome(cannot, (trial(0.5), trial(0.89, 1))).agrees
    assert not Outcome(cannot, (trial(0.5), trial(0.9, 1))).agrees
    plain = Outcome(can, (trial(0.5), trial(0.95, 1))).to_json()
    assert plain["long"] == 0.95
    assert plain["learned"] is plain["agrees"] is plain["can"] is True
    assert [one["long"] for one in plain["trials"]] == [0.5, 0.95]


def test_progress_counts_networks() -> None:
    told: list[tuple[int, int, str]] = []
    rows = [BY_NAME["parity", "mingru [0,1]"], BY_NAME["parity", "gru"]]
    found = compare(rows, (5, 6), steps=1, progress=lambda *told_: told.append(told_))
    assert [done for done, _, _ in told] == [0, 1, 2, 3, 4]
    assert all(total == 4 for _, total, _ in told)
    assert told[2][2] == "parity: gru"
    assert [[t.seed for t in outcome.trials] for outcome in found] == [[5, 6], [5, 6]]


def test_only_the_cell_carries_anything_from_place_to_place() -> None:
    torch.manual_seed(0)
    network = Network("mingru", 5, 3, 8, 4, layers=2)
    symbols = torch.tensor([[1, 2, 3, 4, 0]])
    for cell in network.cells:
        torch.nn.init.zeros_(cell.out.weight)
    logits = network(symbols)
    assert logits.shape == (1, 5, 3)
    torch.testing.assert_close(network(symbols.flip(1)).flip(1), logits)
    assert network.size == sum(p.numel() for p in network.parameters())


def test_the_page_holds_every_task_and_row() -> None:
    outcomes = [Outcome(row, (trial(0.9), trial(0.4, 1))) for row in ROWS]
    text = page(outcomes, "0")
    assert text == page(outcomes, "0")
    for row in ROWS:
        assert f"<h2>{row.task}</h2>" in text
        assert row.name in text
    assert "0.900 (0.400–0.900)" in text
    assert text.count("<svg") == len(SETTINGS)
