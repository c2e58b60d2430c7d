"""``memento data-saving``: the curve as a table, as a document and on a page."""

from __future__ import annotations

ROLES = ("--real", "real", "--split", 0.6, "--synthetic", "apart")
ONCE = ("--sizes", "0,8", "--seeds", 1, "-e", 1, "-m", "linear")


def test_the_curve_is_told_and_drawn(observed):
    observed("generate", "tiny", "--seed", 9, "--branch", "apart")
    result = observed("data-saving", *ROLES, *ONCE, "-o", "saving.html")
    assert "real sessions tested on" in result.out
    assert "Wrote saving.html" in result.err
    assert "<svg" in (observed.folder / "saving.html").read_text()
    assert observed("data-saving", *ROLES, *ONCE, "-o", "saving.html", code=2).hint
    document = observed.json("data-saving", *ROLES, *ONCE, "--synthetic-epochs", 2)
    assert [point["sessions"] for point in document["points"]][:2] == [0, 8]
    assert set(document["needed"]) == {"alone", "pretrained"}


def test_what_it_refuses(observed):
    known = ("--real", "real", "--split", 0.6, "--synthetic", "main")
    assert "main knows" in observed("data-saving", *known, *ONCE, code=2).err
    assert observed("data-saving", *known, "--sizes", "few", code=2).hint
    assert observed("data-saving", *known, "-o", ".", code=2).hint
    twice = observed("data-saving", *known, "--synthetic", "main", *ONCE, code=2)
    assert "main is named twice as --synthetic" in twice.err


def test_each_real_revision_is_the_test_in_turn(observed):
    observed("generate", "tiny", "--seed", 9, "--branch", "apart")
    observed("generate", "tiny", "--seed", 10, "--branch", "other")
    given = ("--real", "main", "--real", "apart", "--synthetic", "apart", "--synthetic", "other", "--in-turns")
    once = ("--sizes", "0,50%", "--seeds", 1, "-e", 1, "-m", "linear")
    result = observed("data-saving", *given, *once, "-o", "turns.html")
    assert "synthetic, 0 real" in result.out.lower()
    assert "synthetic, 50% real" in result.out.lower()
    assert "Test by test" in (observed.folder / "turns.html").read_text()
    document = observed.json("data-saving", *given, *once)
    assert set(document["turns"]) == {"main", "apart"}
    assert document["turns"]["apart"]["synthetic"] < document["turns"]["main"]["synthetic"], "apart knows itself"


def test_turns_that_cannot_be_taken(observed):
    observed("generate", "tiny", "--seed", 9, "--branch", "apart")
    base = ("data-saving", "--synthetic", "apart", "--in-turns", "-m", "linear", "--seeds", 1)
    assert "two real revisions" in observed(*base, "--real", "main", code=2).err
    assert "named twice" in observed(*base, "--real", "main", "--real", "main", code=2).err
    again = observed(*base, "--real", "main", "--real", "apart", "--synthetic", "apart", code=2)
    assert "apart is named twice as --synthetic" in again.err
    assert "every synthetic revision knows apart" in observed(*base, "--real", "main", "--real", "apart", code=2).err
    assert "no --test" in observed(*base, "--real", "main", "--real", "apart", "--split", 0.5, code=2).err
    assert "more than 100%" in observed(*base, "--real", "main", "--sizes", "150%", code=2).err
