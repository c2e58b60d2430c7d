from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from world.worlds import base_state, record

from memento.changes.batch import MAX_FILE, parse_words, read_file, read_record_text, read_text, record_text
from memento.changes.operations import Add, Delete, Operation, Set, Supersede, describe, from_map, to_map
from memento.errors import InvalidFile, MementoError, UsageError
from memento.world.records import TABLES, Field
from memento.world.values import to_column, to_plain


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("memory:m-1 importance=0.9 text=hello", [Set("memories", "m-1", {"importance": 0.9, "text": "hello"})]),
        ("memory:new text=x", [Add("memories", {"text": "x"})]),
        ("add entity:e-9 name=nine", [Add("entities", {"id": "e-9", "name": "nine"})]),
        ("session:s-1 delete", [Delete("sessions", "s-1")]),
        ("delete memories:m-1 cascade", [Delete("memories", "m-1", cascade=True)]),
        ("supersede memory:m-1 text=y", [Supersede("m-1", {"text": "y"})]),
        ("memory:m-1 supersede id=m-2", [Supersede("m-1", {"id": "m-2"})]),
        ("turn:s-1.0 cites=m-1,m-0", [Set("turns", "s-1.0", {"cites": ["m-0", "m-1"]})]),
        ("candidate:s-1/m-1 used=yes", [Set("candidates", "s-1/m-1", {"used": True})]),
        ("memory:m-1 text=a:b=c entity=null", [Set("memories", "m-1", {"text": "a:b=c", "entity": None})]),
        ("memory:m:1 text=x", [Set("memories", "m:1", {"text": "x"})]),
        (
            "memory:m-1 pinned=true memory:m-2 delete entity:e-1 name=q",
            [
                Set("memories", "m-1", {"pinned": True}),
                Delete("memories", "m-2"),
                Set("entities", "e-1", {"name": "q"}),
            ],
        ),
    ],
)
def test_words(words: str, expected: list[Operation]) -> None:
    assert parse_words(words.split()) == expected


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        ("", "names no record"),
        ("importance=0.9", "stands before any record"),
        ("memory:m-1", "says nothing to set"),
        ("memory:m-1 importance=much", "importance='much' is not a number from 0 to 1"),
        ("memory:m-1 importanc=1", "did you mean importance"),
        ("memroy:m-1 text=x", "did you mean memory"),
        ("memory:m-1 hello", "'hello' is not field=value"),
        ("entity:e-1 supersede name=x", "only a memory can be superseded"),
        ("memory:m-1 delete now", "delete takes no 'now'"),
        ("delete", "delete names no record"),
    ],
)
def test_words_that_are_wrong(words: str, fault: str) -> None:
    with pytest.raises(InvalidFile, match="(?s)" + fault.replace("(", "\\(")):
        parse_words(words.split())


def test_all_faulty_words_are_told() -> None:
    with pytest.raises(InvalidFile) as caught:
        parse_words(["memory:m-1", "importance=2", "pinned=perhaps", "entity:e-1", "nam=x"])
    assert len(caught.value.faults) == 3


OPERATIONS: list[Operation] = [
    Set("memories", "m-1", {"importance": 0.9, "created_at": "2026-01-01T00:00:00Z"}),
    Add("turns", {"session": "s-1", "text": "hi", "cites": ["m-1"]}),
    Delete("sessions", "s-1"),
    Delete("memories", "m-1", cascade=True),
    Supersede("m-1", {"text": "x"}),
]


def test_plain_form_there_and_back() -> None:
    for operation in OPERATIONS:
        plain = json.loads(json.dumps(to_map(operation)))
        assert from_map(plain) == operation
        assert describe(operation)


def test_the_three_batch_files_say_the_same(tmp_path: Path) -> None:
    plain = [to_map(operation) for operation in OPERATIONS]
    (tmp_path / "a.jsonl").write_text("\n".join(json.dumps(p) for p in plain) + "\n\n")
    (tmp_path / "a.json").write_text(json.dumps(plain, indent=1))
    (tmp_path / "a.toml").write_text(
        """
        [[edit]]
        set = "memory:m-1"
        values = {importance = 0.9, created_at = "2026-01-01T00:00:00Z"}
        [[edit]]
        add = "turn"
        values = {session = "s-1", text = "hi", cites = ["m-1"]}
        [[edit]]
        delete = "session:s-1"
        [[edit]]
        delete = "memory:m-1"
        cascade = true
        [[edit]]
        supersede = "memory:m-1"
        [edit.values]
        text = "x"
        """
    )
    for name in ("a.jsonl", "a.json", "a.toml"):
        assert read_file(tmp_path / name) == OPERATIONS
    assert [o.where for o in read_file(tmp_path / "a.jsonl")] == [f"line {n}" for n in range(1, 6)]
    assert read_file(tmp_path / "a.toml")[1].where == "line 5"


