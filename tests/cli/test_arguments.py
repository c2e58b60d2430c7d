from __future__ import annotations

import pytest

from memento.cli.arguments import is_record, record_name, split_records
from memento.errors import NotFound, UsageError


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
