from __future__ import annotations


def test_all_is_well(world):
    result = world("fsck")
    assert "all is well" in result.err
    document = world.json("fsck", "--full")
    assert document["faults"] == []
    assert document["worlds"] == 4
    assert document["exit_code"] == 0


def test_a_contradiction_ends_in_one(world):
    first, second = world.ids("memories")[:2]
    world("edit", "main", f"memory:{first}", f"superseded_by={second}", "deleted=yes", f"memory:{second}",
          f"superseded_by={first}", "deleted=yes")  # fmt: skip
    result = world("fsck", code=1)
    assert "contradiction" in result.out
    assert "(on main)" in result.out
    assert world("fsck", "main~1").code == 0


def test_what_is_corrupt_ends_in_four(world):
    world("fork", "main", "side")
    (world.folder / ".memento/refs/heads/side").write_text("no commit\n")
    result = world("fsck", code=4)
    assert "corrupt" in result.out
    assert "refs/heads/side" in result.out
    assert result.hint
    assert world.json("fsck", code=4)["faults"][0]["kind"] == "corrupt"


def test_an_unknown_revision(world):
    assert "did you mean main?" in world("fsck", "mian", code=2).hint
