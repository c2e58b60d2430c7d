from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from memento.errors import StoreError, UsageError
from memento.history import Repository
from memento.vary import parse, recipe
from memento.vary.expand import MAX_VARIANTS, count, estimate, expand, ledger, verify
from memento.vary.making import Maker, jobs

ROOT = Path(__file__).parents[2]
OPERATORS = ["jitter", "drop:share=0.2"]


def test_the_number_of_variants_and_its_limit() -> None:
    assert count(1, 4) == 4
    assert count(3, 2) == 2 + 4 + 8
    assert count(5, 1) == 5
    assert count(1, MAX_VARIANTS) == MAX_VARIANTS
    for depth, fanout, said in (
        (12, 10, "10^12 variants"),
        (2, 1000, "1,001,000"),
        (10**9, 10**9, "10^"),
        (10**9, 1, "10^9"),
    ):
        with pytest.raises(UsageError, match="limit is 1,000,000") as error:
            count(depth, fanout)
        assert said in error.value.message
    with pytest.raises(UsageError, match="at least 1"):
        count(0, 3)


def test_a_tree_of_variants_is_one_operation_in_one_pack(repository: Repository) -> None:
    packs = len(list((repository.path / "objects/pack").glob("*.pack")))
    done = len(list(repository.operations()))
    found = expand(repository, "main", parse(OPERATORS), depth=2, fanout=6)
    assert len(found.variants) + found.identical <= 42
    assert {variant.depth for variant in found.variants} == {1, 2}
    assert len({variant.tree for variant in found.variants}) == len(found.variants)
    assert len(list((repository.path / "objects/pack").glob("*.pack"))) == packs + 1
    assert len(list(repository.operations())) == done + 1
    for variant in found.variants:
        commit = repository.commit_of(variant.name)
        assert (commit.id, commit.tree) == (variant.commit, variant.tree)
        assert commit.parents == (repository.resolve(variant.parent),)
        assert variant.name == f"main-{variant.tree[:10]}"
        made = recipe.of(commit.message)
        assert made is not None
        assert str(made.operator) == variant.operator
    repository.undo()
    assert repository.branch_names() == ["main"]
    repository.redo()
    assert len(repository.branch_names()) == len(found.variants) + 1


def test_equal_worlds_are_one_branch(repository: Repository) -> None:
    found = expand(repository, "main", parse(["shift:hours=1"]), depth=4, fanout=5)
    clocks = {repository.commit_of(v.name).tree: v.depth for v in found.variants}
    assert len(clocks) == len(found.variants) <= 9
    assert found.identical > len(found.variants)
    assert all(not one.why for one in verify(repository, repository.branch_names()))


def test_doing_it_again_changes_nothing_and_going_deeper_adds(repository: Repository) -> None:
    first = expand(repository, "main", parse(["jitter"]), fanout=3)
    done = len(list(repository.operations()))
    again = expand(repository, "main", parse(["jitter"]), fanout=3)
    assert (again.variants, again.known) == (first.variants, 3)
    assert len(list(repository.operations())) == done
    deeper = expand(repository, "main", parse(["jitter"]), depth=2, fanout=3)
    assert deeper.variants[:3] == first.variants
    assert deeper.known == 3
    other = expand(repository, "main", parse(["jitter"]), fanout=3, seed=1)
    assert not {v.tree for v in other.variants} & {v.tree for v in deeper.variants}


def test_a_name_that_is_taken_by_another_commit_is_refused_whole(repository: Repository) -> None:
    names = estimate(repository, "main", parse(["jitter"]), fanout=3).names
    repository.fork("main", names[1])
    with pytest.raises(UsageError, match="already"):
        expand(repository, "main", parse(["jitter"]), fanout=3)
    assert repository.branch_names() == sorted(["main", names[1]])
    assert not repository.objects.staged


def test_verify_tells_a_variant_that_its_recipe_does_not_make(repository: Repository) -> None:
    found = expand(repository, "main", parse(OPERATORS), fanout=4)
    one, other = found.variants[0], found.variants[1]
    message = repository.commit_of(one.name).message
    repository.fork(other.name, "false")
    repository.commit("false", other.tree, message, parents=[repository.resolve("main")])
    repository.commit("plain", other.tree, "no variant")
    checked = verify(repository, repository.branch_names())
    assert {c.name for c in checked} == {"false", *(v.name for v in found.variants)}
    assert {c.name: bool(c.why) for c in checked} == {"false": True} | {v.name: False for v in found.variants}
    assert f"not {other.tree[:10]}" in next(c.why for c in checked if c.name == "false")


def test_an_estimate_writes_nothing(repository: Repository) -> None:
    before = sorted(path.name for path in repository.path.rglob("*"))
    told = estimate(repository, "main", parse(OPERATORS), depth=3, fanout=4)
    assert told.variants == 4 + 16 + 64
    assert told.bytes > 84 * 100
    assert sorted(path.name for path in repository.path.rglob("*")) == before
    assert not repository.objects.staged
    made = expand(repository, "main", parse(OPERATORS), fanout=4)
    assert set(told.names) == {variant.name for variant in made.variants}


def test_what_would_not_fit_into_memory_is_refused(repository: Repository) -> None:
    with pytest.raises(UsageError, match="GiB at once"):
        expand(repository, "main", parse(["shift"]), fanout=MAX_VARIANTS)
    assert repository.branch_names() == ["main"]


