"""The sequence model behind requests: what it knows of earlier sessions, and when."""

from __future__ import annotations

import gc
import sqlite3
import weakref
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from train.conftest import toy

from memento.render.rendering import Rendering, render
from memento.scenario import load as load_scenario
from memento.serve.database import load
from memento.serve.gate import retrain
from memento.serve.scorers import SequenceScorer, TorchScorer
from memento.simulate import world as simulated
from memento.train import Run, checkpoint, train
from memento.train.batches import scores
from memento.train.signet import Sample

from .conftest import Client
from .test_scorers import request


@pytest.fixture(scope="module")
def run() -> Run:
    return train([(toy(sessions=20, candidates=5, dimension=8), 1.0)], model="sequence", epochs=2)


@pytest.fixture
def narrow() -> Run:
    """For embeddings of 4 numbers, as the database has them."""
    return train([(toy(sessions=12, candidates=5, dimension=4), 1.0)], model="sequence", epochs=1)


def test_a_sequence_model_scores_after_its_past_as_offline(run: Run) -> None:
    """What comes over the wire after --past is what the whole rendering gives, the session among the others."""
    whole = toy(sessions=20, candidates=5, dimension=8)
    served = SequenceScorer(run, sunday=False)
    served.follow(whole.select(np.arange(19)))
    offline = _offline(run, whole)
    assert _asked(Client(served), whole) == pytest.approx(offline, abs=1e-5)
    blank = _asked(Client(SequenceScorer(run, sunday=False)), whole)
    assert max(abs(score - offline[memory]) for memory, score in blank.items()) > 1e-4


def test_ids_that_an_import_changed_are_known_by_those_that_the_agent_has(run: Run) -> None:
    whole = toy(sessions=20, candidates=5, dimension=8)
    odd = replace(whole, memory_ids=tuple(f"a%20b%40{name}" for name in whole.memory_ids))
    served = SequenceScorer(run, sunday=False)
    served.follow(odd.select(np.arange(19)))
    found = _asked(Client(served), replace(whole, memory_ids=tuple(f"a b@{name}" for name in whole.memory_ids)))
    assert {name.removeprefix("a b@"): score for name, score in found.items()} == pytest.approx(
        _offline(run, whole), abs=1e-5
    )


def test_the_order_in_which_sessions_are_told_of_does_not_count(run: Run) -> None:
    whole = toy(sessions=20, candidates=5, dimension=8)
    served = SequenceScorer(run, sunday=False)
    for places in ([7, 8, 9], range(12, 19), range(7), [10, 11], range(3, 12)):
        served.follow(whole.select(np.array(places)))
    assert _asked(Client(served), whole) == pytest.approx(_offline(run, whole), abs=1e-5)
    early = SequenceScorer(run, sunday=False)
    early.follow(whole.select(np.arange(10)))
    with served.without([*whole.session_ids[10:], "none such"]):
        assert _asked(Client(served), whole) == _asked(Client(early), whole)
    assert _asked(Client(served), whole) == pytest.approx(_offline(run, whole), abs=1e-5)


def test_a_session_that_comes_again_counts_as_it_came_last(run: Run) -> None:
    whole = toy(sessions=20, candidates=5, dimension=8)
    early = whole.select(np.arange(19))
    wrong = replace(early, labels=np.zeros_like(early.labels))
    served = SequenceScorer(run, sunday=False)
    served.follow(wrong)
    _asked(Client(served), whole)
    served.follow(early)
    assert _asked(Client(served), whole) == pytest.approx(_offline(run, whole), abs=1e-5)
    past = served.past
    served.follow(early)
    _asked(Client(served), whole)
    assert served.past is past, "what is the same tells nothing anew"


def test_sessions_that_end_together_stand_in_the_order_of_a_world() -> None:
    world = simulated(load_scenario("tiny"), 7)
    rendering = render(world)
    together = replace(rendering, session_times=np.full_like(rendering.session_times, 5))
    run = train([(rendering, 1.0)], model="sequence", epochs=1)
    served, plain = SequenceScorer(run), SequenceScorer(run)
    plain.follow(rendering)
    served.follow(together)
    assert sorted(served._sessions, key=served._at) == sorted(rendering.session_ids)
    assert sorted(plain._sessions, key=plain._at) == list(rendering.session_ids)


