from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from memento.errors import UsageError
from memento.history import Repository
from memento.history.merges import Merges
from memento.history.remotes import Remotes
from memento.history.transfer import clone
from memento.rewriting import Endpoint, Recordings, Rewriter
from memento.rewriting.endpoint import Completion, ServerError
from memento.rewriting.recordings import key_of
from memento.rewriting.rewrite import fault
from memento.scenario import load
from memento.simulate import world as simulated
from memento.vary.consistency import applied
from memento.vary.texts import Text
from memento.world import tree
from memento.world.world import World
from rewriting.server import completion, politely, serving


@pytest.fixture(scope="module")
def world() -> World:
    return simulated(load("tiny", ["time.days=7"]), 7)


@pytest.fixture
def repository(tmp_path: Path, world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[Repository]:
    monkeypatch.setenv("MEMENTO_DURABILITY", "fast")
    with Repository.init(tmp_path / "w") as made:
        made.commit("main", tree.write(made.objects, world), "first")
        yield made


def rewriter(repository: Repository, **more: Any) -> Rewriter:
    return Rewriter(Recordings(repository), "m", **more)


def test_a_replay_is_the_recording_without_a_server(repository: Repository, world: World) -> None:
    with serving(politely) as (base, seen):
        first = rewriter(repository, endpoint=Endpoint(base, "m")).rewrite(world, "polite", 1.0, 5)
        again = rewriter(repository, endpoint=Endpoint(base, "m")).rewrite(world, "polite", 1.0, 5)
    assert first.asked == len({(r["messages"][1]["content"], r["messages"][0]["content"]) for r in seen})
    assert again.asked == 0
    replayed = rewriter(repository, mode="replay").rewrite(world, "polite", 1.0, 5)
    assert applied(world, first.delta) == applied(world, again.delta) == applied(world, replayed.delta)
    assert replayed.replayed == len(world.turns)
    assert any(text.endswith(" Thank you.") for text in applied(world, first.delta).turns["text"])
    sent = seen[0]
    assert (sent["temperature"], sent["seed"], sent["top_p"]) == (0.0, 0, 1.0)


def test_what_is_not_recorded_cannot_be_replayed(repository: Repository, world: World) -> None:
    with pytest.raises(UsageError, match=r"answers are not recorded, such as [0-9a-f]{10}") as caught:
        rewriter(repository, mode="replay").rewrite(world, "formal", 1.0, 5)
    assert "--mode record" in caught.value.hint


def test_answers_that_lose_something_give_way_to_tone(repository: Repository, world: World) -> None:
    with serving(lambda _: (200, {}, completion("Something else entirely, and 47 more."))) as (base, _):
        found = rewriter(repository, endpoint=Endpoint(base, "m")).rewrite(world, "terse", 1.0, 5)
    assert sum(found.fallbacks.values()) > len(world.turns) / 2
    off = rewriter(repository, mode="off").rewrite(world, "terse", 1.0, 5)
    assert set(off.fallbacks) == {"no model was asked"}


def test_what_was_answered_before_a_failure_is_kept(repository: Repository, world: World) -> None:
    count = 0

    def tired(request: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
        nonlocal count
        count += 1
        return politely(request) if count <= 3 else (400, {}, b"{}")

    with serving(tired) as (base, _), pytest.raises(ServerError, match="answered 400"):
        rewriter(repository, endpoint=Endpoint(base, "m")).rewrite(world, "polite", 1.0, 5)
    assert len(Recordings(repository)) == 3
    assert repository.branch_names() == ["main"]
    assert not repository.fsck(full=True).of("corrupt")


def test_recordings_survive_gc_and_keep_the_first_answer(repository: Repository) -> None:
    question = {"model": "m", "messages": []}
    kept = Recordings(repository)
    kept.put(question, Completion("one", "stop", ""))
    kept.put(question, Completion("two", "stop", ""))
    assert kept.save() == 1
    assert kept.save() == 0
    repository.gc()
    found = Recordings(repository).get(question)
    assert found is not None
    assert found.text == "one"
    assert len(key_of(question)) == 40


def test_the_answer_that_another_process_recorded_first_stays(repository: Repository) -> None:
    question = {"model": "m", "messages": []}
    first, second = Recordings(repository), Recordings(repository)
    first.put(question, Completion("one", "stop", ""))
    second.put(question, Completion("two", "stop", ""))
    assert (first.save(), second.save()) == (1, 0)
    found = second.get(question)
    assert found is not None
    assert found.text == "one"


def test_answers_of_two_clones_are_one_answer_in_both(repository: Repository, tmp_path: Path) -> None:
    question = {"model": "m", "messages": []}
    clone(str(repository.root), tmp_path / "there")
    with Repository.open(tmp_path / "there") as there:
        for place, said in ((repository, "one"), (there, "two")):
            kept = Recordings(place)
            kept.put(question, Completion(said, "stop", ""))
            kept.save()
        Remotes(there, Merges(there)).fetch()
        joined = Recordings(there).get(question)
        assert joined is not None
        assert joined.text == "one"  # the first line, whichever clone it came from
        again = Recordings(there)
        again.put(question, Completion("three", "stop", ""))
        assert again.save() == 0


def test_what_an_answer_holds_never_stops_the_recording(repository: Repository, world: World) -> None:
    number = count()

    def odd(request: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
        turn = next(number)
        if turn == 1:
            return 200, {}, rb'{"choices":[{"message":{"content":"bad \ud83d"},"finish_reason":"stop"}]}'
        return (200, {}, completion("x" * (2 << 20))) if turn == 2 else politely(request)

    with serving(odd) as (base, seen):
        kept = Recordings(repository)
        done = Rewriter(kept, "m", "record", Endpoint(base, "m")).rewrite(world, "polite", 1.0, 5)
    assert done.asked == len(seen) == len(Recordings(repository))
    assert done.fallbacks
    again = Rewriter(Recordings(repository), "m", "replay").rewrite(world, "polite", 1.0, 5)
    assert again.delta == done.delta


@pytest.mark.parametrize(
    ("said", "finish", "why"),
    [
        ("Ada owns 3 of it now.", "stop", ""), ("Eve owns 3 of it now.", "stop", "lost a name"),
        ("Ada owns 4 of it now.", "stop", "lost a number"),
        ("Ada does not own 3 of it.", "stop", "lost what it affirmed"),
        ("Ada owns 3 of it, and 47 more.", "stop", "added a number"),
        ("Ada and Eve own 3 of it.", "stop", "added a name"),
        ("Ada owns 3 of payments api.", "stop", "added a name"),
        ("Sure. Ada owns 3 of it. I said so.", "stop", ""),
        ("Ada 3", "stop", "too short or too long"),
        ("Ada owns 3 of it " * 5, "stop", "too short or too long"),
        ("", "stop", "not one sentence"), ("Ada owns\n3 of it.", "stop", "not one sentence"),
        ("Ada owns 3 of it now.", "length", "cut short"),
    ],
)  # fmt: skip
def test_checks_of_answers(said: str, finish: str, why: str) -> None:
    assert (
        fault(Text("Ada owns 3 of it.", "assistant", ("Ada",)), Completion(said, finish, ""), ("payments api", "Ada"))
        == why
    )


@pytest.mark.parametrize(
    "line",
    [
        "{", "[]", "null", "1", '"x"', "{}", '{"text": null, "finish": "stop", "fingerprint": ""}',
        '{"text": ["a"], "finish": "stop", "fingerprint": ""}', '{"text": "a", "finish": 1, "fingerprint": ""}',
        '{"text": "\\ud800", "finish": "stop", "fingerprint": ""}', "[" * 100_000,
        '{"text": "a", "finish": "stop"}', "not json at all",
    ],
)  # fmt: skip
def test_a_malformed_recording_is_none_and_the_next_answer_takes_its_place(repository: Repository, line: str) -> None:
    question = {"model": "m", "messages": []}
    repository.notes("answers").write(key_of(question), line)
    recordings = Recordings(repository)
    assert recordings.get(question) is None
    recordings.put(question, Completion("well", "stop", "fp"))
    assert recordings.get(question) == Completion("well", "stop", "fp")
    assert recordings.save() == 1
    assert Recordings(repository).get(question) == Completion("well", "stop", "fp")


def test_a_good_line_after_a_malformed_one_is_the_answer(repository: Repository) -> None:
    question = {"model": "m", "messages": []}
    good = '{"text": "b", "finish": "stop", "fingerprint": ""}'
    repository.notes("answers").write(key_of(question), '{"text": null}\n' + good)
    assert Recordings(repository).get(question) == Completion("b", "stop", "")


@pytest.mark.parametrize("mode", ["record", "replay"])
def test_a_model_is_named_in_one_line(repository: Repository, mode: Any) -> None:
    for model in ("", "a\n\nRewrite-Model: b", "x" * 300):
        with pytest.raises(UsageError, match="model"):
            Rewriter(Recordings(repository), model, mode)
    assert Rewriter(Recordings(repository), "", "off")


def test_what_is_said_does_not_hang_on_where_a_turn_stands(repository: Repository, world: World) -> None:
    """A fallback is drawn by the turn's id: taking other sessions away changes nothing of it."""
    gone = set(world.sessions["id"][:3].tolist())
    less = World.build(
        world.manifest,
        {**world.tables, "sessions": world.sessions.take(np.arange(3, len(world.sessions))), **{
            name: world.tables[name].take([row for row, s in enumerate(world.tables[name]["session"]) if s not in gone])
            for name in ("turns", "candidates")
        }},
    )  # fmt: skip
    whole = applied(world, rewriter(repository, mode="off").rewrite(world, "polite", 1.0, 5).delta)
    part = applied(less, rewriter(repository, mode="off").rewrite(less, "polite", 1.0, 5).delta)
    for key, text in zip(part.turns["id"], part.turns["text"], strict=True):
        assert text == whole.record("turns", key)["text"]
