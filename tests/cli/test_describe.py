from __future__ import annotations


def test_a_world_is_told_and_drawn(world):
    result = world("describe", "main", "-o", "page.html")
    assert "20 dB asked" in result.out
    assert "PLANTED" in result.out.upper()
    assert "recency" in result.out
    text = (world.folder / "page.html").read_text()
    assert text.startswith("<!DOCTYPE html>")
    document = world.json("describe", "main")
    assert sum(map(sum, document["activity"])) == document["sizes"]["sessions"]
    assert document["labels"]["asked_db"] == 20.0


def test_an_imported_world_has_no_rules(observed):
    result = observed("describe", "real")
    assert "imported" in result.out
    assert "SNR" not in result.out


def test_bad_input(world):
    assert world("describe", "mian", code=2).hint
    world("describe", "-o", "page.html")
    assert "--force" in world("describe", "-o", "page.html", code=2).hint