def test_no_more_is_kept_than_sessions_need(narrow: Run, database: Path) -> None:
    """A database that was read is let go, and one embedding is held once."""
    served = SequenceScorer(narrow)
    for _ in range(3):
        samples = load(database, 4).samples
        served.remember(samples)
        read = weakref.ref(samples)
        del samples
        gc.collect()
        assert read() is None
    held = {id(row) for session in served._sessions.values() for row in session.rows}
    offered = {row.tobytes() for session in served._sessions.values() for row in session.rows}
    assert len(held) == len(offered) == len(served._rows)
    with served.without(list(served._sessions)):
        pass
    served._sessions.clear()
    assert not len(served._rows)


def test_what_is_scored_leaves_no_trace(run: Run) -> None:
    client, untouched = Client(SequenceScorer(run)), Client(SequenceScorer(run))
    asked = request()
    huge = {**asked, "candidate_ids": [f"h{place}" for place in range(6)], "candidate_embeddings": [[1e300] * 8] * 6}
    assert "not finite" in client("score", **huge)["message"]
    client("score", **asked | {"candidate_ids": [f"other{place}" for place in range(6)]})
    client("score", **asked | {"candidate_embeddings": [[3.0] * 8] * 6})
    assert client("score", **asked) == untouched("score", **asked)


def test_a_step_of_training_tells_the_past_anew(run: Run, tmp_path: Path) -> None:
    whole = toy(sessions=20, candidates=5, dimension=8)
    served = SequenceScorer(_copied(run, tmp_path), sunday=False)
    served.follow(whole.select(np.arange(19)))
    client = Client(served)
    before = _asked(client, whole)
    asked = request() | {"labels": [1.0, 0, 0, 0, 0, 0]}
    asked.pop("candidate_ids")
    for _ in range(5):
        client("train", **asked)
    client("save_checkpoint", path=str(tmp_path / "after"))
    trained = checkpoint.load(tmp_path / "after")
    after = _asked(client, whole)
    assert after == pytest.approx(_offline(trained, whole), abs=1e-5)
    assert after != before
    served._stale = True
    assert _asked(client, whole) == after, "the cell alone hangs on weights"


def test_what_a_database_shows_is_remembered_once(narrow: Run, database: Path) -> None:
    served = SequenceScorer(narrow)
    client = Client(served)
    assert client("train_from_db", db_path=str(database), epochs=0)["samples_used"] == 7
    assert len(served._sessions) == 7
    state = served.past.carried
    assert state is not None
    client("train_from_db", db_path=str(database), epochs=0)
    served._catch_up()
    assert len(served._sessions) == 7
    assert torch.equal(served.past.carried, state)
    alone = SequenceScorer(narrow)
    alone.remember(load(database, 4).samples[::-1])
    assert torch.equal(alone.past.carried, state), "by time, whatever order they come in"


def test_a_session_without_a_time_is_not_remembered(narrow: Run, database: Path, tmp_path: Path) -> None:
    odd = tmp_path / "odd.db"
    odd.write_bytes(database.read_bytes())
    with closing(sqlite3.connect(odd)) as opened, opened:
        opened.execute("UPDATE session_scores SET created_at = 'once' WHERE session_key = 'sess-01'")
    served = SequenceScorer(narrow)
    Client(served)("train_from_db", db_path=str(odd), epochs=0)
    assert len(served._sessions) == 6
    assert "sess-01" not in served._sessions


class Watched(SequenceScorer):
    """Notes which sessions it knows whenever it scores."""

    def __init__(self, run: Run) -> None:
        super().__init__(run)
        self.knew: list[set[str]] = []

    def scores(self, sample: Sample) -> npt.NDArray[Any]:
        self.knew.append(set(self._sessions))
        return super().scores(sample)


