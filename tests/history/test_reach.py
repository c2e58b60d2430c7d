from __future__ import annotations

import random

import pytest

from memento.history import Repository
from memento.history.reach import reached
from memento.history.walk import Walker

from .conftest import line


def history(repository: Repository, seed: int) -> list[str]:
    """Thirty commits with one to three parents each."""
    draw = random.Random(seed)
    made: list[str] = []
    tree = repository.tree_of("main")
    with repository.batch("history") as batch:
        for number in range(30):
            parents = draw.sample(made[-8:], min(len(made), draw.choice((1, 1, 1, 2, 3)))) if number % 11 else []
            made.append(batch.commit(f"b{number}", tree, f"c{number}", parents=parents, time=1000 * number))
    return made


@pytest.mark.parametrize("seed", range(12))
def test_finds_what_ancestors_find(repository: Repository, first: str, seed: int) -> None:
    made = history(repository, seed)
    draw = random.Random(seed)
    walker = Walker(repository.objects)
    for _ in range(30):
        start, targets = draw.choice(made), draw.sample(made, draw.randint(1, 8))
        below = walker.ancestors([start])
        found = reached(walker, start, targets)
        assert set(found) == below & set(targets)
        assert [walker.commit(c).time for c in found] == sorted((walker.commit(c).time for c in found), reverse=True)


def test_many_targets_are_found_too(repository: Repository, first: str) -> None:
    commits = line(repository, 80)
    assert repository.reached(commits[70], [*commits, "0" * 40]) == commits[70::-1]


def test_a_target_on_a_fork_does_not_cost_the_whole_history(
    repository: Repository, first: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    line(repository, 50)
    repository.fork("main", "trial")
    other = line(repository, 2, "trial")
    tip = line(repository, 2)[-1]
    walker = Walker(repository.objects)
    read: set[str] = set()
    commit = Walker.commit
    monkeypatch.setattr(Walker, "commit", lambda self, name: (read.add(name), commit(self, name))[1])
    assert reached(walker, tip, [other[-1]]) == []
    assert len(read) < 10
