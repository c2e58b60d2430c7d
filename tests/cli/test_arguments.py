from __future__ import annotations

import pytest

from memento.cli.arguments import is_record, overrides, record_name, split_records
from memento.errors import InvalidFile, NotFound, UsageError


def test_record_names():
    name = record_name("memory:a-1@main~3")
    assert (name.table, name.key, name.revision) == ("memories", "a-1", "main~3")
    assert str(name) == "memory:a-1"
    assert record_name("candidates:s/m").key == "s/m"
    assert record_name("memory:a@@{1}").revision == "@{1}"


@pytest.mark.parametrize("text", ["memory", "memory:", ":a", "memory:a@", "memory:@main"])
def test_other_shapes_are_refused(text):
    with pytest.raises(UsageError):
        record_name(text)


def test_kinds_that_are_not_there():
    with pytest.raises(NotFound, match="memry"):
        record_name("memry:a")


def test_records_and_revisions_are_told_apart():
    assert is_record("memory:a")
    assert not is_record("main~3")
    revisions, records = split_records(["main", "memory:a", "main~1"])
    assert revisions == ["main", "main~1"]
    assert [record.key for record in records] == ["a"]


@pytest.mark.parametrize(
    ("text", "record"),
    [
        ("memory:a", True), ("memory:a@main@{2026-01-15T10:00}", True), ("main", False), (":/deploy", False),
        ("main@{2026-01-15T10:00}", False), ("main^{/a: b}", False),
    ],
)  # fmt: skip
def test_a_colon_alone_makes_no_record(text, record):
    assert is_record(text) == record


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["a=1", "a=2"], "a is set twice"), (["a=1", " a =2"], "a is set twice"), (["a"], "is not KEY=VALUE"),
        (["=1"], "is not KEY=VALUE"), (["a="], "is not KEY=VALUE"), (["a= "], "is not KEY=VALUE"),
    ],
)  # fmt: skip
def test_settings_are_keys_with_values_and_each_once(words, said):
    with pytest.raises(InvalidFile, match=said):
        overrides(words, "hint")
    assert overrides(["a=1", "b=x=y"], "") == {"a": "1", "b": "x=y"}


@pytest.mark.parametrize(
    "line",
    [
        ("generate", "tiny"), ("demo", "d", "--scenario", "tiny"), ("train", "main", "-o", "x"),
        ("replay", "main", "new", "--at-time", "2026-03-10T00:00:00Z"),
    ],
)  # fmt: skip
def test_every_set_is_read_alike(world, line):
    for words, said in ((("--set", "time.days=7", "--set", "time.days=8"), "twice"), (("--set", "x"), "not KEY=VALUE")):
        assert said in world(*line, *words, code=2).err
    assert not (world.folder / "d").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("models -e 3 -d 128", "--epochs, --dimension have no use where no revision is named"),
        ("models -m linear", "--models has no use where no revision is named"),
        ("value main --epochs 3", "--epochs has no use without --against"),
        ("value main --model nope", "no model named 'nope'"),
        ("regenerate main -b x --uplift", "--branch has no use with --uplift"),
        ("regenerate main -b x --seeds 3", "--seeds has no use without --uplift"),
        ("regenerate main -b x --steps 3", "--steps has no use without --personalise"),
        ("entigraph main --curve", "REV has no use with --curve"),
        ("ab list extra", "list takes no name"),
        ("ab status x --count 3", "--count has no use to status"),
        ("ab open x --prefer a", "--prefer has no use to open"),
    ],
)
def test_what_has_no_use_is_told(world, words: str, said: str):
    done = world(*words.split(), code=2)
    assert said in done.err
    assert done.hint
