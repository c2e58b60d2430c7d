"""Streams of sessions told otherwise: whose past is true, what is scored, and that nothing is told ahead of time."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from memento.errors import InvalidFile, NotFound, UsageError
from memento.models.base import Model
from memento.models.interaction import GIVEN
from memento.models.names import NAMED
from memento.models.recall import RECALL
from memento.models.sequence import Sequence
from memento.render.rendering import Rendering
from memento.train import Config, Epoch, checkpoint, train
from memento.train.augment.operators import Augmentation
from memento.train.augment.stream import CATALOG, STRETCH, Stream, retold, told
from memento.train.augment.stretches import Stretches, cut
from memento.train.batches import Resident
from memento.train.lesson import OWN_COLUMNS, Lesson
from memento.train.recipe import Lessons
from memento.train.trainer import Material, fresh

Toys = Callable[..., Rendering]
COUNT, WINDOW = 150, 8
NAMES = pytest.mark.parametrize("name", list(CATALOG))
HARD: dict[str, dict[str, Any]] = {"slide-window": {"size": 10}, "reorder": {"ratio": 0.5}}


def changed(name: str, epoch: int = 0, **options: Any) -> Stretches:
    operator = CATALOG[name](**{"share": 1.0, **HARD.get(name, {}), **options})
    return told(0, COUNT, WINDOW, [operator], 3, epoch)


def plain(epoch: int = 0) -> Stretches:
    return told(0, COUNT, WINDOW, [], 3, epoch)


def flat(stretches: Stretches) -> tuple[list[int], list[bool]]:
    """The sessions of a stream in order, and which are scored."""
    there = stretches.mask
    return stretches.sessions[there].tolist(), stretches.scored[there].tolist()


def targets(stretches: Stretches) -> list[int]:
    last = stretches.mask.sum(-1, keepdim=True) - 1
    return stretches.sessions.gather(1, last)[:, 0].tolist()


def test_a_source_is_cut_into_stretches_that_begin_anywhere() -> None:
    assert flat(cut(10, 4, 3)) == (list(range(10)), [True] * 10)
    assert targets(cut(10, 4, 3)) == [2, 6, 9]
    assert targets(cut(7, 4, 3)) == [2, 6]
    assert targets(cut(2, 4, 3)) == [1]
    assert cut(10, 4, 3).before.tolist() == [0, 3, 7]
    firsts = {targets(plain(epoch))[0] for epoch in range(40)}
    assert len(firsts) > 15
    assert max(firsts) < STRETCH * WINDOW


@NAMES
def test_the_last_session_of_a_stretch_is_never_touched(name: str) -> None:
    made = changed(name)
    assert targets(made) == targets(plain())
    last = made.mask.sum(-1, keepdim=True) - 1
    assert made.scored.gather(1, last).all()
    assert made.read.gather(1, last).all()
    assert flat(made) != flat(plain())


@NAMES
def test_nothing_that_is_scored_has_itself_or_what_came_after_in_its_past(name: str) -> None:
    for epoch in range(5):
        sessions, scored = flat(changed(name, epoch))
        latest = -1
        for session, counts in zip(sessions, scored, strict=True):
            if counts:
                assert latest < session
            latest = max(latest, session)


@NAMES
def test_draws_are_keyed_and_a_share_of_zero_changes_nothing(name: str) -> None:
    assert flat(changed(name)) == flat(changed(name))
    assert flat(changed(name, 1)) != flat(changed(name, 2))
    none = changed(name, share=0.0)
    assert flat(none) == flat(plain())
    assert none.read[none.mask].all()


def test_each_operator_does_what_it_does_to_a_users_items() -> None:
    before, sizes = plain(), plain().mask.sum(-1)
    assert changed("slide-window").mask.sum(-1).tolist() == [min(size, 11) for size in sizes.tolist()]
    for kind in ("slide-window", "crop"):
        for row in changed(kind, ratio=0.4).sessions if kind == "crop" else changed(kind).sessions:
            block = row[row >= 0][:-1]
            assert (block.diff() == 1).all()
    kept = np.mean([len(flat(changed("subset-split", epoch, drop=0.25))[0]) / COUNT for epoch in range(20)])
    assert kept == pytest.approx(0.75, abs=0.04)
    assert (sizes - changed("delete").mask.sum(-1)).tolist() == [-(-(size - 1) // 10) for size in sizes.tolist()]
    moved, scored = flat(changed("reorder"))
    assert sorted(moved) == list(range(COUNT))
    assert all(session == place for place, (session, counts) in enumerate(zip(moved, scored)) if counts)
    more = changed("insert")
    assert flat(more)[0] != sorted(flat(more)[0])
    assert [session for session, counts in zip(*flat(more)) if counts] == list(range(COUNT))
    other, counts = flat(changed("replace"))
    assert len(other) == COUNT
    assert 0 < sum(session != place for place, session in enumerate(other)) == counts.count(False)
    unread = changed("mask")
    assert torch.equal(unread.sessions, before.sessions)
    assert torch.equal(unread.scored, unread.read)
    assert 0 < int((unread.mask & ~unread.read).sum()) < 30


def test_nothing_is_put_in_before_there_is_anything() -> None:
    for name in ("insert", "replace"):
        made = changed(name, ratio=1.0)
        first = made.sessions[0]
        assert first[first >= 0].tolist() == list(range(int((first >= 0).sum())))


@pytest.fixture(scope="module")
def rendering_(toys: Toys) -> Rendering:
    return toys(sessions=COUNT, candidates=(3, 9), memories=25)


@pytest.fixture(scope="module")
def seen(rendering_: Rendering) -> tuple[Resident, Model]:
    material = Material([(rendering_, 1.0)], 1.0, 0.0)
    scorer, feed, _ = material.parts(Config.of("sequence", {}))
    return feed.resident, scorer


def stream_of(seen: tuple[Resident, Model], operators: list[Augmentation]) -> Stream:
    resident, scorer = seen
    fit = [np.arange(COUNT)]
    mean = resident.features[:-1].mean(0)
    return retold(resident, fit, [told(0, COUNT, WINDOW, operators, 3, 0)], mean, scorer)


def test_what_is_known_ahead_is_that_of_a_history_so_told(rendering_: Rendering, seen: tuple[Resident, Model]) -> None:
    made = stream_of(seen, [CATALOG["subset-split"](share=1.0)])
    short = Resident([rendering_.select(made.origin)])
    assert 80 < len(short) < COUNT
    assert made.resident.inputs is not None
    assert torch.allclose(made.resident.inputs, seen[1].inputs(short), atol=1e-6)  # type: ignore[arg-type]
    for name in ("features", "labels", "contexts", "memory_rows", "offsets", "lengths"):
        assert torch.equal(getattr(made.resident, name), getattr(short, name)), name
    assert np.array_equal(made.resident.times, short.times)
    assert torch.equal(made.resident.labels, seen[0].labels[made.rows])


def test_a_stream_that_nothing_changes_is_the_plain_one(seen: tuple[Resident, Model]) -> None:
    made = stream_of(seen, [])
    assert made.resident.inputs is not None
    assert seen[0].inputs is not None
    assert torch.equal(made.resident.inputs, seen[0].inputs)
    assert made.scored.all()


def test_a_session_that_cannot_be_read_tells_later_ones_nothing_of_its_memories(seen: tuple[Resident, Model]) -> None:
    """Its words are still heard, which moves what contexts are like by and large: that is left out of account."""
    deaf = copy.deepcopy(seen[1])
    assert isinstance(deaf, Sequence)
    deaf.expected.weights[:NAMED] = 0
    seen = seen[0], deaf
    made = stream_of(seen, [CATALOG["mask"](share=1.0, ratio=0.3)])
    gone = np.repeat(~made.scored, made.resident.sizes)
    own = list(OWN_COLUMNS)
    rows = torch.from_numpy(np.append(gone, False))
    mean = seen[0].features[:-1].mean(0)
    assert torch.allclose(made.resident.features[rows][:, own], mean[own].expand(int(gone.sum()), -1))
    assert torch.equal(made.resident.features[rows][:, 3:10], seen[0].features[made.rows[rows]][:, 3:10])
    assert (made.resident.memory_rows[rows] == len(seen[0].embeddings) - 1).all()
    assert not made.resident.labels[rows].any()
    kept = torch.from_numpy(np.append(~gone, False))
    short = stream_of(seen, [])
    resident, scorer = seen
    there = torch.from_numpy(made.scored).unsqueeze(0)
    stretch = Stretches(torch.arange(COUNT).unsqueeze(0).masked_fill(~there, -1), there, there, torch.zeros(1).long())
    without = retold(resident, [np.arange(COUNT)], [stretch], mean, scorer)
    assert len(short.origin) > len(without.origin)
    families = RECALL // 3
    assert made.resident.inputs is not None
    assert without.resident.inputs is not None
    for column in (
        GIVEN + NAMED,
        GIVEN + NAMED + 2 * families,
    ):  # the mean of a memory's labels, and how often it was seen
        assert torch.allclose(made.resident.inputs[kept][:, column], without.resident.inputs[:-1, column], atol=1e-6)


def lessons(rendering: Rendering, model: str = "sequence", **options: Any) -> Lessons:
    config = Config.of(model, {"epochs": 6, "batch": 16, **options})
    _, feed, _ = Material([(rendering, 1.0)], 1.0, 0.0).parts(config)
    assert isinstance(feed, Lessons)
    return feed


def test_an_epoch_has_as_many_steps_as_ever_and_is_a_function_of_its_number(rendering_: Rendering) -> None:
    one, two = (lessons(rendering_, stream="crop:share=1.0,insert") for _ in range(2))
    usual = len(lessons(rendering_, curriculum="length:low=150:high=150").steps(0))
    for number in (3, 0, 5):
        steps = one.steps(number)
        assert len(steps) == one.per_epoch == usual
        again = two.steps(number)
        assert all(np.array_equal(a, b) for a, b in zip(steps, again, strict=True))
        left, right = (feed.batch(steps[-1], number, 0) for feed in (one, two))
        assert torch.equal(left.features, right.features)
        assert left.window == WINDOW
        assert len(left.features) % WINDOW == 0


def test_rows_are_those_of_the_plain_sessions_and_draws_go_by_them(rendering_: Rendering) -> None:
    feed = lessons(rendering_, stream="subset-split:share=1.0")
    lesson = feed.batch(feed.steps(0)[0], 0, 0)
    assert lesson.rows is not None
    assert lesson.labels is not None
    assert torch.equal(lesson.labels[lesson.mask], feed.resident.labels[lesson.rows[lesson.mask]])
    assert (lesson.rows[~lesson.mask] == feed.resident.candidates).all()
    stream, _, _ = feed.stream(0)
    alone = lessons(rendering_, augment="crop:share=1.0", curriculum="length:low=150:high=150")
    both = lessons(rendering_, augment="crop:share=1.0", stream="subset-split:share=1.0")
    sessions = feed.steps(0)[0]
    cropped, of = both.batch(sessions, 0, 0), alone.batch(stream.origin[sessions], 0, 0)
    assert cropped.rows is not None
    assert of.rows is not None
    assert torch.equal(cropped.rows[cropped.mask], of.rows[of.mask])


def test_only_what_is_scored_is_in_the_loss(rendering_: Rendering) -> None:
    feed = lessons(rendering_, stream="replace:share=1.0:ratio=0.5")
    lesson = feed.batch(feed.steps(0)[0], 0, 0)
    assert isinstance(lesson, Lesson)
    assert lesson.scored is not None
    assert 0 < int(lesson.scored.sum()) < len(lesson.scored)
    scorer = fresh(Config.of("interaction", {}), 64).eval()
    objective = feed.recipe.objective(feed.config)
    rows = lesson.scored.nonzero()[:, 0]
    alone = objective(scorer, replace(lesson.of(rows), scored=None))
    share = len(rows) / len(lesson.scored)
    assert objective(scorer, lesson).item() == pytest.approx(alone.item() * share, abs=1e-6)
    none = objective(scorer, replace(lesson, scored=torch.zeros_like(lesson.scored)))
    assert none.item() == 0.0
    none.backward()  # type: ignore[no-untyped-call]
    assert all(p.grad is None or not p.grad.any() for p in scorer.parameters())


ALL = {
    "curriculum": "candidates:low=2:high=9:step=1,snr,length:low=20:high=60", "augment": "crop",
    "stream": "slide-window:size=12,subset-split,mask,insert,reorder,replace,delete,crop",
    "negatives": "fenrec:warmup=1", "contrast": "softclt", "opponent": "spin:rounds=2", "targets": "future",
}  # fmt: skip


def test_a_training_with_everything_goes_on_to_the_same_bytes(toys: Toys, tmp_path: Path) -> None:
    sources = [(toys(sessions=70, candidates=(2, 8), seed=1), 1.0), (toys(sessions=50, candidates=(2, 8), seed=2), 2.0)]
    options: dict[str, Any] = {"epochs": 4, "patience": 4, "mix": "wrap:real=2", **ALL}

    def stop(epoch: Epoch, total: int) -> None:
        if epoch.number == 1:
            raise KeyboardInterrupt

    whole = train(sources, "sequence", **options)
    with pytest.raises(KeyboardInterrupt):
        train(sources, "sequence", state=tmp_path / "state", progress=stop, **options)
    assert checkpoint.digest(train(sources, "sequence", state=tmp_path / "state", **options)) == checkpoint.digest(
        whole
    )
    assert all(np.isfinite(epoch.loss) for epoch in whole.history)


def test_a_short_stream_makes_short_windows(toys: Toys) -> None:
    run = train([(toys(sessions=9, candidates=4), 1.0)], "sequence", epochs=3, stream="subset-split:share=1.0:drop=0.9")
    assert len(run.history) == 3


def test_a_model_without_a_past_is_refused(rendering_: Rendering) -> None:
    with pytest.raises(UsageError, match="reads each alone"):
        train([(rendering_, 1.0)], "interaction", epochs=1, stream="crop")
    with pytest.raises(NotFound, match="augmentation of streams"):
        Config(stream="warp")
    with pytest.raises(InvalidFile, match="twice"):
        Config(stream="crop,crop")


def test_pairs_of_a_window_end_with_its_last_session_and_differ_before_it(rendering_: Rendering) -> None:
    feed = lessons(rendering_, contrast="cl4srec:of=stream", batch=64)
    number, sessions = 1, feed.steps(1)[0]
    lesson = feed.batch(sessions, number, 0)
    assert isinstance(lesson, Lesson)
    assert lesson.views is not None
    targets = sessions[WINDOW - 1 :: WINDOW]
    assert len(targets) > 4
    apart = 0
    for view in lesson.views:
        assert view.rows is not None
        assert view.window <= WINDOW
        last = view.rows[view.window - 1 :: view.window]
        assert last[:, 0].tolist() == feed.resident.ends[targets].tolist()
        of = np.searchsorted(feed.resident.ends, view.rows[:, 0].numpy(), side="right") - 1
        for window, target in zip(of.reshape(-1, view.window), targets, strict=True):
            assert (window[:-1] < target).all()
            apart += not np.array_equal(window, np.arange(target - view.window + 1, target + 1))
    assert apart > 2
    again = lessons(rendering_, contrast="cl4srec:of=stream", batch=64).batch(sessions, number, 0)
    assert isinstance(again, Lesson)
    assert again.views is not None
    assert all(torch.equal(a.features, b.features) for a, b in zip(lesson.views, again.views, strict=True))


def test_pairs_of_windows_teach_the_cell(rendering_: Rendering) -> None:
    feed = lessons(rendering_, contrast="cl4srec:of=stream:weight=1.0", batch=64)
    lesson = feed.batch(feed.steps(0)[0], 0, 0)
    assert isinstance(lesson, Lesson)
    assert lesson.views is not None
    assert feed.scorer is not None
    (part,) = feed.recipe.contrast
    vectors = part.read(feed.scorer, lesson.views[0])
    assert vectors.shape == (len(lesson.views[0].mask) // lesson.views[0].window, 32)
    assert torch.allclose(vectors.norm(dim=-1), torch.ones(len(vectors)), atol=1e-5)
    part.loss(feed.scorer, lesson).backward()  # type: ignore[no-untyped-call]
    moved = {name for name, p in feed.scorer.named_parameters() if p.grad is not None and p.grad.abs().sum() > 0}
    assert "summary.weight" in moved
    assert any(name.startswith("cell.") for name in moved)
    assert not any(name.startswith("head") for name in moved)
    few = lessons(rendering_, contrast="cl4srec:of=stream", batch=8)
    one = few.batch(few.steps(0)[0], 0, 0)
    assert isinstance(one, Lesson)
    assert part.loss(feed.scorer, one).item() == 0.0


def test_pairs_go_with_streams_and_candidates_changed_too(rendering_: Rendering) -> None:
    options = {"contrast": "cl4srec:of=stream", "stream": "insert,crop", "augment": "subset-split", "batch": 32}
    one, two = (train([(rendering_, 1.0)], "sequence", epochs=2, **options) for _ in range(2))
    assert checkpoint.digest(one) == checkpoint.digest(two)
    with pytest.raises(UsageError, match="has no past"):
        train([(rendering_, 1.0)], "interaction", epochs=1, contrast="cl4srec:of=stream")
