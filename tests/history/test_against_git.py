"""Picks, reverts, rebases and merges beside those of the real git, on one file a record.

A line of a file is a field, parted from the next by lines that never change, so that git has an answer
wherever ours goes by the field.
"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from memento.history import Repository
from memento.history.merges import Merge, Merges
from memento.world import tree
from memento.world.records import TABLES
from memento.world.table import Table
from memento.world.world import Manifest, World

KEYS = [f"m-{n}" for n in range(4)]
FIELDS: dict[str, list[Any]] = {"text": ["a", "b", "c"], "importance": [0.25, 0.5, 0.75], "pinned": [True, False]}
Edit = tuple[str, str, Any]
"""A memory, a field of it (or ``drop``), and its new value."""
State = dict[str, dict[str, Any]]
START: State = {key: {"text": "a", "importance": 0.5, "pinned": False} for key in KEYS}
EDITS = st.one_of(
    *(st.tuples(st.sampled_from(KEYS), st.just(name), st.sampled_from(values)) for name, values in FIELDS.items()),
    st.tuples(st.sampled_from(KEYS), st.just("drop"), st.none()),
)
COMMITS = st.lists(st.lists(EDITS, min_size=1, max_size=2), min_size=1, max_size=4)
SLOW = settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)


def applied(state: State, edits: Iterable[Edit]) -> State:
    """The state after some edits; one of a record that is gone does nothing."""
    state = {key: dict(fields) for key, fields in state.items()}
    for key, name, value in edits:
        if name == "drop":
            state.pop(key, None)
        elif key in state:
            state[key][name] = value
    return state


def states(start: State, commits: list[list[Edit]]) -> list[State]:
    """The states after each commit that changes anything, the last one first of all `start`."""
    found = [start]
    for edits in commits:
        after = applied(found[-1], edits)
        if after != found[-1]:
            found.append(after)
    return found


class Twins:
    """One history in memento and in git: `main` and `trial`, parted at one commit."""

    def __init__(self, folder: Path, main: list[State], trial: list[State]) -> None:
        self.folder = folder / "git"
        self.repository = Repository.init(folder / "memento")
        self.merges = Merges(self.repository)
        self.folder.mkdir()
        self.git("init", "-q", "-b", "main")
        stream: list[str] = []
        self._commit("main", [START], stream)
        self.repository.fork("main", "trial")
        stream.append("reset refs/heads/trial\nfrom refs/heads/main\n\n")
        for branch, line in (("main", main), ("trial", trial)):
            self._commit(branch, line[1:], stream)
        self.git("fast-import", "--quiet", input="".join(stream))
        self.git("checkout", "-q", "-f", "main")

    def _commit(self, branch: str, line: list[State], stream: list[str]) -> None:
        objects = self.repository.objects
        for number, state in enumerate(line):
            records = [{"id": key, "created_at": 5, **fields} for key, fields in state.items()]
            world = World.build(Manifest(clock=9), {"memories": Table.from_records(TABLES["memories"], records)})
            self.repository.commit(branch, tree.write(objects, world), f"{branch} {number}")
            stream.append(f"commit refs/heads/{branch}\ncommitter a <b> {number + 9} +0000\n")
            stream.append(f"data <<END\n{branch} {number}\nEND\ndeleteall\n")
            stream += [f"M 100644 inline {key}\ndata <<END\n{text(key, fields)}END\n" for key, fields in state.items()]
            stream.append("\n")

    def git(self, *arguments: str, input: str | None = None, check: bool = True) -> subprocess.CompletedProcess[str]:
        settings = ("user.name=a", "user.email=b", "advice.mergeConflict=false")
        words = [part for setting in settings for part in ("-c", setting)]
        done = subprocess.run(
            ["git", *words, *arguments], cwd=self.folder, input=input, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0 or not check, done.stdout + done.stderr
        return done

    def theirs(self) -> State:
        """The records of git's branch as it is checked out."""
        return {path.name: values(path.read_text()) for path in self.folder.iterdir() if path.name != ".git"}

    def ours(self, branch: str) -> State:
        """The records of our branch."""
        table = tree.read_table(self.repository.objects, self.repository.tree_of(branch), "memories")
        return {record["id"]: {name: record[name] for name in FIELDS} for record in table.records()}

    def unmerged(self) -> set[str]:
        """The files that git is in conflict about."""
        return set(self.git("diff", "--name-only", "--diff-filter=U").stdout.split())

    def in_progress(self, verb: str) -> bool:
        """Whether git waits for an answer."""
        heads = {"revert": "REVERT_HEAD", "cherry-pick": "CHERRY_PICK_HEAD"}
        sequencer = self.git("rev-parse", "--git-path", "sequencer").stdout.strip()
        held = self.git("rev-parse", "-q", "--verify", heads.get(verb, "HEAD"), check=False).returncode == 0
        return held or (self.folder / sequencer).exists()

    def stops_of_git(self, verb: str, *arguments: str) -> list[set[str]]:
        """Runs a verb of git and leaves out every commit that it stops at; what was in conflict at each."""
        stops = []
        done = self.git(verb, *arguments, check=False)
        while done.returncode:
            conflicts = self.unmerged()
            if conflicts:
                stops.append(conflicts)
            else:
                assert "empty" in done.stdout + done.stderr or "nothing to commit" in done.stdout + done.stderr
                if not self.in_progress(verb):
                    break  # git forgets a revert of one commit that comes to nothing
            done = self.git(verb, "--skip", check=False)
        return stops

    def stops_of_ours(self, merge: Merge) -> list[set[str]]:
        """The same for ours."""
        stops = []
        while merge.kind == "open":
            assert merge.result is not None
            stops.append({conflict.key for conflict in merge.result.conflicts})
            merge = self.merges.skip()
        return stops


