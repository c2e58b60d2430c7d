from __future__ import annotations

import pytest

from memento import errors
from memento.errors import CorruptRecord, InvalidFile, MementoError, NotFound, UsageError, nearest


def test_exit_codes() -> None:
    assert errors.ConflictError.exit_code == 1
    assert UsageError.exit_code == NotFound.exit_code == InvalidFile.exit_code == 2
    assert errors.RepositoryNotFound.exit_code == 3
    assert errors.StoreError.exit_code == CorruptRecord.exit_code == errors.NewerFormat.exit_code == 4


def test_the_hint_follows_the_message() -> None:
    assert str(MementoError("it broke", "mend it")) == "it broke\nHint: mend it"
    assert str(MementoError("it broke")) == "it broke"


def test_not_found_names_the_nearest() -> None:
    error = NotFound("branch", "mian", ["main", "trial", "maine"], "memento branch lists them")
    assert error.message == "no branch named 'mian'"
    assert error.hint.startswith("did you mean main")
    assert error.hint.endswith("memento branch lists them")
    assert NotFound("branch", "zzz", ["main"]).hint == ""
    assert nearest("mian", ["main", "trial"]) == ["main"]


@pytest.mark.parametrize(("faults", "head"), [(["a"], "f.toml: 1 fault"), (["a", "b"], "f.toml: 2 faults")])
def test_all_faults_are_listed(faults: list[str], head: str) -> None:
    error = InvalidFile("f.toml", faults)
    assert error.message.split("\n") == [head, *(f"  - {fault}" for fault in faults)]
    assert error.faults == tuple(faults)


def test_corrupt_record_says_where() -> None:
    assert CorruptRecord("too short", "abc", "memories/a").message == "corrupt object abc (memories/a): too short"
    assert CorruptRecord("too short").message == "corrupt data: too short"
    assert "only what lies in this object is affected" in CorruptRecord("x").hint
