from __future__ import annotations

import os
from pathlib import Path

import pytest
from patterns.worlds import DAY, START, world_of

from memento.render import Spec, cache, render
from memento.render.cache import Cache
from memento.world.world import World

SPEC = Spec(dimension=8)


class Source:
    """A world that counts how often it is asked for."""

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self) -> World:
        self.asked += 1
        return world_of(
            memories=[{"id": "m-0"}, {"id": "m-1", "created_at": START - DAY}],
            sessions=[{"id": "s", "ended_at": START + DAY}],
            candidates=[{"session": "s", "memory": f"m-{n}", "rank": n} for n in range(2)],
        )


def test_a_tree_is_rendered_once(tmp_path: Path) -> None:
    kept, source = Cache(tmp_path / "renderings"), Source()
    first = kept.rendering("tree", SPEC, source, commit="one")
    second = kept.rendering("tree", SPEC, source, commit="two")
    assert source.asked == 1
    assert (first.commit, second.commit) == ("one", "two")
    assert first.digest == second.digest == render(source(), SPEC).digest


def test_trees_and_specs_have_entries_of_their_own(tmp_path: Path) -> None:
    kept, source = Cache(tmp_path), Source()
    for tree, spec in (("a", SPEC), ("b", SPEC), ("a", Spec("clean", 8)), ("a", Spec(dimension=9))):
        kept.rendering(tree, spec, source)
    assert source.asked == 4
    assert len(list(tmp_path.iterdir())) == 4


def test_another_schema_reads_no_old_entry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept, source = Cache(tmp_path), Source()
    kept.rendering("tree", SPEC, source)
    monkeypatch.setattr(cache, "schema_hash", lambda: "other")
    assert kept.get("tree", SPEC) is None


@pytest.mark.parametrize("damage", ["cut", "flip", "empty", "foreign"])
def test_a_corrupt_entry_is_a_miss_and_is_replaced(tmp_path: Path, damage: str) -> None:
    kept, source = Cache(tmp_path), Source()
    whole = kept.rendering("tree", SPEC, source)
    path = kept.path("tree", SPEC)
    data = path.read_bytes()
    if damage == "foreign":
        os.replace(path, kept.path("other", SPEC))
        path.write_bytes(kept.path("other", SPEC).read_bytes())
        assert kept.get("other", SPEC) is None
        return
    path.write_bytes({"cut": data[:-9], "flip": data[:-1] + bytes([data[-1] ^ 1]), "empty": b""}[damage])
    assert kept.get("tree", SPEC) is None
    assert kept.rendering("tree", SPEC, source).digest == whole.digest
    assert source.asked == 2
    assert path.read_bytes() == data


def test_a_folder_that_cannot_be_made_is_no_failure(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    kept, source = Cache(tmp_path / "file"), Source()
    assert len(kept.rendering("tree", SPEC, source)) == 1


def test_the_longest_unused_go_first(tmp_path: Path) -> None:
    kept, source = Cache(tmp_path), Source()
    for age, tree in enumerate("abc"):
        kept.rendering(tree, SPEC, source)
        os.utime(kept.path(tree, SPEC), ns=(age, age))
    kept.limit = 3 * kept.path("a", SPEC).stat().st_size
    kept.get("a", SPEC)
    kept.rendering("d", SPEC, source)
    assert [kept.path(tree, SPEC).is_file() for tree in "abcd"] == [True, False, True, True]
    kept.limit = 0
    kept.rendering("e", SPEC, source)
    assert [kept.path(tree, SPEC).is_file() for tree in "abcde"] == [False, False, False, False, True]
    assert kept.clear() == 1
    assert kept.clear() == 0
