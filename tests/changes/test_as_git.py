"""The corner cases of git's own merge tests, in terms of worlds: what the real git says, and what we say.

Each case is a history; its two tips are merged in both directions, by us and by ``git merge-tree``, and
both have to agree: on clean or conflict, on the records in conflict, and, where clean, on every byte.
Where we differ on purpose, the case says why (`Case.differs`), and both answers are held.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from world.worlds import Change, base_state, changed, keyed_changes

from changes.git_cases import CROSSINGS, FOLDERS, MOVES, RULES, Case, crossed, fresh, put
from changes.git_records import Answer, Histories, by_place
from memento.changes.merge import MergeResult


def answers(case: Case, path: Path, ours: str, theirs: str) -> tuple[MergeResult, dict[str, bytes], Answer]:
    h = Histories(path, case.layout, renames=case.layout is by_place)
    case.build(h)
    result, state = h.merged(ours, theirs)
    return result, h.files(state), h.asked(ours, theirs)


def record_of(path: str) -> str:
    """``table/key`` of a file, in either layout."""
    last = path.rpartition("/")[2]
    return last.replace("-", "/", 1) if path.startswith("history/") else path


@pytest.mark.parametrize(("ours", "theirs"), [("x", "y"), ("y", "x")], ids=["forth", "back"])
@pytest.mark.parametrize("case", [*CROSSINGS, *MOVES, *RULES], ids=repr)
def test_records_as_git_merges_files(case: Case, ours: str, theirs: str, tmp_path: Path) -> None:
    result, files, git = answers(case, tmp_path, ours, theirs)
    mine = frozenset(f"{conflict.table}/{conflict.key}" for conflict in result.conflicts)
    assert mine == case.expected
    if case.differs:
        assert git.clean != (not mine) or git.conflicts != mine
    else:
        assert git.conflicts == mine, git.said
    if git.clean and not mine and not case.differs:
        assert files == git.files


PLACED = [Case(c.name, c.build, c.expected, c.differs, by_place) for c in [*MOVES, *FOLDERS]]


@pytest.mark.parametrize(("ours", "theirs"), [("x", "y"), ("y", "x")], ids=["forth", "back"])
@pytest.mark.parametrize("case", PLACED, ids=repr)
def test_places_as_git_follows_renames(case: Case, ours: str, theirs: str, tmp_path: Path) -> None:
    """What moves is a renamed file, a session at another time a renamed folder."""
    result, files, git = answers(case, tmp_path, ours, theirs)
    mine = frozenset(f"{conflict.table}/{conflict.key}" for conflict in result.conflicts)
    assert mine == case.expected
    named = {record_of(path) for path in git.conflicts}
    if case.differs:
        assert git.clean != (not mine) or named != mine
        return
    assert git.clean == (not mine), git.said
    assert mine <= named
    if git.clean:
        assert files == git.files


def without_counts(edits: list[Change]) -> list[Change]:
    return [(v, t, k, {n: x for n, x in values.items() if n != "prior_accesses"}) for v, t, k, values in edits]


EDITS = keyed_changes(4).map(without_counts)
QUICK = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@given(ours=EDITS, theirs=EDITS, before=keyed_changes(2))
@QUICK
def test_any_edits_of_single_values_merge_as_git_merges_them(
    tmp_path_factory: pytest.TempPathFactory,
    ours: list[Change],
    theirs: list[Change],
    before: list[Change],
) -> None:
    h = Histories(tmp_path_factory.mktemp("git"))
    h.commit("base", [], changed(base_state(), before))
    h.edit("x", "base", *ours)
    h.edit("y", "base", *theirs)
    result, state = h.merged("x", "y")
    git = h.asked("x", "y")
    assert {f"{conflict.table}/{conflict.key}" for conflict in result.conflicts} == git.conflicts
    if git.clean:
        assert h.files(state) == git.files


@given(
    ours=EDITS,
    theirs=EDITS,
    then=st.tuples(EDITS, EDITS),
    policies=st.tuples(*[st.sampled_from(["ours", "theirs"])] * 2),
)
@QUICK
def test_over_a_crossing_git_finds_no_conflict_that_we_do_not(
    tmp_path_factory: pytest.TempPathFactory,
    ours: list[Change],
    theirs: list[Change],
    then: tuple[list[Change], list[Change]],
    policies: tuple[Any, Any],
) -> None:
    """The other way round we may: where the bases disagree git takes one of them for granted."""
    h = Histories(tmp_path_factory.mktemp("git"))
    crossed(ours, theirs, policies, then)(h)
    result, state = h.merged("x", "y")
    git = h.asked("x", "y")
    assert git.conflicts <= {f"{conflict.table}/{conflict.key}" for conflict in result.conflicts}
    if not result.conflicts:
        assert h.files(state) == git.files


def test_many_branches_one_after_the_other(tmp_path: Path) -> None:
    """Thirty branches, each with a field of its own: in any order the same world, and git's."""
    h = Histories(tmp_path)
    h.commit("base", [], changed(base_state(), [fresh(f"n-{n}") for n in range(10)]))
    fields: list[dict[str, Any]] = [{"text": "new"}, {"importance": 0.9}, {"value": "south"}]
    names = [f"b-{n}" for n in range(30)]
    for n, name in enumerate(names):
        h.edit(name, "base", put("memories", f"n-{n // 3}", **fields[n % 3]))
    ends = []
    for order, way in (("forth", names), ("back", names[::-1])):
        tip = way[0]
        for n, other in enumerate(way[1:]):
            result, _ = h.merged(tip, other)
            assert result.clean
            if n == len(way) - 2:
                git = h.asked(tip, other)
                ends.append(result.tree_id)
                assert git.clean
                assert git.files == h.files(h.merged(tip, other)[1])
            h.join(f"{order} {n}", tip, other)
            tip = f"{order} {n}"
    assert ends[0] == ends[1]
