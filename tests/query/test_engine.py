from __future__ import annotations

import random
from pathlib import Path

import pytest

from memento.errors import UsageError
from memento.expression import ExpressionError
from memento.history import Repository
from memento.history.merges import Merges
from memento.history.runs import Metric, RunRecord, Runs
from memento.query import commits, select
from memento.query.functions import FUNCTIONS
from memento.world import tree

from .conftest import CLOCK, edited, small_world, tangle

DAY = 86_400


@pytest.fixture
def forest(repository: Repository) -> Repository:
    """main, one ahead of where the others parted; forks of it; an imported world with nothing in common."""
    repository.fork("main", "same")
    repository.fork("main", "near")
    repository.fork("main", "far")
    repository.commit("main", edited(repository, repository.tree_of("main"), "m-0", 0.9), "main moves")
    repository.commit(
        "near", edited(repository, repository.tree_of("near"), "m-0", 0.1), "near moves", time=CLOCK + DAY
    )
    for number in range(3):
        tree_id = edited(repository, repository.tree_of("far"), f"m-{number + 1}", 0.2)
        repository.commit("far", tree_id, f"far {number}", time=CLOCK + 9 * DAY)
    world = small_world(5, source="imported", clock=CLOCK + 3 * DAY)
    repository.commit("real", tree.write(repository.objects, world), "import real")
    repository.tag("v1", "near")
    repository.notes().write(repository.resolve("far"), "far away")
    for branch, value in (("near", 0.7), ("far", 0.9)):
        judge(repository, branch, value)
    return repository


def judge(repository: Repository, branch: str, value: float) -> None:
    commit = repository.commit_of(branch)
    metrics = {"ndcg": Metric(value), "canary.recency": Metric(value / 2)}
    Runs(repository).add(RunRecord(commit.id, commit.tree, "linear", "c", (), {}, {}, 0, 0, metrics))


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ("all()", "far main near real same"),
        ("none()", ""),
        ("~none()", "far main near real same"),
        ("name(main)", "main"),
        ("name('*a*')", "far main near real same"),
        ("name(f*, n*)", "far near"),
        ("current()", "main"),
        ("protected()", ""),
        ("tagged()", "near"),
        ("tagged(x*)", ""),
        ("noted()", "far"),
        ("forks(main)", "far near same"),
        ("forks()", "far near same"),
        ("forks(real)", ""),
        ("descendants(same)", "far main near same"),
        ("contains(far~1)", "far"),
        ("ancestors(main)", "main same"),
        ("merged(far)", "far same"),
        ("ahead(main) > 0", "far near real"),
        ("ahead(main) == 3", "far"),
        ("ahead(main) > behind(main)", "far"),
        ("behind(main) == 2", "real"),
        ("2 >= ahead(main) & ahead(main) != 0", "near real"),
        ("message('FAR*')", "far"),
        ("author('memento <*')", "far main near real same"),
        ("stale(8.5)", "main same"),
        ("stale(100)", ""),
        ("runs()", "far near"),
        ("count(runs) = 1", "far near"),
        ("count(tags) + 1", None),
        ("metric(ndcg) > 0.8", "far"),
        ("metric(ndcg) < 0.8", "near"),
        ("~(metric(ndcg) < 0.8)", "far main real same"),
        ("metric(canary.recency) >= .45", "far"),
        ("clock() > '2026-01-02'", "real"),
        ("clock() == '2026-01-01T00:00:00Z'", "far main near same"),
        ("imported()", "real"),
        ("simulated() | variant()", ""),
        ("variant()", ""),
        ("changed(memories)", "far near real"),
        ("changed(memories, same)", "far main near real"),
        ("changed(sessions)", ""),
        ("changed(manifest)", "real"),
        ("touched(memory:m-0)", "near real"),
        ("touched(memory:m-2)", "far real"),
        ("touched(memory:m-29)", ""),
        ("count(memories) < 30", "real"),
        ("count(notes) > 0", "far"),
        ("conflicts()", "near real"),
        ("conflicts(far)", "real"),
        ("forks(main) & metric(ndcg) > 0.6 & ~conflicts()", "far"),
        ("forks(main) & ~(tagged() | noted())", "same"),
    ],
)  # fmt: skip
def test_finds(forest: Repository, expression: str, found: str | None) -> None:
    if found is None:
        with pytest.raises(ExpressionError):
            select(forest, expression)
    else:
        assert select(forest, expression) == found.split()


def test_a_workspace_will_do(forest: Repository) -> None:
    from memento.workspace import Workspace

    assert select(Workspace(forest), "tagged()") == ["near"]


