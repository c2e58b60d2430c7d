"""Devices, precisions and compiled passes: what may differ, and what may not."""

from __future__ import annotations

import contextlib
import gc
import math
import weakref
from collections.abc import Callable
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from memento.cli.commands import train as command
from memento.errors import InvalidFile, UsageError
from memento.models import LEARNERS
from memento.render.rendering import Rendering
from memento.train import checkpoint, train
from memento.train.batches import scores
from memento.train.config import Config
from memento.train.device import DEVICES, Pass, check_compile, device_of
from memento.train.graphs import Steps, in_turns
from memento.train.loop import Loop
from memento.train.losses import CATALOG as LOSSES
from memento.train.objective import objective_of
from memento.train.seeds import train_seeds
from memento.train.trainer import Material

Toys = Callable[..., Rendering]
NETWORKS = [name for name in LEARNERS if name != "lambdamart"]
IN_COMPILE = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of torch, within torch.compile
NO_CUDA = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")


class OneDevice(TorchDispatchMode):
    """Lets no operation mix tensors of the CPU and of the meta device, but for copies and for single numbers."""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        given = [leaf for leaf in tree_leaves((args, kwargs or {})) if isinstance(leaf, Tensor) and leaf.dim()]
        if len({leaf.device.type for leaf in given}) > 1:
            raise AssertionError(f"{func} mixes devices")
        return func(*args, **(kwargs or {}))


def material(toys: Toys, **kinds: Any) -> Material:
    return Material([(toys(sessions=40, candidates=(4, 9)), 1.0)], 0.7, 0.1, **kinds)


def ranked(scorer: Any, part: Rendering) -> np.ndarray[Any, Any]:
    """Scores less their mean over the session: what is equal for all of its candidates is left to chance."""
    found = scores(scorer.to("cpu"), part)
    for start, end in pairwise(part.offsets.tolist()):
        found[start:end] -= found[start:end].mean()
    return found


def on_meta(batch: Any) -> Any:
    return type(batch)(
        **{
            name: value.to("meta") if isinstance(value := getattr(batch, name), Tensor) else value
            for name in batch.__dataclass_fields__
        }
    )


def test_a_constant_of_the_cpu_is_seen() -> None:
    with OneDevice(), pytest.raises(AssertionError, match="mixes devices"):
        torch.empty(3, device="meta") + torch.ones(3)


@pytest.mark.parametrize("loss", list(LOSSES))
@pytest.mark.parametrize("model", NETWORKS)
def test_a_step_stays_on_the_device_of_its_batch_and_waits_for_nothing(
    toys: Toys, monkeypatch: pytest.MonkeyPatch, model: str, loss: str
) -> None:
    """The meta device has no numbers, so a step that asked one of them of its device would fail here."""
    monkeypatch.setattr(torch, "autocast", lambda *given, **named: contextlib.nullcontext())  # knows no meta device
    config = Config.of(model, {"loss": loss, "epochs": 1})
    scorer, feed, _ = material(toys).parts(config)
    batch = on_meta(feed.batch(feed.steps(0)[0], 0, 0))
    scorer.train().to("meta")
    with OneDevice():
        objective_of(config)(scorer, batch).backward()  # type: ignore[no-untyped-call]
    learnt = [parameter.grad for parameter in scorer.parameters() if parameter.grad is not None]
    assert learnt
    assert {grad.device.type for grad in learnt} == {"meta"}


def test_the_command_offers_the_devices_that_there_are() -> None:
    assert command.DEVICES == DEVICES


def test_auto_is_the_cpu_where_there_is_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert device_of("auto") == device_of("cpu") == torch.device("cpu")
    with pytest.raises(UsageError, match="no CUDA device") as caught:
        device_of("cuda")
    assert caught.value.hint
    with pytest.raises(UsageError, match="no device 'tpu'"):
        device_of("tpu")


