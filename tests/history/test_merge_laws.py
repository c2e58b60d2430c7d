"""Laws of picks, reverts, rebases and merges of many, on random changes of any table."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from world.worlds import Change, base_state, changed, changes, store_world

from memento.history import Repository
from memento.history.merges import Merges

Changes = list[Change]
SLOW = settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
LINES = st.lists(changes(3), min_size=1, max_size=4)


@contextmanager
def history(**branches: list[Changes]) -> Iterator[Merges]:
    """A repository with a first commit on main, and branches with a commit for each list of changes."""
    with tempfile.TemporaryDirectory() as folder, Repository.init(Path(folder)) as repository:
        start = base_state()
        repository.commit("main", store_world(start, repository.objects)[1], "first")
        repository.fork("main", "start")
        for branch, line in branches.items():
            if branch != "main":
                repository.fork("start", branch)
            state = start
            for number, step in enumerate(line):
                state = changed(state, step)
                repository.commit(branch, store_world(state, repository.objects)[1], f"{branch} {number}")
        yield Merges(repository)


@given(main=LINES, trial=changes())
@SLOW
def test_a_revert_takes_back_what_a_pick_brought(main: list[Changes], trial: Changes) -> None:
    with history(main=main, trial=[trial]) as merges:
        repository = merges.repository
        before = repository.tree_of("main")
        if merges.cherry_pick("trial", policy="theirs").kind != "done":
            return
        assert merges.revert("main").kind == "done"
        assert repository.tree_of("main") == before
        assert merges.revert("main").kind == "done"
        assert repository.tree_of("main") == repository.tree_of("main~2")


@given(trial=LINES)
@SLOW
def test_reverting_all_of_a_line_gives_its_beginning(trial: list[Changes]) -> None:
    with history(trial=trial) as merges:
        merges.revert("start..trial", onto="trial")
        assert merges.repository.tree_of("trial") == merges.repository.tree_of("start")


@given(trial=LINES)
@SLOW
def test_a_line_rebased_onto_its_own_base_or_picked_there_stays_itself(trial: list[Changes]) -> None:
    with history(trial=trial) as merges:
        repository = merges.repository
        before = repository.refs.values("refs/")
        for upstream in ("start", "trial~1", "trial"):
            assert merges.rebase(upstream, "trial").kind == "up to date"
        assert repository.refs.values("refs/") == before
        merges.cherry_pick("start..trial", onto="main")
        assert repository.tree_of("main") == repository.tree_of("trial")


@given(trial=LINES)
@SLOW
def test_folding_keeps_the_world(trial: list[Changes]) -> None:
    with history(trial=trial) as merges:
        tree = merges.repository.tree_of("trial")
        merges.fold("trial", since="start")
        assert merges.repository.tree_of("trial") == tree
        assert merges.repository.resolve("trial~1") == merges.repository.resolve("start")


@given(a=changes(3), b=changes(3), c=changes(3), main=changes(2), order=st.permutations("abc"))
@SLOW
def test_the_order_of_names_makes_no_difference(
    a: Changes, b: Changes, c: Changes, main: Changes, order: list[str]
) -> None:
    with history(main=[main], a=[a], b=[b], c=[c]) as merges:
        first = merges.start(["a", "b", "c"], dry_run=True)
        second = merges.start(order, dry_run=True)
        assert first.preview is not None
        assert second.preview is not None
        assert (first.kind, first.done, first.preview.after) == (second.kind, second.done, second.preview.after)
        if first.result is not None:
            assert second.result is not None
            assert [item.id for item in first.result.conflicts] == [item.id for item in second.result.conflicts]
        if first.kind == "merged":
            made = merges.start(order).commit
            merges.repository.undo()
            assert merges.start(["c", "b", "a"]).commit == made


@given(main=LINES, trial=LINES, choices=st.lists(st.sampled_from(["ours", "theirs"]), min_size=1))
@SLOW
def test_answers_one_by_one_end_where_another_process_would(
    main: list[Changes], trial: list[Changes], choices: list[str]
) -> None:
    """What is worked out again from answers is what was worked out in one go."""
    with history(main=main, trial=trial) as merges, Repository.open(merges.repository.root) as elsewhere:
        ends = []
        for other in (False, True):
            merge = merges.rebase("main", "trial")
            given = 0
            while merge.kind == "open":
                assert merge.result is not None
                worker = Merges(elsewhere) if other else merges
                answers = [v.resolution("accept") for v in merge.result.violations]
                for conflict in merge.result.conflicts:
                    answers.append(conflict.resolution(choices[given % len(choices)]))
                    given += 1
                merge = worker.resolve(answers)
                assert merge.result is not None
                if merge.result.clean:
                    merge = worker.finish("rebase")
            ends.append((merge.kind, merge.commit))
            if merge.kind != "up to date":
                merges.repository.undo()
        assert ends[0] == ends[1]
