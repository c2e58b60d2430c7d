from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import scipy.stats

from memento.errors import NotFound, UsageError
from memento.history import Repository
from memento.history.merges import Merges
from memento.history.remotes import Remotes
from memento.history.transfer import clone
from memento.preference import Experiment, Experiments
from memento.scenario import load
from memento.simulate import world as simulated
from memento.world import tree
from memento.world.table import Table
from memento.world.tree import Delta


@pytest.fixture
def experiments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Experiments]:
    monkeypatch.setenv("MEMENTO_DURABILITY", "fast")
    with Repository.init(tmp_path / "w") as made:
        made.commit("main", tree.write(made.objects, simulated(load("tiny"), 7)), "first")
        yield Experiments(made)


def turn_of(experiments: Experiments, number: int = 1) -> str:
    world = tree.read(experiments.repository.objects, experiments.repository.tree_of("main"))
    return str(world.turns["id"][number])


def test_an_experiment_from_the_beginning_to_both_of_its_ends(experiments: Experiments) -> None:
    turn = turn_of(experiments, 1)
    opened = experiments.open("tone", "main", turn, "Another answer.")
    assert opened.text_b == "Another answer."
    assert opened.text_a != opened.text_b
    assert opened.votes == 0
    experiments.feed("tone", "b", 8)
    fed = experiments.feed("tone", "a", 2)
    assert (fed.votes_a, fed.votes_b) == (2, 8)
    closed = experiments.close("tone")
    assert closed.verdict == "b"
    assert (closed.votes_a, closed.votes_b) == (2, 8)
    objects, repository = experiments.repository.objects, experiments.repository
    preferences = {
        side: tree.read(objects, repository.tree_of(f"ab/tone/{side}")).record("turns", turn)["preference"]
        for side in ("a", "b")
    }
    assert preferences == {"a": 0.0, "b": 1.0}
    (pair,) = map(json.loads, experiments.pairs())
    assert pair["chosen"][0]["content"] == "Another answer."
    assert pair["rejected"][0]["content"] == opened.text_a
    assert pair["prompt"][-1]["role"] == "user"
    assert pair["votes"] == {"a": 2, "b": 8}


def test_every_step_can_be_taken_back(experiments: Experiments) -> None:
    experiments.open("one", "main", turn_of(experiments), "x")
    experiments.feed("one", "a", 3)
    experiments.close("one")
    experiments.repository.undo()
    assert experiments.read("one").verdict == ""
    experiments.repository.undo()
    assert experiments.read("one").votes == 0
    experiments.repository.undo()
    assert experiments.names() == []


def test_without_a_text_the_alternative_is_a_paraphrase(experiments: Experiments) -> None:
    opened = experiments.open("two", "main", turn_of(experiments, 1))
    assert opened.text_b != opened.text_a


def test_bad_input_is_refused(experiments: Experiments) -> None:
    turn = turn_of(experiments)
    with pytest.raises(NotFound, match="no turn"):
        experiments.open("x", "main", "nowhere")
    opened = experiments.open("x", "main", turn, "text")
    with pytest.raises(UsageError, match="is there already"):
        experiments.open("x", "main", turn, "text")
    with pytest.raises(UsageError, match="says what the turn says"):
        experiments.open("y", "main", turn, opened.text_a)
    with pytest.raises(UsageError, match="0 votes each"):
        experiments.close("x")
    with pytest.raises(NotFound, match="no experiment"):
        experiments.read("zzz")
    experiments.close("x", "a")
    with pytest.raises(UsageError, match="is closed"):
        experiments.feed("x", "b")
    with pytest.raises(UsageError, match="closed already"):
        experiments.close("x")