def test_every_process_takes_the_device_of_its_rank(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setenv("LOCAL_RANK", "1")
    assert device_of("auto") == torch.device("cuda", 1)
    monkeypatch.setenv("LOCAL_RANK", "2")
    with pytest.raises(UsageError, match="process 2"):
        device_of("cuda")


@pytest.mark.parametrize("config", [Config.of("lambdamart", {}), Config.of("signet", {"exact": True})])
def test_what_is_trained_outside_of_torch_stays_on_the_cpu(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert device_of("auto", config) == torch.device("cpu")
    with pytest.raises(UsageError, match="on the CPU alone"):
        device_of("cuda", config)
    with pytest.raises(UsageError, match="compile"):
        check_compile(config)


def test_a_pass_that_cannot_be_compiled_is_refused() -> None:
    with pytest.raises(UsageError, match="contrast"):
        check_compile(Config.of("interaction", {"contrast": "cl4srec"}))
    with pytest.raises(UsageError, match="several processes"):
        check_compile(Config(), processes=2)


def test_faulty_precisions_are_refused() -> None:
    with pytest.raises(InvalidFile, match="did you mean bfloat16"):
        Config(precision="bfloat61")
    with pytest.raises(InvalidFile, match="exact takes precision='float32' alone"):
        Config.of("signet", {"exact": True, "precision": "bfloat16"})
    with pytest.raises(InvalidFile, match="no use for precision"):
        Config.of("lambdamart", {"precision": "bfloat16"})


def test_a_checkpoint_tells_of_another_precision_alone(toys: Toys, tmp_path: Path) -> None:
    part = toys(sessions=30)
    assert "precision" not in Config().to_map()
    run = train([(part, 1.0)], "mlp", epochs=1, precision="bfloat16")
    checkpoint.save(run, tmp_path / "low.safetensors")
    loaded = checkpoint.load(tmp_path / "low.safetensors")
    assert loaded.config.precision == "bfloat16"
    assert loaded.machine == {}
    assert {value.dtype for value in loaded.scorer.parameters()} == {torch.float32}


@pytest.mark.parametrize("model", NETWORKS)
def test_bfloat16_gives_nearly_the_loss_of_float32(toys: Toys, model: str) -> None:
    held = material(toys)
    losses = [
        held.loop(Config.of(model, {"precision": precision, "epochs": 1})).epoch().loss
        for precision in ("float32", "bfloat16")
    ]
    assert all(map(math.isfinite, losses))
    assert losses[1] == pytest.approx(losses[0], rel=0.05)


def test_logits_leave_a_low_pass_in_32_bits_and_the_scorer_as_it_was(toys: Toys) -> None:
    scorer, feed, _ = material(toys).parts(Config.of("signet", {}))
    batch = feed.batch(feed.steps(0)[0], 0, 0)
    plain = scorer(batch)
    low = Pass(scorer, "bfloat16")
    with low():
        inside = scorer(batch)
    assert inside.dtype == torch.float32
    assert not torch.equal(inside, plain)
    assert torch.equal(scorer(batch), plain)


@IN_COMPILE
def test_a_compiled_epoch_is_a_plain_one(toys: Toys) -> None:
    """The signet model drops nothing, so both draw alike."""
    config = Config.of("signet", {"epochs": 1})
    plain, compiled = (material(toys, compiled=flag).loop(config) for flag in (False, True))
    assert compiled.epoch().loss == pytest.approx(plain.epoch().loss, abs=1e-5)
    for mine, theirs in zip(compiled.scorer.parameters(), plain.scorer.parameters()):
        torch.testing.assert_close(mine, theirs, atol=config.rate, rtol=1e-3)  # one step of Adam, where a slope is 0


def test_a_batch_is_padded_to_the_width_and_scores_the_same(toys: Toys) -> None:
    held = material(toys)
    scorer, feed, _ = held.parts(Config.of("interaction", {}))
    chosen = np.array([0, 1])
    narrow = feed.resident.batch(chosen)
    feed.resident.width = 20
    wide = feed.resident.batch(chosen)
    assert wide.mask.shape == (2, 20)
    torch.testing.assert_close(
        scorer.score(wide)[:, : narrow.mask.shape[1]][narrow.mask], scorer.score(narrow)[narrow.mask]
    )


@pytest.mark.parametrize("model", ["interaction", "sequence", "signet"])
def test_a_step_that_can_be_recorded_is_the_plain_one(toys: Toys, monkeypatch: pytest.MonkeyPatch, model: str) -> None:
    """What is recorded on CUDA is given tensors alone; here they lie on the CPU, and it is run each time."""
    held = material(toys)
    plain, recorded = (held.loop(Config.of(model, {"epochs": 2})) for _ in range(2))
    recorded.feed.resident.width = int(held.resident.sizes.max())
    monkeypatch.setattr(Loop, "stream", None)
    recorded.graphs = recorded.recorded  # type: ignore[assignment]
    losses = [[loop.epoch().loss for _ in range(2)] for loop in (plain, recorded)]
    assert losses[1] == pytest.approx(losses[0], abs=2e-3)  # padded further, so dropout draws more
    if model == "signet":
        part = toys(sessions=30, seed=1)
        np.testing.assert_allclose(ranked(recorded.scorer, part), ranked(plain.scorer, part), atol=1e-4)


def test_trainings_in_turns_are_those_alone(toys: Toys) -> None:
    held = material(toys)
    configs = [Config.of("mlp", {"seed": seed, "epochs": 2 + seed}) for seed in range(3)]
    seen: list[list[int]] = [[], [], []]
    watches = [(lambda epoch, total, at=at: seen[at].append(epoch.number)) for at in range(3)]
    runs = held.train_in_turns(configs, watches, [])
    alone = [held.train(config) for config in configs]
    assert [checkpoint.digest(run) for run in runs] == [checkpoint.digest(run) for run in alone]
    assert seen == [[0, 1], [0, 1, 2], [0, 1, 2, 3]]
    paired = held.train_in_turns(configs, watches, [], at_once=2)
    assert [checkpoint.digest(run) for run in paired] == [checkpoint.digest(run) for run in alone]


def test_trainings_that_cannot_take_turns(toys: Toys, monkeypatch: pytest.MonkeyPatch) -> None:
    configs = [Config.of("mlp", {"seed": seed, "epochs": 1}) for seed in range(3)]
    with pytest.raises(UsageError, match="compiled trainings cannot take turns"):
        material(toys, compiled=True).train_in_turns(configs, [], [])

    def full(*_: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(Loop, "step", full)
    with pytest.raises(UsageError, match="cpu has too little memory for this training, 2 times") as refused:
        material(toys).train_in_turns(configs, [], [], at_once=2)
    assert "fewer --seeds" in str(refused.value.hint)
    with pytest.raises(UsageError) as refused:
        material(toys).train_in_turns(configs[:1], [], [])
    assert refused.value.message == "cpu has too little memory for this training"
    assert "--seeds" not in str(refused.value.hint)


def test_no_more_trainings_stand_on_the_device_than_asked(toys: Toys, monkeypatch: pytest.MonkeyPatch) -> None:
    configs = [Config.of("mlp", {"seed": seed, "epochs": 1}) for seed in range(6)]
    alive: weakref.WeakSet[Loop] = weakref.WeakSet()
    most = []
    begin = Loop.__init__

    def counted(loop: Loop, *arguments: Any, **named: Any) -> None:
        begin(loop, *arguments, **named)
        loop.graphs = partial(loop.recorded)  # type: ignore[assignment]  # a cycle, as on CUDA
        alive.add(loop)
        most.append(len(alive))

    monkeypatch.setattr(Loop, "__init__", counted)
    monkeypatch.setattr(Loop, "stream", None)
    held = material(toys)
    held.resident.width = int(held.resident.sizes.max())
    gc.collect()
    gc.disable()
    try:
        held.train_in_turns(configs, [], [], at_once=2)
    finally:
        gc.enable()
    assert max(most) == 2


def test_the_first_error_ends_all_trainings() -> None:
    ended = []

    def steps(name: str, count: int) -> Steps:
        try:
            for _ in range(count):
                yield
            raise ValueError(name)
        finally:
            ended.append(name)

    with pytest.raises(ValueError, match="short"):
        in_turns([(steps("long", 9), None), (steps("short", 2), None), (steps("longer", 12), None)])
    assert sorted(ended) == ["long", "longer", "short"]


@NO_CUDA
@pytest.mark.parametrize("model", NETWORKS)
def test_cuda_gives_the_loss_and_the_gradients_of_the_cpu(toys: Toys, model: str) -> None:
    config = Config.of(model, {"epochs": 1})
    found = []
    for device in (torch.device("cpu"), torch.device("cuda", 0)):
        scorer, feed, _ = material(toys, device=device).parts(config)
        scorer.eval()  # nothing is dropped: the generators of devices draw other numbers
        loss = objective_of(config)(scorer, feed.batch(feed.steps(0)[0], 0, 0))
        loss.backward()  # type: ignore[no-untyped-call]
        grads = [p.grad.cpu() for p in scorer.parameters() if p.grad is not None]
        found.append((float(loss), torch.cat([grad.reshape(-1) for grad in grads])))
    assert found[1][0] == pytest.approx(found[0][0], abs=1e-4)
    torch.testing.assert_close(found[1][1], found[0][1], atol=1e-4, rtol=1e-4)


@NO_CUDA
@pytest.mark.parametrize("compiled", [False, pytest.param(True, marks=IN_COMPILE)])
def test_steps_replayed_as_graphs_are_plain_ones(toys: Toys, compiled: bool) -> None:
    """The signet model drops nothing, so that all draw alike."""
    config = Config.of("signet", {"epochs": 4})
    cuda = torch.device("cuda", 0)
    plain, graphs = (material(toys, device=cuda, compiled=flag).loop(config) for flag in (False, compiled))
    plain.graphs = None
    for _ in range(4):
        assert graphs.epoch().loss == pytest.approx(plain.epoch().loss, abs=1e-4)
    part = toys(sessions=30, seed=1)
    np.testing.assert_allclose(ranked(graphs.scorer, part), ranked(plain.scorer, part), atol=1e-4)


@NO_CUDA
@pytest.mark.parametrize("model", ["interaction", "sequence"])
def test_what_dropouts_draw_is_alike_in_a_graph(toys: Toys, model: str) -> None:
    config, cuda = Config.of(model, {"epochs": 4}), torch.device("cuda", 0)
    plain, graphs = (material(toys, device=cuda).loop(config) for _ in range(2))
    plain.graphs = None
    for _ in range(4):
        assert graphs.epoch().loss == pytest.approx(plain.epoch().loss, abs=1e-4)


@NO_CUDA
def test_a_whole_training_on_cuda_is_that_of_the_cpu(toys: Toys) -> None:
    part, other = toys(sessions=60, candidates=(4, 9)), toys(sessions=30, seed=1)
    runs = [train([(part, 1.0)], "signet", epochs=3, device=device) for device in ("cpu", "cuda")]
    assert [e.loss for e in runs[1].history] == pytest.approx([e.loss for e in runs[0].history], abs=1e-4)
    np.testing.assert_allclose(ranked(runs[1].scorer, other), ranked(runs[0].scorer, other), atol=1e-4)


@NO_CUDA
@pytest.mark.parametrize("model", ["interaction", "sequence", "signet"])
def test_seeds_beside_each_other_on_cuda_are_those_alone(toys: Toys, model: str) -> None:
    part = toys(sessions=60)
    alone = [train([(part, 1.0)], model, seed=seed, epochs=4, device="cuda") for seed in range(3)]
    beside = train_seeds([(part, 1.0)], range(3), model, epochs=4, device="cuda")
    for run, other in zip(beside, alone):
        assert [e.loss for e in run.history] == pytest.approx([e.loss for e in other.history], abs=1e-4)


@NO_CUDA
@pytest.mark.parametrize("model", ["interaction", "sequence", "signet"])
def test_a_training_on_cuda_resumes_and_its_checkpoint_loads_on_the_cpu(toys: Toys, tmp_path: Path, model: str) -> None:
    part, state = toys(sessions=40), tmp_path / "state"
    run = train([(part, 1.0)], model, epochs=2, device="cuda", state=state)
    again = train([(part, 1.0)], model, epochs=2, state=state)
    assert [epoch.loss for epoch in again.history] == [epoch.loss for epoch in run.history]
    checkpoint.save(run, tmp_path / "x.safetensors")
    loaded = checkpoint.load(tmp_path / "x.safetensors")
    assert loaded.machine == {"device": "cuda"}
    assert {value.device.type for value in loaded.scorer.parameters()} == {"cpu"}
