from __future__ import annotations

import re

import numpy as np
import pytest

from memento.errors import NotFound, UsageError
from memento.find import grep as module
from memento.find.grep import Grep, Match, text_fields
from memento.language.matching import compile_pattern
from memento.world import tree
from memento.world.objects import MemoryObjects
from memento.world.records import TABLES
from memento.world.table import Table
from memento.world.tree import Delta
from memento.world.world import Manifest, World

START = 1_767_225_600


def small(count: int = 150) -> World:
    memories = [
        {"id": f"m-{n}", "text": f"deploy {n} to us-east" if n % 50 == 7 else f"note {n}", "created_at": START + n,
         "value": "Zoë 世界" if n == 3 else ""}
        for n in range(count)
    ]  # fmt: skip
    sessions = [{"id": "s-1", "started_at": START, "ended_at": START + 60}]
    turns = [{"id": "t-1", "session": "s-1", "text": "first line\nplease deploy it\n\nand deploy again"}]
    tables = {
        name: Table.from_records(TABLES[name], records)
        for name, records in (("memories", memories), ("sessions", sessions), ("turns", turns))
    }
    return World.build(Manifest(clock=START), tables)


@pytest.fixture
def stored() -> tuple[MemoryObjects, str]:
    store = MemoryObjects()
    return store, tree.write(store, small())


def found(stored: tuple[MemoryObjects, str], text: str, **options: bool) -> list[str]:
    grep = Grep(stored[0], compile_pattern(text, **options), text_fields())
    return [match.place for match in grep.matches(stored[1])]


def test_every_text_field_of_every_record_is_looked_through(stored: tuple[MemoryObjects, str]) -> None:
    memories = ["memory:m-7.text", "memory:m-57.text", "memory:m-107.text"]
    assert found(stored, "deploy") == [*memories, "turn:t-1.text", "turn:t-1.text"]
    assert found(stored, r"deploy \d+ to") == memories
    assert found(stored, "(deploy|nothing) 57") == ["memory:m-57.text"]
    assert found(stored, "DEPLOY", ignore_case=True)[:3] == memories
    assert found(stored, "世界") == ["memory:m-3.value"]
    assert found(stored, "zoË", ignore_case=True) == ["memory:m-3.value"]
    assert found(stored, "us-e.st", fixed=True) == []
    assert found(stored, "m-7") == []


def test_a_text_of_lines_is_matched_by_line(stored: tuple[MemoryObjects, str]) -> None:
    grep = Grep(stored[0], compile_pattern("deploy"), text_fields(["turns"]))
    assert grep.matches(stored[1]) == [
        Match("turns", "t-1", "text", 2, "please deploy it", ((7, 13),)),
        Match("turns", "t-1", "text", 4, "and deploy again", ((4, 10),)),
    ]
    assert found(stored, "^and")[0] == "turn:t-1.text"
    assert found(stored, "^$")


def test_it_finds_what_looking_at_each_record_finds(stored: tuple[MemoryObjects, str]) -> None:
    world = small()
    for text in ("o", "e.*1", r"\bnote 1?4\d?$", "", "[57]$"):
        pattern = re.compile(text)
        expected = sorted(
            f"{TABLES[table].singular}:{key}.{name}"
            for table, names in text_fields().items()
            for name in names
            for key, value in zip(world.tables[table].keys, world.tables[table][name].tolist(), strict=True)
            for line in value.split("\n")
            if pattern.search(line)
        )
        assert sorted(m.place for m in Grep(stored[0], pattern, text_fields()).matches(stored[1])) == expected


def test_a_chunk_is_looked_through_once_for_many_worlds(
    stored: tuple[MemoryObjects, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    store, tree_id = stored
    row = tree.find(store, tree_id, "memories", ["m-7"])
    other = tree.apply(store, tree_id, Delta({"memories": row.replace(text=np.array(["deploy nowhere"], object))}))
    grep = Grep(store, compile_pattern("deploy"), text_fields(["memory"]))
    assert len(grep.matches(tree_id)) == 3
    decoded: list[str] = []
    plain = module.chunk.decode
    monkeypatch.setattr(module.chunk, "decode", lambda *a: decoded.append(a[2][0][1]) or plain(*a))
    assert grep.matches(other)[0].text == "deploy nowhere"
    assert len(decoded) == 1
    assert grep.matches(tree_id)[0].text == "deploy 7 to us-east"


def test_chunks_without_the_letters_are_not_decoded(
    stored: tuple[MemoryObjects, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*arguments: object) -> None:
        raise AssertionError

    monkeypatch.setattr(module.chunk, "decode", fail)
    assert found(stored, "nowhere to be seen.*") == []
    with pytest.raises(AssertionError):
        found(stored, "deploy.*")


def test_tables_and_fields(stored: tuple[MemoryObjects, str]) -> None:
    assert text_fields(["memory"], ["text", "value"]) == {"memories": ("text", "value")}
    assert text_fields(fields=["role"]) == {"turns": ("role",)}
    assert all("id" not in names for names in text_fields().values())
    with pytest.raises(NotFound, match="no table named"):
        text_fields(["memry"])
    with pytest.raises(NotFound, match="no text field named 'txt'") as caught:
        text_fields(["memories"], ["txt"])
    assert "text" in caught.value.hint
    with pytest.raises(UsageError, match="importance is no text"):
        text_fields(fields=["importance"])
