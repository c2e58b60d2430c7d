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
