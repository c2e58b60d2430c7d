"""Trained on each, tested on each."""

from __future__ import annotations

import pytest

from memento.errors import NotFound, UsageError
from memento.history import Repository
from memento.measure.matrix import matrix
from memento.measure.matrix_page import image, page, rows
from memento.measure.trials import Settings, Trials

QUICK = Settings("linear", 2, 0)


def test_every_cell_has_its_figure_and_is_kept(planted: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    found = matrix(planted, ["main", "other"], QUICK)
    assert set(found.cells) == {(0, 0), (0, 1), (1, 0), (1, 1)}
    assert not found.faults
    for other in (0, 1):
        assert len({found.cells[one, other].ceiling for one in (0, 1)}) == 1
    monkeypatch.setattr(Trials, "trained", None)
    assert matrix(planted, ["main", "other"], QUICK) == found
    assert page(found, QUICK, "0") == page(found, QUICK, "0")
    assert image(found).startswith(b"\x89PNG")
    assert [line[0] for line in rows(found)] == ["main", "other", "chance", "ceiling"]


def test_the_diagonal_is_what_training_ends_with(planted: Repository) -> None:
    tree = planted.tree_of(planted.resolve("main"))
    trials = Trials(planted)
    alone = trials.figures(tree, QUICK, ["ndcg"])["ndcg"]
    assert trials.transfer(tree, tree, QUICK)["ndcg"] == alone


def test_a_world_is_not_tested_on_what_its_training_saw(planted: Repository) -> None:
    """main~2 is an earlier main, whose last sessions main has fitted."""
    found = matrix(planted, ["main", "main~2"], QUICK)
    assert (1, 0) in found.cells
    assert found.faults == {(0, 1): "training has seen its last sessions"}
    assert rows(found)[0][2] == "-"
    assert page(found, QUICK, "0")
    assert image(found)


def test_what_makes_no_matrix_is_refused(planted: Repository) -> None:
    with pytest.raises(UsageError, match="makes no matrix"):
        matrix(planted, ["main"], QUICK)
    with pytest.raises(UsageError, match="named twice"):
        matrix(planted, ["main", "main"], QUICK)
    with pytest.raises(NotFound, match="ndgc"):
        matrix(planted, ["main", "other"], QUICK, "ndgc")