def test_one_event_counts_once(experiments: Experiments) -> None:
    experiments.open("x", "main", turn_of(experiments), "text")
    for _ in range(2):
        experiments.feed("x", "b", 3, key="event-1")
    experiments.feed("x", "b", 2)
    fed = experiments.feed("x", "b", 2)
    assert (fed.votes_a, fed.votes_b) == (0, 7)
    with pytest.raises(UsageError, match="was fed as 'b 3'"):
        experiments.feed("x", "a", 3, key="event-1")
    with pytest.raises(UsageError, match="not the id of an event"):
        experiments.feed("x", "a", 3, key="two words")
    with pytest.raises(UsageError, match="no number of votes"):
        experiments.feed("x", "a", 0)


def test_votes_of_two_clones_are_added_up(experiments: Experiments, tmp_path: Path) -> None:
    experiments.open("x", "main", turn_of(experiments), "text")
    experiments.feed("x", "a", 1)
    here = experiments.repository
    clone(str(here.root), tmp_path / "there")
    with Repository.open(tmp_path / "there") as there:
        there.fork("origin/ab/x/a", "ab/x/a")
        there.fork("origin/ab/x/b", "ab/x/b")
        Experiments(there).feed("x", "b", 4)
        Experiments(there).feed("x", "b", 1, key="both")
        experiments.feed("x", "b", 4)
        experiments.feed("x", "b", 1, key="both")
        Remotes(there, Merges(there)).fetch()
        now = Experiments(there).read("x")
    assert (now.votes_a, now.votes_b) == (1, 9)


def test_an_experiment_that_is_opened_again_has_no_votes(experiments: Experiments) -> None:
    turn = turn_of(experiments)
    for _ in range(3):
        assert experiments.open("x", "main", turn, "text").votes == 0
        assert experiments.feed("x", "b", 5).votes == 5
        for side in ("a", "b"):
            experiments.repository.delete_branch(f"ab/x/{side}")


@pytest.mark.parametrize(("a", "b"), [(0, 0), (3, 9), (20, 11), (5, 5), (0, 6)])
def test_p_values_are_exact(a: int, b: int) -> None:
    found = Experiment("n", "s", "t", "", "", a, b)
    expected = scipy.stats.binomtest(b, a + b).pvalue if a + b else 1.0
    assert found.p_value == pytest.approx(expected, abs=1e-9)
    assert found.always_p >= found.p_value - 1e-12


def test_looking_at_every_vote_is_wrong_one_time_in_twenty_at_most() -> None:
    from memento import rng

    wrong = 0
    for run in range(400):
        votes = rng.bernoulli(rng.pair_keys(rng.key(run, "votes"), rng.keys(0, [str(n) for n in range(120)])), 0.5)
        b = 0
        for n, vote in enumerate(votes.tolist(), 1):
            b += vote
            if Experiment("", "", "", "", "", n - b, b).always_p < 0.05:
                wrong += 1
                break
    assert wrong / 400 < 0.05


# ── evidence that is not as it should be ─────────────────────────────────────────────────────────


def noted(experiments: Experiments, name: str) -> str:
    return next(iter(experiments.repository.notes("experiments").all()))


def test_malformed_and_doubled_evidence_counts_for_nothing_and_is_told(experiments: Experiments) -> None:
    experiments.open("x", "main", turn_of(experiments), "text")
    experiments.feed("x", "a", 3, key="e1")
    first = noted(experiments, "x")
    lines = [
        "e1 a 3",
        "e1 a 3",
        "e1 b 90",
        "e2 b 5",
        "e3 c 1",
        "e4 a -1",
        "e5 a 1e9",
        "e6 a 99999999",
        "",
        "nonsense",
        "e7 b",
    ]
    experiments.repository.notes("experiments").write(first, "\n".join(lines))
    now = experiments.read("x")
    assert (now.votes_a, now.votes_b) == (3, 5)
    assert now.ignored == 7
    assert experiments.feed("x", "b", 1, key="e8").votes_b == 6


