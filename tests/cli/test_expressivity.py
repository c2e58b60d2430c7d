"""``memento expressivity``: options, the table, the document, the page."""

from __future__ import annotations

import json

import pytest

from memento.cli.commands import expressivity
from memento.measure.expressivity import ROWS, SETTINGS
from memento.models.cells import CATALOG

QUICK = ("expressivity", "--steps", "1", "--task", "parity", "--cell", "mingru")


def test_choices_are_those_of_their_rooms():
    assert tuple(SETTINGS) == expressivity.TASKS
    assert tuple(CATALOG) == expressivity.CELLS


def test_a_table_without_a_repository(memento):
    done = memento(*QUICK)
    lines = done.out.splitlines()
    assert lines[0].split() == ["TASK", "CELL", "SHORT", "LONG", "CHANCE", "THEORY", "AGREES", "WHY"]
    assert [line.split()[:3] for line in lines[1:3]] == [["parity", "mingru", "[0,1]"], ["parity", "mingru", "[-1,1]"]]
    assert "of 2 as theory says" in lines[3]
    assert "trained on lengths 3 to 40 (short), tested on places 41 to 256 (long)" in done.out
    assert "theory: Grazzi" in done.out
    assert "memento expressivity --task parity --cell mingru" in done.hint


def test_the_document_holds_every_seed(memento):
    document = memento(*QUICK, "--seeds", "2", "--seed", "7", "--json").json
    assert document["schema"] == "memento.expressivity/1"
    assert document["seeds"] == [7, 8]
    rows = document["outcomes"]
    assert [(row["cell"], row["transition"]) for row in rows] == [("mingru", "[0,1]"), ("mingru", "[-1,1]")]
    assert document["agree"] == sum(row["agrees"] for row in rows)
    for row in rows:
        assert [one["seed"] for one in row["trials"]] == [7, 8]
        assert row["long"] == max(one["long"] for one in row["trials"])
        assert row["chance"] == 0.5


def test_several_seeds_show_their_range(memento):
    assert "–" in memento(*QUICK, "--seeds", "2").out


def test_a_page_is_drawn_and_never_written_over(memento, tmp_path):
    place = tmp_path / "e.html"
    assert "Wrote" in memento(*QUICK, "-o", str(place)).err
    assert "<svg" in place.read_text()
    before = place.read_bytes()
    assert "is there already" in memento(*QUICK, "-o", str(place), code=2).err
    memento(*QUICK, "-o", str(place), "--force")
    assert place.read_bytes() == before
    assert "is a folder" in memento(*QUICK, "-o", str(tmp_path), code=2).err
    assert "no folder" in memento(*QUICK, "-o", str(tmp_path / "none" / "e.html"), code=2).err


def test_what_is_not_tried_is_refused(memento):
    done = memento("expressivity", "--task", "selective-copying", "--cell", "gru", code=2)
    assert "selective-copying is not tried with gru" in done.err
    assert "s4d, s6" in done.hint
    assert "parity" in memento("expressivity", "--task", "party", code=2).err
    assert memento("expressivity", "--seeds", "0", code=2).out == ""
    assert memento("expressivity", "--steps", "x", code=2).out == ""
    assert "none is to be written" in memento(*QUICK, "--force", code=2).err


@pytest.mark.parametrize("task", list(SETTINGS))
def test_every_task_has_a_row_for_a_choice_of_cell(task):
    assert {row.cell for row in ROWS if row.task == task} <= set(expressivity.CELLS)


def test_json_is_one_document(memento):
    assert json.loads(memento(*QUICK, "--json").out)