def text(key: str, fields: dict[str, Any]) -> str:
    """A record as a file; no two are so alike that git takes one for the other renamed."""
    return "".join(f"{name} {value!r}\n" + f"- {key} {name}\n" * 3 for name, value in fields.items())


def values(content: str) -> dict[str, Any]:
    """The record of a file."""
    kinds = {"text": lambda word: word.strip("'"), "importance": float, "pinned": lambda word: word == "True"}
    lines = dict(line.split(" ") for line in content.splitlines() if line[0] != "-")
    return {name: kinds[name](lines[name]) for name in FIELDS}  # type: ignore[operator]


@pytest.fixture
def twins():  # type: ignore[no-untyped-def]
    """Makes the twins of two lists of commits in a folder of their own."""
    made: list[tuple[Twins, tempfile.TemporaryDirectory[str]]] = []

    def make(main: list[list[Edit]], trial: list[list[Edit]]) -> Twins:
        folder = tempfile.TemporaryDirectory()
        made.append((Twins(Path(folder.name), states(START, main), states(START, trial)), folder))
        return made[-1][0]

    yield make
    for pair, folder in made:
        pair.repository.close()
        folder.cleanup()


@given(main=COMMITS, trial=COMMITS)
@SLOW
def test_a_range_is_picked_as_git_picks_it(twins, main: list[list[Edit]], trial: list[list[Edit]]) -> None:
    both = twins(main, trial)
    if both.repository.resolve("trial") == both.repository.resolve("main"):
        return
    commits = both.git("rev-list", "main..trial").stdout.split()
    if not commits:
        return
    stops = both.stops_of_ours(both.merges.cherry_pick("main..trial"))
    assert stops == both.stops_of_git("cherry-pick", "main..trial")
    assert both.ours("main") == both.theirs()
    messages = both.git("log", "--format=%s", "main").stdout.split("\n")[:-1]
    assert [commit.subject for commit in both.repository.log("main")] == messages


@given(main=COMMITS, trial=COMMITS)
@SLOW
def test_a_branch_is_rebased_as_git_rebases_it(twins, main: list[list[Edit]], trial: list[list[Edit]]) -> None:
    both = twins(main, trial)
    stops = both.stops_of_ours(both.merges.rebase("main", "trial"))
    assert stops == both.stops_of_git("rebase", "main", "trial")
    assert both.ours("trial") == both.theirs()
    messages = both.git("log", "--format=%s", "trial").stdout.split("\n")[:-1]
    assert [commit.subject for commit in both.repository.log("trial")] == messages


@given(main=COMMITS, back=st.integers(0, 3))
@SLOW
def test_a_commit_is_reverted_as_git_reverts_it(twins, main: list[list[Edit]], back: int) -> None:
    both = twins(main, [])
    depth = len(list(both.repository.log("main"))) - 1
    if not depth:
        return
    name = f"main~{back % depth}"
    stops = both.stops_of_ours(both.merges.revert(name))
    assert stops == both.stops_of_git("revert", "--no-edit", name)
    assert both.ours("main") == both.theirs()
    assert both.repository.commit_of("main").subject == both.git("log", "-1", "--format=%s").stdout.strip()


@given(main=COMMITS, trial=COMMITS)
@SLOW
def test_a_branch_is_squashed_as_git_squashes_it(twins, main: list[list[Edit]], trial: list[list[Edit]]) -> None:
    both = twins(main, trial)
    merge = both.merges.squash("trial")
    done = both.git("merge", "--squash", "trial", check=False)
    if merge.kind == "open":
        assert done.returncode == 1
        assert merge.result is not None
        assert {conflict.key for conflict in merge.result.conflicts} == both.unmerged()
    else:
        assert done.returncode == 0, done.stdout + done.stderr
        assert both.ours("main") == both.theirs()


def test_a_change_that_went_both_ways_is_left_out_as_by_git(twins) -> None:  # type: ignore[no-untyped-def]
    main = [[("m-1", "text", "b")], [("m-0", "text", "b")], [("m-0", "text", "c")]]
    trial = [[("m-0", "text", "b")], [("m-2", "text", "b")]]
    both = twins(main, trial)
    assert both.stops_of_ours(both.merges.rebase("main", "trial")) == both.stops_of_git("rebase", "main", "trial") == []
    assert both.ours("trial") == both.theirs()
    assert both.ours("trial")["m-0"]["text"] == "c"