@pytest.mark.parametrize(
    ("expression", "at", "why", "hint"),
    [
        ("forks(mian)", 6, "no revision named 'mian'", "main"),
        ("none() & forks(mian)", 15, "no revision named 'mian'", "main"),
        ("metrc(ndcg) > 1", 0, "no function named 'metrc'", "did you mean metric?"),
        ("metric(ndgc) > 1", 7, "no run has a metric 'ndgc'", "ndcg"),
        ("ahead()", 0, "is a number, not a condition", "ahead() > 3"),
        ("clock()", 0, "is a time, not a condition", "2026"),
        ("clock() > 3", 10, "a time is compared with a time", "2026"),
        ("clock() > 'never'", 10, "not a time", "2026"),
        ("ahead() > 'x'", 10, "a number is compared with a number", "quotes"),
        ("runs() > 2", 0, "runs() is not a number", "count(runs)"),
        ("(name(a)) > 2", 1, "not a number", "stands alone"),
        ("(all() & all()) > 2", 1, "only numbers", ""),
        ("main", 0, "not a condition", "name(main)"),
        ("forks", 0, "forks is a function", "forks([REV])"),
        ("all(main)", 4, "takes no arguments", "all()"),
        ("stale(1, 2)", 9, "takes 1 arguments, not 2", "stale(DAYS)"),
        ("name()", 0, "takes 1 or more", "GLOB"),
        ("stale(soon)", 6, "not a number of days", "stale(30)"),
        ("touched(m-1)", 8, "names no record", "memory:ID"),
        ("touched(memry:m-1)", 8, "memry", "memory"),
        ("changed(memores)", 8, "memores", "memories"),
        ("count(manifest) > 1", 6, "one manifest", "memories"),
        ("conflicts(main~1)", 10, "no branch named", ""),
        ("merges()", 0, "about commits", "memento log --where"),
        ("3", 0, "a number is no condition", "compare"),
        ("~'x'", 1, "a text is no condition", "compare"),
    ],
)  # fmt: skip
def test_faults_name_their_place(forest: Repository, expression: str, at: int, why: str, hint: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        select(forest, expression)
    assert why in caught.value.why
    assert caught.value.at == at
    assert hint in caught.value.hint


def test_a_variant_says_so_in_its_commit(forest: Repository) -> None:
    text = 'drop share=0.1, variant 1\n\nVariant-Operator: drop\nVariant-Parameters: {"share":0.1}\nVariant-Draw: 7/0'
    forest.commit("same", edited(forest, forest.tree_of("same"), "m-3", 0.4), text)
    assert select(forest, "variant()") == ["same"]


def test_of_commits(forest: Repository) -> None:
    merged = Merges(forest).start("far", "main")
    assert merged.kind == "merged"
    everything = list(forest.log("main", "near", "real"))

    def found(expression: str) -> list[str]:
        return [commit.subject for commit in commits(forest, expression, everything)]

    assert found("merges()") == ["Merge far into main"]
    assert set(found("touched(memory:m-0) & ~message(first)")) == {"near moves", "import real", "main moves"}
    assert set(found("touched(memory:m-2)")) == {"far 1", "first", "import real", "Merge far into main"}
    assert found("name(near) & ~name(main)") == ["near moves"]
    assert found("ancestors(same)") == ["first"]
    assert set(found("descendants(far) | imported()")) == {"far 2", "Merge far into main", "import real"}
    assert found("ahead(main) > 0 & forks(main)") == ["near moves"]
    assert found("metric(ndcg) > 0.8") == ["far 2"]


@pytest.mark.parametrize("seed", range(4))
def test_any_combination_is_what_sets_say(repository: Repository, seed: int) -> None:
    tangle(repository, seed, 24)
    draw = random.Random(seed)
    atoms = ["name(b0*)", "ahead(main) > 4", "behind(scratch) < 9", "descendants(b06)", "merged(b18)", "stale(5)",
             "touched(memory:m-1)", "forks(b03)", "metric(ndcg) > 0.5", "conflicts(b09)"]  # fmt: skip
    truth = {atom: set(select(repository, atom)) for atom in atoms}
    everything = set(repository.branch_names())

    def grown(depth: int) -> tuple[str, set[str]]:
        if not depth or draw.random() < 0.2:
            atom = draw.choice(atoms)
            return atom, truth[atom]
        kind = draw.choice("&|~")
        text, found = grown(depth - 1)
        if kind == "~":
            return f"~({text})", everything - found
        other, also = grown(depth - 1)
        return f"({text}) {kind} ({other})", found & also if kind == "&" else found | also

    for _ in range(25):
        text, found = grown(4)
        assert select(repository, text) == sorted(found), text


def test_merges_are_tried_last_once_and_only_where_nothing_else_decides(
    forest: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[str] = []
    start = Merges.start

    def counting(self: Merges, other: str, *arguments: object, **options: object) -> object:
        tried.append(other)
        return start(self, other, *arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(Merges, "start", counting)
    assert select(forest, "conflicts() & tagged()") == ["near"]
    assert tried == [forest.resolve("near")]
    assert select(forest, "conflicts() | ahead(main) >= 0") == forest.branch_names()
    assert select(forest, "conflicts() & name(near)") == ["near"]
    assert len(tried) == 1
    for file in Path(forest.path, "cache", "merges").iterdir():
        file.write_text("{")
    assert select(forest, "conflicts() & tagged()") == ["near"]
    assert len(tried) == 2


def test_reading_writes_nothing_but_a_cache(forest: Repository) -> None:
    before = {p: p.stat().st_mtime_ns for p in forest.path.rglob("*") if p.is_file()}
    for expression in ("forks(main) & ~conflicts()", "touched(memory:m-1)", "metric(ndcg) > 0"):
        select(forest, expression)
    after = {p: p.stat().st_mtime_ns for p in forest.path.rglob("*") if p.is_file() and "cache" not in p.parts}
    assert after == before


def test_every_function_is_documented_as_it_is() -> None:
    page = Path(__file__).parents[2].joinpath("docs", "query.md").read_text()
    rows = [line for line in page.splitlines() if line.startswith("| `")]
    assert rows == [f"| `{f.signature}` | {f.summary} |" for f in FUNCTIONS.values()]


def test_an_empty_repository_has_no_branches(tmp_path: Path) -> None:
    with Repository.init(tmp_path / "empty") as empty:
        assert select(empty, "all() & ~tagged()") == []
        with pytest.raises(UsageError):
            select(empty, "forks(main)")
