"""Answers are offered again to exactly what they answered, and to nothing else."""

from __future__ import annotations

import pytest

from memento.changes.conflict import Conflict, Fix, Resolution, Violation
from memento.errors import ConflictError, CorruptRecord, NotFound, StoreError, UsageError
from memento.history import Repository
from memento.history.merges import Merge, Merges
from memento.history.mergestate import MergeState
from memento.history.remembered import Remembered
from memento.history.replay import Replayed

from .conftest import edited, importance

CONFLICT = Conflict("memories", "m0-1", "importance", "field", 0.5, 0.25, 0.75)
FIXES = (
    Fix("keep the newer", ({"op": "set", "table": "memories", "key": "m0-1", "fields": {"deleted": True}},)),
    Fix("keep both", ({"op": "set", "table": "aspects", "key": "a-1", "fields": {"single_valued": False}},)),
)
VIOLATION = Violation("two live values", "aspects", "a-1", "2 values live", ("memory:m0-1", "memory:m0-2"), FIXES)


@pytest.fixture
def remembered(tmp_path) -> Remembered:  # type: ignore[no-untyped-def]
    return Remembered(tmp_path / "remembered", durable=False)


@pytest.fixture
def parted(repository: Repository, first: str) -> Merges:
    """Main and trial with one field apart."""
    repository.fork("main", "trial")
    for branch, value in (("main", 0.25), ("trial", 0.75)):
        tree_id = edited(repository, repository.tree_of(branch), "m0-1", value)
        repository.commit(branch, tree_id, f"{branch} says {value}")
    return Merges(repository)


def answered(merges: Merges, choice: str, value: object = None) -> Merge:
    """Answers the one open conflict, and goes on."""
    found = merges.in_progress()
    assert found is not None
    assert found.result is not None
    (conflict,) = found.result.conflicts
    merges.resolve([conflict.resolution(choice, value)])
    return merges.finish()


@pytest.mark.parametrize("choice", ["ours", "theirs", "base", "value"])
def test_an_answer_fits_with_the_sides_exchanged(remembered: Remembered, choice: str) -> None:
    given = CONFLICT.resolution(choice, 0.625 if choice == "value" else None)
    remembered.learn([(CONFLICT, given)], "Merging trial into main")
    turned = Conflict("memories", "m0-1", "importance", "field", 0.5, 0.75, 0.25)
    for conflict in (CONFLICT, turned):
        known = remembered.answer(conflict)
        assert known is not None
        resolution = known.resolution(conflict)
        assert resolution.id == conflict.id
        assert conflict.value_of(resolution) == CONFLICT.value_of(given)
    assert known.resolution(turned).choice == {"ours": "theirs", "theirs": "ours"}.get(choice, choice)


def test_another_conflict_has_no_answer(remembered: Remembered) -> None:
    remembered.learn([(CONFLICT, CONFLICT.resolution("ours"))], "Merging trial into main")
    for other in (
        Conflict("memories", "m0-2", "importance", "field", 0.5, 0.25, 0.75),
        Conflict("memories", "m0-1", "importance", "field", 0.375, 0.25, 0.75),
        Conflict("memories", "m0-1", "importance", "field", 0.5, 0.25, 0.875),
        Conflict("memories", "m0-1", "importance", "field", None, 0.25, 0.75, base_known=False),
    ):
        assert remembered.answer(other) is None


def test_a_file_under_the_wrong_name_answers_nothing(remembered: Remembered) -> None:
    """Ten digits may collide; the whole question decides."""
    remembered.learn([(CONFLICT, CONFLICT.resolution("ours"))], "x")
    other = Conflict("memories", "m0-2", "importance", "field", 0.5, 0.25, 0.75)
    (remembered.folder / CONFLICT.reuse_id).rename(remembered.folder / other.reuse_id)
    assert remembered.answer(other) is None


def test_a_violation_is_answered_by_the_same_fix_or_accepted(remembered: Remembered) -> None:
    remembered.learn([(VIOLATION, VIOLATION.resolution("fix", 2))], "x")
    turned = Violation("two live values", "aspects", "a-1", "2 values live", VIOLATION.involved, FIXES[::-1])
    known = remembered.answer(turned)
    assert known is not None
    assert known.words == "keep both"
    assert known.resolution(turned) == Resolution(turned.id, "fix", list(FIXES[1].operations))
    remembered.learn([(VIOLATION, VIOLATION.resolution("accept"))], "x")
    again = remembered.answer(turned)
    assert again is not None
    assert again.resolution(turned) == Resolution(turned.id, "accept")


def test_a_violation_whose_fixes_set_other_values_has_no_answer(remembered: Remembered) -> None:
    """Its id is the same, since that names records alone."""
    remembered.learn([(VIOLATION, VIOLATION.resolution("fix", 1))], "x")
    other = Violation(VIOLATION.kind, "aspects", "a-1", "2 values live", VIOLATION.involved, FIXES[1:])
    assert other.id == VIOLATION.id
    assert remembered.answer(other) is None


def test_answers_are_listed_and_forgotten(remembered: Remembered) -> None:
    assert remembered.all() == []
    remembered.learn([(CONFLICT, CONFLICT.resolution("theirs")), (VIOLATION, VIOLATION.resolution("fix", 1))], "x")
    assert [(a.place, a.words) for a in remembered.all()] == [
        ("aspect:a-1", "keep the newer"), ("memory:m0-1.importance", "0.75"),
    ]  # fmt: skip
    with pytest.raises(NotFound):
        remembered.forget(["n000"])
    with pytest.raises(UsageError, match="begins 2 ids"):
        remembered.forget(["n"])
    assert remembered.forget([CONFLICT.reuse_id[:6]]) == [CONFLICT.reuse_id]
    assert remembered.answer(CONFLICT) is None
    assert len(remembered.clear()) == 1
    assert remembered.clear() == []


