from __future__ import annotations

import random
import subprocess
from pathlib import Path

import pytest

from memento.errors import NotFound, UsageError
from memento.history import Repository
from memento.measure.bisect import Bisection, Command, Measure, Step, Stopped, bisect


def history(repository: Repository, seed: int, size: int, straight: bool = False) -> list[str]:
    """Commits from main's first: a line, or with up to three parents each; the last has all below it."""
    draw = random.Random(seed)
    made = [repository.resolve("main")]
    tree = repository.tree_of("main")
    with repository.batch("history") as batch:
        for number in range(size):
            many = 1 if straight else draw.choice((1, 1, 1, 2, 3))
            parents = [made[-1]] if straight else draw.sample(made[-5:], min(len(made), many))
            made.append(batch.commit("work", tree, f"commit {number}", parents=parents, time=1000 + 60 * number))
        tips = sorted(set(made) - {p for c in made for p in repository.walker.commit(c).parents})
        made.append(batch.commit("work", tree, "all", parents=tips, time=1000 + 60 * size))
    return made


def by_git(repository: Repository, good: str, bad: str, broken: set[str], folder: Path) -> tuple[list[str], str]:
    """The commits that git bisect run tries, and the first bad one that it finds."""
    (folder / "broken").write_text("\n".join(sorted(broken)))
    script = f"c=$(git rev-parse BISECT_HEAD); echo $c >> {folder}/tried; ! grep -q $c {folder}/broken"
    git = ["git", "-C", str(repository.path)]
    (folder / "tried").write_text("")
    subprocess.run([*git, "bisect", "start", "--no-checkout", bad, good], check=True, capture_output=True)
    done = subprocess.run([*git, "bisect", "run", "sh", "-c", script], check=True, capture_output=True, text=True)
    subprocess.run([*git, "bisect", "reset"], check=False, capture_output=True)
    found = next(line.split()[0] for line in done.stdout.splitlines() if "is the first bad commit" in line)
    return (folder / "tried").read_text().split(), found


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("straight", [True, False])
def test_tries_what_git_tries_and_finds_what_git_finds(
    repository: Repository, tmp_path: Path, seed: int, straight: bool
) -> None:
    made = history(repository, seed, 37 + 5 * seed, straight)
    walker = repository.walker
    culprit = random.Random(seed).choice(made[1:-1])
    broken = {commit for commit in made if culprit in walker.ancestors([commit])}
    tried, found = by_git(repository, made[0], made[-1], broken, tmp_path)
    outcome = bisect(Bisection(walker, [made[0]], made[-1]), lambda c: Step(c, "bad" if c in broken else "good"))
    assert outcome.first_bad == found == culprit
    assert [step.commit for step in outcome.steps] == tried


def test_a_good_commit_elsewhere_has_its_base_tried_first(repository: Repository) -> None:
    made = history(repository, 0, 20, straight=True)
    tree = repository.tree_of("main")
    other = repository.commit("other", tree, "other", parents=[made[8]])
    bisection = Bisection(repository.walker, [other], made[-1])
    assert bisection.next() == made[8]
    with pytest.raises(UsageError, match="mended since"):
        bisection.mark(made[8], "bad")
    broken = set(made[13:])
    outcome = bisect(
        Bisection(repository.walker, [other], made[-1]), lambda c: Step(c, "bad" if c in broken else "good")
    )
    assert outcome.first_bad == made[13]
    assert outcome.steps[0] == Step(made[8], "good")


def test_what_cannot_be_told_is_passed_over(repository: Repository) -> None:
    made = history(repository, 0, 20, straight=True)
    skip = set(made[9:12])

    def judge(commit: str) -> Step:
        return Step(commit, "skip" if commit in skip else "bad" if made.index(commit) >= 15 else "good")

    assert bisect(Bisection(repository.walker, [made[0]], made[-1]), judge).first_bad == made[15]
    skip = set(made[13:18])
    outcome = bisect(Bisection(repository.walker, [made[0]], made[-1]), judge)
    assert outcome.first_bad == ""
    assert set(made[13:18]) <= set(outcome.suspects) <= set(made[13:19])


def test_the_ends_must_be_in_order(repository: Repository) -> None:
    made = history(repository, 0, 5, straight=True)
    with pytest.raises(UsageError, match="in the history of what is good"):
        Bisection(repository.walker, [made[3]], made[1])
    with pytest.raises(UsageError, match="in the history of what is good"):
        Bisection(repository.walker, [made[3]], made[3])
    outcome = bisect(Bisection(repository.walker, [made[2]], made[3]), lambda c: Step(c, "bad"))
    assert (outcome.first_bad, outcome.steps) == (made[3], ())


@pytest.mark.parametrize(
    ("code", "verdict"), [(0, "good"), (1, "bad"), (124, "bad"), (125, "skip"), (126, "bad"), (127, "bad")]
)
def test_exit_codes_are_read_as_git_reads_them(repository: Repository, code: int, verdict: str) -> None:
    assert Command(repository, ["sh", "-c", f"exit {code}"])("c" * 40).verdict == verdict


def test_a_command_knows_the_commit_and_the_repository(repository: Repository, tmp_path: Path) -> None:
    script = f'echo "$MEMENTO_REV $MEMENTO_DIR" > {tmp_path}/seen'
    Command(repository, ["sh", "-c", script])("c" * 40)
    assert (tmp_path / "seen").read_text() == f"{'c' * 40} {repository.root}\n"


def test_a_command_that_fails_otherwise_stops(repository: Repository) -> None:
    with pytest.raises(Stopped, match="exit code 130"):
        Command(repository, ["sh", "-c", "exit 130"])("c" * 40)
    with pytest.raises(Stopped, match="signal 9"):
        Command(repository, ["sh", "-c", "kill -9 $$"])("c" * 40)
    with pytest.raises(UsageError, match="cannot run"):
        Command(repository, ["/no/such/program"])("c" * 40)


def test_a_metric_must_be_one_with_one_limit(repository: Repository) -> None:
    with pytest.raises(NotFound, match="ncdg"):
        Measure(repository, "ncdg", below=1)
    with pytest.raises(UsageError, match="--below"):
        Measure(repository, "ndcg")
    with pytest.raises(UsageError, match="--below"):
        Measure(repository, "ndcg", 1, 2)
