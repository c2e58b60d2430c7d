from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from memento.errors import CorruptRecord, InvalidFile
from memento.render import storage
from memento.render.rendering import Rendering
from memento.train import Epoch, checkpoint, train

Toys = Callable[..., Rendering]
OPTIONS = {"epochs": 5, "seed": 3, "batch": 8, "patience": 5}


@pytest.fixture(scope="module")
def part(rendering: Rendering) -> Rendering:
    return rendering.select(np.arange(50))


class Killed(BaseException):
    pass


def stopped(part: Rendering, path: Path, after: int, **options: object) -> None:
    """Trains `after` epochs, and leaves the state of them."""

    def stop(epoch: Epoch, total: int) -> None:
        if epoch.number + 1 == after:
            raise Killed

    with pytest.raises(Killed):
        train([(part, 1.0)], state=path, progress=stop, **{**OPTIONS, **options})  # type: ignore[arg-type]


@pytest.mark.parametrize("model", ["interaction", "signet", "linear"])
@pytest.mark.parametrize("after", [1, 3])
def test_a_training_that_goes_on_gives_the_bytes_of_one_without_a_break(
    part: Rendering, tmp_path: Path, model: str, after: int
) -> None:
    checkpoint.save(train([(part, 1.0)], model=model, **OPTIONS), tmp_path / "whole")  # type: ignore[arg-type]
    stopped(part, tmp_path / "state", after, model=model)
    told: list[int] = []
    run = train(
        [(part, 1.0)], model=model, state=tmp_path / "state", progress=lambda epoch, _: told.append(epoch.number),
        **OPTIONS,  # type: ignore[arg-type]
    )  # fmt: skip
    assert told[0] == after
    checkpoint.save(run, tmp_path / "resumed")
    assert (tmp_path / "resumed").read_bytes() == (tmp_path / "whole").read_bytes()


def test_a_training_that_was_done_is_not_trained_again(part: Rendering, tmp_path: Path) -> None:
    first = train([(part, 1.0)], model="linear", epochs=3, state=tmp_path / "state")
    told: list[Epoch] = []
    again = train(
        [(part, 1.0)], model="linear", epochs=3, state=tmp_path / "state", progress=lambda e, _: told.append(e)
    )
    assert told == []
    assert checkpoint.digest(again) == checkpoint.digest(first)


WORKER = """
import sys
sys.path.insert(0, sys.argv[2])
from train.conftest import toy
from memento.train import checkpoint, train
def tell(epoch, total):
    print(epoch.number, flush=True)
run = train([(toy(sessions=50), 1.0)], epochs=12, batch=8, patience=12, seed=4, state=sys.argv[1], progress=tell)
checkpoint.save(run, sys.argv[1] + ".done")
"""


def test_a_training_that_is_killed_ends_in_the_same_bytes(toys: Toys, tmp_path: Path) -> None:
    """kill -9 at a random instant of a random epoch, maybe in the middle of a write."""
    whole = train([(toys(sessions=50), 1.0)], epochs=12, batch=8, patience=12, seed=4)
    checkpoint.save(whole, tmp_path / "whole")
    state, chance = tmp_path / "state", random.Random(5)
    arguments = [sys.executable, "-c", WORKER, str(state), str(Path(__file__).parents[1])]
    for last in (False, True):
        process = subprocess.Popen(arguments, stdout=subprocess.PIPE, env={**os.environ, "OMP_NUM_THREADS": "1"})
        assert process.stdout is not None
        if not last:
            for _ in range(chance.randint(2, 5)):
                assert process.stdout.readline()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(chance.random() * 0.05)
            process.send_signal(signal.SIGKILL)
        assert process.wait() == (0 if last else -signal.SIGKILL)
        process.stdout.close()
    assert Path(f"{state}.done").read_bytes() == (tmp_path / "whole").read_bytes()


def test_the_state_of_another_training_is_refused_with_all_that_differs(
    part: Rendering, toys: Toys, tmp_path: Path
) -> None:
    stopped(part, tmp_path / "state", 1)
    with pytest.raises(InvalidFile) as caught:
        train([(part, 1.0)], state=tmp_path / "state", **{**OPTIONS, "rate": 0.5, "seed": 9})  # type: ignore[arg-type]
    assert caught.value.faults == ("rate is 0.5 here, and 0.002 there", "seed is 9 here, and 3 there")
    other = replace(part, labels=part.labels * 0.5)
    with pytest.raises(InvalidFile, match="digest of source 1"):
        train([(other, 1.0)], state=tmp_path / "state", **OPTIONS)  # type: ignore[arg-type]
    with pytest.raises(InvalidFile, match="weight of source 1"):
        train([(part, 2.0)], state=tmp_path / "state", **OPTIONS)  # type: ignore[arg-type]
    with pytest.raises(InvalidFile, match="2 sources here, and 1 there"):
        train([(part, 1.0), (toys(sessions=9, seed=8), 1.0)], state=tmp_path / "state", **OPTIONS)  # type: ignore[arg-type]


def rewrite(path: Path, change: Callable[[dict[str, np.ndarray], dict[str, object]], None]) -> None:
    """Another state with a digest that fits it, as one would forge it."""
    arrays, metadata = storage.read(path)
    document = json.loads(metadata["document"])
    change(arrays, document)
    text = json.dumps(document)
    digest = storage.digest(text, {name: arrays[name] for name in sorted(arrays)})
    storage.write(path, arrays, {**metadata, "document": text, "digest": digest})


@pytest.mark.parametrize(
    "change",
    [
        lambda arrays, document: arrays.update({"model.head.weight": np.full((1, 64), np.nan, np.float32)}),
        lambda arrays, document: arrays.update({"exp_avg.head.weight": np.zeros((1, 65), np.float32)}),
        lambda arrays, document: arrays.pop("best.head.weight"),
        lambda arrays, document: arrays.pop("step.head.weight"),
        lambda arrays, document: document.update(best=7),
        lambda arrays, document: document.update(history=[]),
        lambda arrays, document: document.update(history=[{"number": 3, "loss": 1.0, "ndcg": None}]),
        lambda arrays, document: document.pop("options"),
        lambda arrays, document: document.update(sources=7),
    ],
)
def test_damage_is_told(
    part: Rendering, tmp_path: Path, change: Callable[[dict[str, np.ndarray], dict[str, object]], None]
) -> None:
    stopped(part, tmp_path / "state", 1)
    rewrite(tmp_path / "state", change)
    with pytest.raises(CorruptRecord, match="not a whole state"):
        train([(part, 1.0)], state=tmp_path / "state", **OPTIONS)  # type: ignore[arg-type]


def test_what_is_no_state_is_told(part: Rendering, tmp_path: Path) -> None:
    stopped(part, tmp_path / "state", 1)
    data = (tmp_path / "state").read_bytes()
    for content in (b"", b"hello", data[:-5], data[:-5] + b"\0\0\0\1\1"):
        (tmp_path / "state").write_bytes(content)
        with pytest.raises(CorruptRecord):
            train([(part, 1.0)], state=tmp_path / "state", **OPTIONS)  # type: ignore[arg-type]
    part.save(tmp_path / "state")
    with pytest.raises(CorruptRecord, match="no unfinished training"):
        train([(part, 1.0)], state=tmp_path / "state", **OPTIONS)  # type: ignore[arg-type]