@pytest.mark.parametrize(
    ("suffix", "content", "fault"),
    [
        (".jsonl", '{"set": "memory:m"}\n{"set"', "line 2: not JSON"),
        (".jsonl", '{"put": "memory:m"}', "line 1: not an operation"),
        (".jsonl", '{"set": "memory:m", "add": "memory"}', "line 1: not an operation"),
        (".jsonl", '{"set": "memory"}', "line 1: 'memory' names no record"),
        (".jsonl", '{"set": "memory:m", "value": {}}', "line 1: set has no 'value'"),
        (".jsonl", '{"set": "memory:m", "values": [1]}', "line 1: values must be a map"),
        (".jsonl", '{"delete": "memory:m", "cascade": 1}', "cascade must be true or false"),
        (".jsonl", '{"set": "memory:m", "values": {"importance": NaN}}', "NaN is not a number"),
        (".jsonl", "", "holds no operation"),
        (".json", '{"set": "memory:m"}', "must be a list"),
        (".json", "[", "not JSON"),
        (".json", "[" * 100_000, "not JSON"),
        (".toml", "[[edit]", "not TOML"),
        (".toml", "[[edits]]\n", "unknown key 'edits'"),
        (".toml", "edit = 3", r"must hold \[\[edit\]\] tables"),
        (".toml", '[[edit]]\nset = "memory:m"\n\n[[edit]]\nset = 3', "line 4: not an operation"),
    ],
)
def test_a_faulty_batch_names_the_place(suffix: str, content: str, fault: str) -> None:
    with pytest.raises(InvalidFile, match=fault):
        read_text(content.encode(), suffix, "batch")


def test_batch_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"must end in|not a batch file"):
        read_file(tmp_path / "a.txt")
    with pytest.raises(UsageError, match="cannot read"):
        read_file(tmp_path / "a.json")
    (tmp_path / "b.json").write_bytes(b"[]" + b" " * MAX_FILE)
    with pytest.raises(UsageError, match="limit"):
        read_file(tmp_path / "b.json")
    with pytest.raises(InvalidFile, match="line 2: not UTF-8"):
        read_text(b'{"delete": "memory:m"}\n\xff', ".jsonl", "batch")


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode), st.sampled_from([".jsonl", ".json", ".toml"]))
@settings(max_examples=200, deadline=None)
def test_any_bytes_give_operations_or_our_error(data: bytes, suffix: str) -> None:
    with contextlib.suppress(MementoError):
        read_text(data, suffix, "batch")


def values(field: Field) -> st.SearchStrategy[Any]:
    """Plain values that a field can hold."""
    ids = st.from_regex(r"[a-z0-9.:'\"é-]{1,12}", fullmatch=True)
    low, high = max(field.low, -(2**62)), min(field.high, 2**62)
    by_kind: dict[str, st.SearchStrategy[Any]] = {
        "text": st.sampled_from(field.choices)
        if field.choices
        else st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1),
        "ref": ids,
        "set": st.lists(ids, max_size=3, unique=True).map(sorted),
        "bool": st.booleans(),
        "int": st.integers(int(low), int(high)),
        "time": st.integers(int(low), int(high)),
        "float": st.floats(max(field.low, -1e300), min(field.high, 1e300)),
    }
    found = by_kind[field.kind]
    return st.none() | found if field.nullable else found


@given(
    st.sampled_from(sorted(TABLES)).flatmap(
        lambda t: st.tuples(st.just(t), st.fixed_dictionaries({f.name: values(f) for f in TABLES[t].fields}))
    )
)
@settings(max_examples=150, deadline=None)
def test_a_record_survives_the_editor(case: tuple[str, dict[str, Any]]) -> None:
    table, plain = case
    if "id" in plain:
        plain["id"] = "x-1"
    plain = {f.name: to_plain(f, to_column(f, plain[f.name], "")) for f in TABLES[table].fields}
    text = record_text(table, plain, "memory of a day")
    assert read_record_text(table, plain, text) == []
    other = {**record(table), **{name: plain[name] for name in TABLES[table].key}}
    for field in TABLES[table].fields:
        if field.required and other[field.name] is None:
            other[field.name] = plain[field.name]
    back = read_record_text(table, other, text)
    changes = back[0].values if back else {}  # type: ignore[union-attr]
    assert {**other, **changes} == plain


def test_an_edited_record_gives_one_set() -> None:
    memory = base_state()["memories"]["m-0"]
    text = record_text("memories", memory)
    changed = text.replace("importance = 0.5", "importance = 0.75").replace("# peak_hour =", "peak_hour = 7")
    assert read_record_text("memories", memory, changed) == [
        Set("memories", "m-0", {"importance": 0.75, "peak_hour": 7})
    ]
    without = "\n".join(line for line in text.split("\n") if not line.startswith("aspect ="))
    assert read_record_text("memories", memory, without) == [Set("memories", "m-0", {"aspect": None})]


def test_faults_of_an_edited_record_name_the_line() -> None:
    memory = base_state()["memories"]["m-0"]
    text = record_text("memories", memory)
    number = text.split("\n").index("importance = 0.5") + 1
    with pytest.raises(InvalidFile, match=f"line {number}: importance=5.5 is not a number from 0 to 1"):
        read_record_text("memories", memory, text.replace("importance = 0.5", "importance = 5.5"))
    broken = text.replace("importance = 0.5", "importance = ")
    with pytest.raises(InvalidFile, match=f"not TOML: .*line {number}"):
        read_record_text("memories", memory, broken)
    wrong = text.replace("importance = 0.5", "importanc = 0.5") + 'id = "other"\n'
    with pytest.raises(InvalidFile) as caught:
        read_record_text("memories", memory, wrong)
    assert caught.value.faults[0].startswith(f"line {number}: no field of memory named 'importanc'")
    assert caught.value.faults[1:] == ("importance is missing; it must be a number from 0 to 1", "id is permanent")
