from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memento.errors import InvalidFile
from memento.formats.reading.notes import Names, Notes, fit_text, refuse
from memento.world.records import ID, MAX_TEXT

ANYTHING = st.text(st.characters(categories=None, exclude_categories=()), max_size=300)


def test_counts_with_their_first_examples() -> None:
    notes = Notes()
    for number in range(5):
        notes.add("rows left out", f"row-{number}")
    notes.add("rows left out", "row-0")
    notes.add("others")
    notes.add("nothing", count=0)
    assert notes.lines() == ["rows left out: 6 (such as row-0 · row-1 · row-2)", "others: 1"]
    assert notes.count("others") == 1


@given(texts=st.lists(ANYTHING, max_size=8))
def test_names_are_ids_and_never_meet(texts: list[str]) -> None:
    names = Names(Notes(), "memory")
    ids = [names.id(text) for text in texts]
    assert all(ID.fullmatch(name) and name.encode() for name in ids)
    assert len(set(ids)) == len(set(texts))
    assert ids == [names.id(text) for text in texts]


def test_names_that_fit_stay() -> None:
    notes = Notes()
    names = Names(notes, "memory")
    assert [names.id("a%20b"), names.id("mem:1~x")] == ["a%20b", "mem:1~x"]
    assert notes.lines() == []
    clash = names.id("a b")
    assert clash != "a%20b"
    assert notes.lines() == ["memory ids changed to fit: 1 (such as a b)"]


@given(texts=st.lists(ANYTHING, max_size=8, unique=True), longest=st.integers(20, 200))
def test_names_are_no_longer_than_they_may_be_and_distinct(texts: list[str], longest: int) -> None:
    names = Names(Notes(), "memory", longest)
    ids = [names.id(text) for text in texts]
    assert len(set(ids)) == len(ids)
    assert all(ID.fullmatch(name) and len(name) <= longest for name in ids)
    assert [names.id(text) for text in texts] == ids


@given(text=ANYTHING)
def test_texts_can_be_stored(text: str) -> None:
    fitted = fit_text(text, Notes(), "texts")
    fitted.encode()
    assert "\x00" not in fitted


def test_long_texts_are_cut() -> None:
    notes = Notes()
    assert len(fit_text("x" * (MAX_TEXT + 1), notes, "texts")) == MAX_TEXT
    assert notes.count(f"texts cut to {MAX_TEXT} characters") == 1


def test_very_many_faults_are_counted() -> None:
    with pytest.raises(InvalidFile) as caught:
        refuse("file", [f"fault {n}" for n in range(70)], "")
    assert len(caught.value.faults) == 51
    assert caught.value.faults[-1] == "and 20 more of the same file"