def test_an_event_that_two_clones_fed_apart_counts_once_and_alike(experiments: Experiments, tmp_path: Path) -> None:
    experiments.open("x", "main", turn_of(experiments), "text")
    experiments.feed("x", "a", 1)
    clone(str(experiments.repository.root), tmp_path / "there")
    with Repository.open(tmp_path / "there") as there:
        for side in ("a", "b"):
            there.fork(f"origin/ab/x/{side}", f"ab/x/{side}")
        Experiments(there).feed("x", "b", 4, key="one")
        experiments.feed("x", "a", 2, key="one")
        Remotes(there, Merges(there)).fetch()
        now = Experiments(there).read("x")
    assert (now.votes_a, now.votes_b, now.ignored) == (3, 0, 1)


def test_the_interval_is_that_of_every_other_share(experiments: Experiments) -> None:
    from memento.validate.intervals import wilson

    for a, b in ((0, 4), (3, 9), (5, 0), (70, 31)):
        figure = wilson(b, a + b)
        assert Experiment("", "", "", "", "", a, b).share_b == (figure.value, figure.low, figure.high)
    share, low, high = Experiment("", "", "", "", "", 0, 0).share_b
    assert math.isnan(share)
    assert (low, high) == (0.0, 1.0)


def test_many_votes_are_counted_at_once() -> None:
    even = Experiment("", "", "", "", "", 9_999_000, 9_999_999)
    assert even.p_value == pytest.approx(scipy.stats.binomtest(9_999_999, 19_998_999).pvalue, rel=1e-3)
    sure = Experiment("", "", "", "", "", 9_999_999, 9_000_000)
    assert 0 <= sure.p_value < 1e-300
    assert 0 <= sure.always_p < 1e-300
    assert even.always_p <= 1


def test_a_side_that_was_edited_is_still_its_side(experiments: Experiments) -> None:
    turn = turn_of(experiments)
    repository = experiments.repository
    experiments.open("x", "main", turn, "text")
    experiments.feed("x", "b", 2)

    def edit(side: str, text: str) -> None:
        delta = Delta({"turns": rows_of(repository, f"ab/x/{side}", turn, text)})
        after = tree.apply(repository.objects, repository.tree_of(f"ab/x/{side}"), delta)
        repository.commit(f"ab/x/{side}", after, "edited")

    edit("a", "first edited")
    assert experiments.read("x").text_a == "first edited"
    assert experiments.feed("x", "b", 1).votes_b == 3
    assert experiments.close("x").verdict == "b"
    edit("b", "and then")
    assert experiments.read("x").verdict == "b"
    with pytest.raises(UsageError, match="is closed"):
        experiments.feed("x", "a")


def rows_of(repository: Repository, branch: str, turn: str, text: str) -> Table:
    turns = tree.read(repository.objects, repository.tree_of(branch)).turns
    return turns.take(turns.rows([turn])).replace(text=np.array([text], object))


def test_a_margin_against_the_votes_is_below_nothing(experiments: Experiments) -> None:
    experiments.open("x", "main", turn_of(experiments), "text")
    experiments.feed("x", "b", 3)
    experiments.feed("x", "a", 1)
    experiments.close("x", "a")
    (pair,) = map(json.loads, experiments.pairs())
    assert pair["rejected"][0]["content"] == "text"
    assert pair["margin"] == -0.5


def test_an_experiment_that_cannot_be_told_is_named(experiments: Experiments) -> None:
    turn = turn_of(experiments)
    repository = experiments.repository
    experiments.open("x", "main", turn, "text")
    delta = Delta(deletes={"turns": [turn]})
    after = tree.apply(repository.objects, repository.tree_of("ab/x/b"), delta)
    repository.commit("ab/x/b", after, "gone")
    with pytest.raises(UsageError, match=rf"ab/x/b has no turn {turn}"):
        experiments.read("x")
    repository.fork("main", "ab/y/a")
    repository.fork("main", "ab/y/b")
    with pytest.raises(UsageError, match="ab/y/a does not begin an experiment"):
        experiments.read("y")
