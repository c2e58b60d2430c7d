from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from memento.errors import UsageError
from memento.history import Repository
from memento.measure.value import rank, shingles, sketches, spec_of
from memento.render.rendering import Rendering, render
from memento.scenario import load
from memento.simulate import world as simulated
from memento.vary import parse
from memento.vary.expand import expand
from memento.world import tree


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Repository]:
    monkeypatch.setenv("MEMENTO_DURABILITY", "fast")
    with Repository.init(tmp_path / "w") as made:
        made.commit("main", tree.write(made.objects, simulated(load("tiny"), 7)), "first")
        made.commit("held", tree.write(made.objects, simulated(load("tiny"), 8)), "first")
        yield made


def rendering(repository: Repository, revision: str) -> Rendering:
    return render(tree.read(repository.objects, repository.tree_of(revision)), spec_of("planted"))


def test_what_is_new_is_worth_more(repository: Repository) -> None:
    made = expand(
        repository,
        "main",
        parse(["jitter:share=0.2", "domain:to=law", "reschedule:to=night", "tone:to=polite"]),
        fanout=4,
    )
    by = {variant.operator.partition(":")[0]: variant.name for variant in made.variants}
    found = {v.name: v for v in rank(repository, list(by.values()), "main", lambda r: rendering(repository, r))}
    assert found[by["domain"]].text > found[by["tone"]].text >= found[by["jitter"]].text == 0.0
    assert found[by["tone"]].text > 0.05
    assert found[by["reschedule"]].features > found[by["tone"]].features
    assert found[by["jitter"]].novelty < 0.2
    order = rank(repository, list(by.values()), "main", lambda r: rendering(repository, r))
    assert [v.worth for v in order] == sorted((v.worth for v in order), reverse=True)


def test_of_two_alike_one_is_new(repository: Repository) -> None:
    (variant,) = expand(repository, "main", parse(["domain:to=law"]), fanout=1).variants
    repository.fork(variant.name, "twin")
    names = sorted([variant.name, "twin"])
    found = {v.name: v for v in rank(repository, names, "main", lambda r: rendering(repository, r))}
    assert found[names[0]].text > 0.5
    assert found[names[1]].novelty == pytest.approx(0.0, abs=1e-6)


def test_the_gain_is_measured_on_what_neither_has_seen(repository: Repository) -> None:
    (variant,) = expand(repository, "main", parse(["supersede"]), fanout=1).variants
    (found,) = rank(repository, [variant.name], "main", lambda r: rendering(repository, r), "held", epochs=2)
    assert found.gain is not None
    assert found.low is not None
    assert found.high is not None
    assert found.low <= found.gain <= found.high
    assert abs(found.gain) < 0.5
    with pytest.raises(UsageError, match="no branch"):
        rank(repository, [], "main", lambda r: rendering(repository, r))


def test_sketches_and_shingles(repository: Repository) -> None:
    made = rendering(repository, "main")
    rows = sketches(made)
    low, high = made.offsets[:2]
    np.testing.assert_allclose(rows[0, :17], made.features[low:high].mean(axis=0), rtol=1e-4, atol=1e-5)
    world = tree.read(repository.objects, repository.tree_of("main"))
    assert len(np.unique(shingles(world))) == len(shingles(world)) > 100


def test_a_revision_that_training_saw_is_no_judge(repository: Repository) -> None:
    (variant,) = expand(repository, "main", parse(["tone"]), fanout=1).variants
    (other,) = expand(repository, "held", parse(["tone"]), fanout=1).variants
    for names, against in (([variant.name], "main"), ([other.name], "held"), ([variant.name], variant.name)):
        with pytest.raises(UsageError, match="seen in training"):
            rank(repository, names, "main", lambda r: rendering(repository, r), against, epochs=1)


@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_worlds_without_sessions_have_a_value(repository: Repository) -> None:
    from memento.world.world import World

    world = tree.read(repository.objects, repository.tree_of("main"))
    bare = World.build(world.manifest, {"memories": world.memories, "entities": world.entities})
    repository.commit("bare", tree.write(repository.objects, bare), "no sessions")
    (one,) = rank(repository, ["bare"], "main", lambda r: rendering(repository, r))
    assert (one.features, one.text) == (0.0, 0.0)
    (other,) = rank(repository, ["main"], "bare", lambda r: rendering(repository, r))
    assert other.features == 1.0