@pytest.mark.parametrize(
    "message",
    [
        "",
        "drop\n\nVariant-Operator: drop\nVariant-Parameters: {\nVariant-Draw: 0/1",
        "drop\n\nVariant-Operator: nothing\nVariant-Parameters: {}\nVariant-Draw: 0/1",
        'drop\n\nVariant-Operator: drop\nVariant-Parameters: {"share":7}\nVariant-Draw: 0/1',
        "drop\n\nVariant-Operator: drop\nVariant-Parameters: {" + "[" * 3000 + "}\nVariant-Draw: 0/1",
    ],
)
def test_a_message_that_holds_no_recipe(message: str) -> None:
    assert recipe.of(message) is None


SCRIPT = """
import json, sys
from pathlib import Path
from memento.history import Repository
from memento.vary import parse
from memento.vary.expand import expand
if __name__ == "__main__":
    with Repository.open(Path(sys.argv[1])) as repository:
        found = expand(repository, "main", parse(["jitter,drop,shift"]), depth=2, fanout=18, workers=int(sys.argv[2]))
    print(json.dumps([[v.name, v.commit, v.parent] for v in found.variants] + [found.identical]))
"""


def test_any_number_of_workers_and_any_hash_seed_give_the_same_bytes(repository: Repository, tmp_path: Path) -> None:
    import shutil

    script = tmp_path / "run.py"
    script.write_text(SCRIPT)
    packs = []
    said = []
    for workers, seed in ((1, "0"), (2, "1"), (4, "2")):
        folder = tmp_path / f"w{workers}"
        shutil.copytree(repository.root, folder)
        env = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)}
        done = subprocess.run([sys.executable, script, folder, str(workers)], env=env, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        said.append(json.loads(done.stdout))
        with Repository.open(folder) as made:
            packs.append({name: made.resolve(name) for name in made.branch_names()})
    assert len(said[0]) > 300
    assert said[0] == said[1] == said[2]
    assert packs[0] == packs[1] == packs[2]


def test_variants_with_one_edit_are_kept_by_their_difference(repository: Repository) -> None:
    folder = repository.path / "objects" / "pack"
    before = {path.name for path in folder.iterdir()}
    found = expand(repository, "main", parse(["jitter:share=0.02"]), fanout=200)
    told = estimate(repository, "main", parse(["jitter:share=0.02"]), fanout=200).bytes
    (pack,) = [path for path in folder.glob("*.pack") if path.name not in before]
    assert pack.stat().st_size < 20_000 + 700 * len(found.variants)
    grown = sum(path.stat().st_size for path in folder.iterdir() if path.name not in before)
    assert 0.5 < told / grown < 2
    for command in (["fsck", "--strict"], ["verify-pack", str(pack)]):
        done = subprocess.run(["git", "-C", str(repository.path), *command], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    assert not any(one.why for one in verify(repository, repository.branch_names()))


def test_what_is_not_consistent_is_told_and_not_committed(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    from memento.vary.jitter import Jitter

    monkeypatch.setattr(Jitter, "expects", "labels")
    monkeypatch.setattr("memento.vary.consistency._HARMLESS", frozenset())
    monkeypatch.setattr("memento.vary.consistency.Checker._broken", lambda self, after: "it is broken")
    found = expand(repository, "main", parse(["jitter", "tone"]), fanout=4)
    assert [one.operator for one in found.rejected] == ["jitter:sd=0.1:share=0.1"] * 2
    assert {one.why for one in found.rejected} == {"it is broken"}
    assert len(found.variants) == 2
    assert len(expand(repository, "main", parse(["jitter"]), fanout=2, checked=False).variants) == 2


def test_the_ledger_tells_what_made_each(repository: Repository) -> None:
    found = expand(repository, "main", parse(["tone:to=formal", "reschedule"]), depth=2, fanout=2, seed=3)
    entries = {entry.name: entry for entry in ledger(repository, repository.branch_names())}
    assert set(entries) == {variant.name for variant in found.variants}
    one = found.variants[0]
    assert entries[one.name].operator == "tone"
    assert entries[one.name].parameters["to"] == "formal"
    assert (entries[one.name].seed, entries[one.name].child) == (3, 0)


def test_one_and_two_processes_give_the_same_commits(repository: Repository, tmp_path: Path) -> None:
    words = ["tone", "paraphrase", "reschedule", "supersede"]
    one = expand(repository, "main", parse(words), depth=2, fanout=4, prefix="a", workers=1)
    two = expand(repository, "main", parse(words), depth=2, fanout=4, prefix="b", workers=2)
    assert [v.commit for v in one.variants] == [v.commit for v in two.variants]
    assert len(one.variants) >= 18


def test_a_renaming_stores_its_inverse(repository: Repository) -> None:
    from memento.vary.consistency import applied
    from memento.vary.recipe import inverse_of
    from memento.world import tree

    variant = expand(repository, "main", parse(["rename"]), fanout=1).variants[0]
    back = inverse_of(repository.commit_of(variant.commit).message)
    assert back is not None
    before, after = (tree.read(repository.objects, repository.tree_of(name)) for name in ("main", variant.commit))
    assert applied(after, back.apply(after, 0)) == before
    assert not [one.why for one in verify(repository, [variant.name]) if one.why]


def test_a_worker_that_is_killed_is_told_and_nothing_is_made(repository: Repository) -> None:
    recipes = [recipe.Recipe(parse(["tone"])[0], 0, child) for child in range(4000)]
    root = repository.tree_of("main")
    with Maker(repository.objects, 2) as maker:
        coming = maker.make(list(jobs(root, recipes, {}, False, {})))
        next(coming)
        assert maker._pool is not None
        for process in list(maker._pool._processes):
            os.kill(process, signal.SIGKILL)
        with pytest.raises(StoreError, match="ended from outside"):
            list(coming)
    repository.objects.discard()
