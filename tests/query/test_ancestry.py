from __future__ import annotations

import random

import pytest

from memento.history import Repository
from memento.query.ancestry import Ancestry

from .conftest import tangle


@pytest.mark.parametrize("seed", range(8))
def test_agrees_with_walks_of_each_history(repository: Repository, seed: int) -> None:
    made = tangle(repository, seed)
    walker = repository.walker
    draw = random.Random(seed)
    for pivot in draw.sample(made, 6):
        ancestry = Ancestry(walker, pivot)
        below = walker.ancestors([pivot])
        for tip in made:
            history = walker.ancestors([tip])
            assert ancestry.reaches(tip) == (pivot in history)
            assert ancestry.ahead(tip) == len(history - below)
            assert ancestry.behind(tip) == len(below - history)
            assert walker.ancestors(ancestry.entries(tip)) == history & below


def test_histories_with_nothing_in_common(repository: Repository) -> None:
    other = repository.commit("other", repository.tree_of("main"), "root", parents=[])
    ancestry = Ancestry(repository.walker, repository.resolve("main"))
    assert ancestry.entries(other) == frozenset()
    assert not ancestry.reaches(other)
    assert (ancestry.ahead(other), ancestry.behind(other)) == (1, 1)


def test_a_long_line_is_no_recursion(repository: Repository) -> None:
    tree = repository.tree_of("main")
    with repository.batch("line") as batch:
        for number in range(3000):
            tip = batch.commit("long", tree, f"c {number}", parents=None if number else [repository.resolve("main")])
    ancestry = Ancestry(repository.walker, repository.resolve("main"))
    assert ancestry.ahead(tip) == 3000
    assert Ancestry(repository.walker, tip).behind(repository.resolve("main")) == 3000