@pytest.mark.parametrize("count", [4, 14])
def test_the_gate_asks_of_no_session_whose_labels_are_known(run: Run, tmp_path: Path, count: int) -> None:
    samples = _samples(toy(sessions=20, candidates=5, dimension=8).select(np.arange(count)))
    served = Watched(_copied(run, tmp_path))
    for _ in range(2):
        served.knew.clear()
        retrain(served, samples, 1)
        canary = {sample.session for sample in samples[:10]}
        assert len(served.knew) == 2 * len(canary)
        assert not canary & set.union(*served.knew)
        assert set(served._sessions) == {sample.session for sample in samples}
    assert served.knew[0] == {sample.session for sample in samples[10:]}


def test_a_training_that_fails_takes_nothing_from_the_past(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    part = toy(sessions=20, candidates=5, dimension=8).select(np.arange(14))
    served = SequenceScorer(_copied(run, tmp_path))
    served.follow(part)

    def fails(*_: object) -> None:
        raise RuntimeError("out of luck")

    monkeypatch.setattr(TorchScorer, "train", fails)
    with pytest.raises(RuntimeError, match="out of luck"):
        retrain(served, _samples(part), 1)
    assert set(served._sessions) == set(part.session_ids)


def test_a_training_that_fails_midway_leaves_a_model_that_scores(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = toy(sessions=20, candidates=5, dimension=8)
    served = SequenceScorer(_copied(run, tmp_path), sunday=False)
    served.follow(whole.select(np.arange(19)))
    steps, step = [], TorchScorer._step

    def fails(*given: Any) -> Any:
        steps.append(step(*given))
        if len(steps) == 3:
            raise RuntimeError("out of luck")
        return steps[-1]

    monkeypatch.setattr(TorchScorer, "_step", fails)
    with pytest.raises(RuntimeError, match="out of luck"):
        served.train(_samples(whole.select(np.arange(10))), 1, 0.5)
    assert not served.model.training
    after = _asked(Client(served), whole)
    served._stale = True
    assert _asked(Client(served), whole) == after


def _samples(rendering: Rendering) -> list[Sample]:
    """The newest first."""
    found = []
    for place, (session, time) in enumerate(zip(rendering.session_ids, rendering.session_times.tolist(), strict=True)):
        rows = slice(int(rendering.offsets[place]), int(rendering.offsets[place + 1]))
        memories = rendering.memory_rows[rows].tolist()
        found.append(
            Sample(
                rows=np.concatenate([rendering.memory_embeddings[memories], rendering.contexts[place : place + 1]]),
                features=rendering.features[rows].copy(),
                labels=rendering.labels[rows].copy(),
                session=session,
                memories=tuple(rendering.memory_ids[row] for row in memories),
                time=time,
            )
        )
    return found[::-1]


def _copied(run: Run, folder: Path) -> Run:
    checkpoint.save(run, folder / "copied")
    return checkpoint.load(folder / "copied")


def _last(whole: Rendering) -> tuple[slice, Sequence[str]]:
    rows = slice(int(whole.offsets[19]), int(whole.offsets[20]))
    return rows, [whole.memory_ids[row] for row in whole.memory_rows[rows].tolist()]


def _offline(run: Run, whole: Rendering) -> dict[str, float]:
    """The scores of the last session as evaluation gives them, by memory."""
    rows, names = _last(whole)
    found = torch.softmax(torch.from_numpy(scores(run.scorer, whole)[rows]).double(), 0).tolist()
    return dict(zip(names, found, strict=True))


def _asked(client: Client, whole: Rendering) -> dict[str, float]:
    """The same over the wire."""
    rows, names = _last(whole)
    answer = client(
        "score",
        context_embedding=whole.contexts[19].tolist(),
        candidate_ids=names,
        candidate_embeddings=whole.memory_embeddings[whole.memory_rows[rows]].tolist(),
        candidate_features=whole.features[rows].tolist(),
    )
    return {one["id"]: one["score"] for one in answer["scores"]}