@pytest.mark.parametrize("data", [b"", b"\xff", b"\x80", b"\x81\xa6format\x01"])
def test_a_file_that_cannot_be_read_is_told_and_can_be_forgotten(remembered: Remembered, data: bytes) -> None:
    remembered.learn([(CONFLICT, CONFLICT.resolution("theirs"))], "x")
    (remembered.folder / CONFLICT.reuse_id).write_bytes(data)
    assert remembered.answer(CONFLICT) is None
    with pytest.raises(CorruptRecord) as caught:
        remembered.all()
    assert f"memento rerere --forget {CONFLICT.reuse_id}" in caught.value.hint
    assert remembered.clear() == [CONFLICT.reuse_id]


# ── in a repository ──────────────────────────────────────────────────────────────────────────────


def test_the_answer_is_offered_when_the_merge_is_undone_and_done_again(repository: Repository, parted: Merges) -> None:
    parted.start("trial")
    done = answered(parted, "value", 0.625)
    repository.undo()
    stopped = parted.start("trial")
    assert stopped.kind == "open"
    assert [(a.words, a.given) for a in stopped.remembered.values()] == [("0.625", "Merging trial into main")]
    assert stopped.result is not None
    (conflict,) = stopped.result.conflicts
    parted.resolve([stopped.remembered[conflict.id].resolution(conflict)])
    assert parted.finish().commit == done.commit


def test_it_is_offered_to_another_verb_with_the_sides_the_other_way(repository: Repository, parted: Merges) -> None:
    parted.start("trial")
    answered(parted, "theirs")
    repository.undo()
    stopped = parted.start("main", into="trial")
    assert stopped.result is not None
    (conflict,) = stopped.result.conflicts
    assert stopped.remembered[conflict.id].resolution(conflict).choice == "ours"
    parted.abort()
    assert parted.rebase("main", "trial").remembered


def test_what_was_given_up_or_decided_by_a_policy_is_not_remembered(repository: Repository, parted: Merges) -> None:
    stopped = parted.start("trial")
    assert stopped.result is not None
    parted.resolve([stopped.result.conflicts[0].resolution("ours")])
    parted.abort()
    parted.start("trial", policy="theirs")
    assert parted.remembered.all() == []


def test_nothing_is_answered_by_itself_unless_that_is_set(repository: Repository, parted: Merges) -> None:
    parted.start("trial")
    answered(parted, "theirs")
    repository.undo()
    before = repository.resolve("main")
    assert parted.start("trial").kind == "open"
    parted.abort()
    repository.config.set("memento.rerere", "auto")
    done = parted.start("trial")
    assert done.kind == "merged"
    assert done.result is not None
    assert [answer.choice for _, answer in done.result.settled] == ["theirs"]
    assert importance(repository, "main", "m0-1") == 0.75
    repository.undo()
    assert repository.resolve("main") == before


def test_off_remembers_and_offers_nothing(repository: Repository, parted: Merges) -> None:
    parted.start("trial")
    answered(parted, "theirs")
    repository.undo()
    parted.remembered.clear()
    repository.config.set("memento.rerere", "off")
    parted.start("trial")
    answered(parted, "theirs")
    assert parted.remembered.all() == []


def test_a_setting_that_means_nothing_is_refused(repository: Repository, parted: Merges) -> None:
    repository.config.set("memento.rerere", "maybe")
    before = repository.resolve("main")
    with pytest.raises(UsageError, match="none of offer, auto and off"):
        parted.start("trial")
    assert repository.resolve("main") == before
    assert repository.load_merge() is None


def test_what_is_done_is_done_though_the_answers_cannot_be_remembered(
    repository: Repository, parted: Merges, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(*_: object) -> None:
        raise StoreError("the disk is full")

    parted.start("trial")
    monkeypatch.setattr(Remembered, "learn", full)
    assert answered(parted, "theirs").kind == "merged"
    assert importance(repository, "main", "m0-1") == 0.75
    assert parted.in_progress() is None
    assert "the disk is full" in caplog.text


@pytest.mark.parametrize("other", ["abort", "answer"])
def test_a_merge_that_another_process_ends_or_answers_meanwhile(
    repository: Repository, parted: Merges, monkeypatch: pytest.MonkeyPatch, other: str
) -> None:
    """What one process worked out from the answers it read is not written over what another decided since."""
    before = repository.resolve("main")
    opened = parted.start("trial").result
    assert opened is not None
    (conflict,) = opened.conflicts
    parted.resolve([conflict.resolution("ours")])
    replayed = Merges._replay

    def late(self: Merges, state: MergeState) -> Replayed:
        work = replayed(self, state)
        monkeypatch.undo()
        with Repository.open(repository.root) as second:
            merges = Merges(second)
            merges.abort() if other == "abort" else merges.resolve([conflict.resolution("theirs")])
        return work

    monkeypatch.setattr(Merges, "_replay", late)
    with pytest.raises(ConflictError, match="meanwhile"):
        parted.finish()
    assert repository.resolve("main") == before
    if other == "answer":
        parted.finish()
        assert importance(repository, "main", "m0-1") == 0.75
