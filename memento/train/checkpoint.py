"""A trained scorer in a file: weights, and all it takes to make them again.

A checkpoint is a safetensors file; nothing in it is executed. Tensors are the model's, the linear
baseline's and the hashes of the sessions that training saw; the metadata is text.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from memento.errors import CorruptRecord, MementoError, NewerFormat, NotFound, UsageError
from memento.models import CATALOG, LEARNERS
from memento.models.base import Model
from memento.models.cells import CATALOG as CELLS
from memento.models.linear import Linear
from memento.render import storage
from memento.render.columns import schema_hash
from memento.render.rendering import Spec
from memento.train.config import Config
from memento.train.run import Epoch, Run, Source

if TYPE_CHECKING:
    from memento.render.rendering import Rendering

FORMAT = 1
KIND = "memento checkpoint"
_WHOLE = {
    "dimension": 4096,
    "width": 1024,
    "heads": 64,
    "state": 1024,
    "trees": 10_000,
    "leaves": 256,
    "seed": 2**63 - 1,
}


def save(run: Run, path: str | os.PathLike[str]) -> None:
    """Write a run to `path`, whole or not at all; equal runs give equal bytes.

    Raises `UsageError` where the folder cannot be written, `StoreError` where the machine fails.
    """
    arrays, text = _parts(run)
    metadata = {
        "kind": KIND,
        "format": str(FORMAT),
        "code": run.code,
        "schema": run.schema,
        "document": text,
        "digest": _digest(arrays, text),
    }
    storage.write(path, arrays, metadata)


def digest(run: Run) -> str:
    """The SHA-256 over a run's tensors and what tells how it came about; a checkpoint file names it."""
    return _digest(*_parts(run))


def _parts(run: Run) -> tuple[dict[str, npt.NDArray[Any]], str]:
    """The tensors of a checkpoint, and its document."""
    arrays: dict[str, npt.NDArray[Any]] = {"seen": run.seen.view(np.int64)}
    for prefix, model in (("model", run.scorer), ("baseline", run.baseline)):
        arrays.update({f"{prefix}.{name}": value.cpu().numpy() for name, value in model.state_dict().items()})
    document = {
        "model": {"name": run.scorer.name, "config": dict(run.scorer.config)},
        "training": run.config.to_map(),
        "history": [epoch.to_map() for epoch in run.history],
        "best": run.best,
        "sources": [source.to_map() for source in run.sources],
        "metrics": run.metrics,
        **({"machine": run.machine} if run.machine else {}),
    }
    return arrays, json.dumps(document, sort_keys=True, separators=(",", ":"), allow_nan=False)


def load(path: str | os.PathLike[str]) -> Run:
    """The run that `save` wrote.

    Raises `UsageError` for a file that is not a checkpoint or whose columns mean something else,
    `NewerFormat`, `NotFound` for a model this memento lacks, `CorruptRecord` for damage.
    """
    arrays, metadata = storage.read(path)
    number = storage.format_number(metadata)
    if metadata.get("kind") != KIND or number is None:
        raise UsageError(f"{path} is not a checkpoint", "train one: `memento train REV --out FILE`")
    if number > FORMAT:
        raise NewerFormat(
            f"{path} is a checkpoint of format {number}; this memento reads up to {FORMAT}",
            "upgrade memento: pip install --upgrade memento-worlds",
        )
    if metadata.get("schema") != schema_hash():
        raise UsageError(
            f"{path} was trained on columns of schema {metadata.get('schema')}, not {schema_hash()}",
            "train it again with this memento",
        )
    try:
        document = json.loads(metadata["document"])
        made = document["model"]
        if made["name"] not in LEARNERS:
            raise NotFound("model that learns", str(made["name"]), LEARNERS)
        scorer = _restore(CATALOG[made["name"]], _config(made["config"]), arrays, "model.")
        baseline = _restore(Linear, {}, arrays, "baseline.")
        assert isinstance(baseline, Linear)
        history = tuple(map(Epoch.from_map, document["history"]))
        best = int(document["best"])
        if not -1 <= best < max(1, len(history)):
            raise ValueError(f"best epoch {best} of {len(history)}")
        sources = tuple(_source(source) for source in document["sources"])
        if not sources:
            raise ValueError("it names no sources")
        if metadata["digest"] != _digest(arrays, metadata["document"]):
            raise ValueError("its content does not give the digest that it names")
        return Run(
            scorer=scorer,
            config=Config(**document["training"]),
            history=history,
            best=best,
            baseline=baseline,
            sources=sources,
            seen=np.ascontiguousarray(arrays["seen"], np.int64).view(np.uint64),
            code=metadata.get("code", ""),
            schema=metadata["schema"],
            machine=dict(document.get("machine", {})),
        )
    except NotFound:
        raise
    except (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RuntimeError, MementoError) as error:
        reason = error.message if isinstance(error, MementoError) else str(error)
        raise CorruptRecord(
            f"not a whole checkpoint: {reason}", path=str(path), hint="train it again, or take a copy"
        ) from None


@dataclass(frozen=True)
class Check:
    """One source rendered again: whether it is, bit for bit, what was trained on."""

    source: Source
    digest: str
    fault: str = ""

    def __bool__(self) -> bool:
        return not self.fault and self.digest == self.source.digest

    def to_map(self) -> dict[str, Any]:
        """Plain values."""
        named = {"revision": self.source.revision, "commit": self.source.commit}
        return {
            **named,
            "same": bool(self),
            "recorded": self.source.digest,
            "rendered": self.digest,
            "fault": self.fault,
        }


def verify(run: Run, render: Callable[[str, Spec], Rendering]) -> list[Check]:
    """Render every source again by `render(commit, spec)` and compare digests with those recorded.

    A source that cannot be rendered any more is a check that fails, with the reason in `fault`.
    """
    checks = []
    for source in run.sources:
        try:
            checks.append(Check(source, render(source.commit, Spec.from_map(source.spec)).digest))
        except MementoError as error:
            checks.append(Check(source, "", error.message))
    return checks


def _digest(arrays: Mapping[str, npt.NDArray[Any]], document: str) -> str:
    """SHA-256 over the document and every tensor: finds damage, not forgery."""
    return storage.digest(document, {name: arrays[name] for name in sorted(arrays)})


def _source(values: Mapping[str, Any]) -> Source:
    """A source that can be rendered again, every field of its kind."""
    source = Source(**values)
    for name in ("revision", "commit", "tree", "digest"):
        if not isinstance(getattr(source, name), str):
            raise ValueError(f"the {name} of a source is {getattr(source, name)!r}, not text")
    if not source.digest:
        raise ValueError("a source has no digest")
    if type(source.sessions) is not int or type(source.weight) is not float or not 0 < source.weight < math.inf:
        raise ValueError(f"a source of {source.sessions!r} sessions weighs {source.weight!r}")
    Spec.from_map(source.spec)
    return source


def _config(config: Mapping[str, Any]) -> dict[str, Any]:
    """A model's configuration, every number within bounds before anything is built from it."""
    for name, value in config.items():
        if name in _WHOLE:
            if type(value) is not int or not 0 < value <= _WHOLE[name]:
                raise ValueError(f"{name}={value!r} is not a whole number from 1 to {_WHOLE[name]}")
        elif name == "dropout":
            if not isinstance(value, int | float) or not 0 <= value < 1:
                raise ValueError(f"dropout={value!r} is not from 0 to 1")
        elif name == "cell":
            if value not in CELLS:
                raise ValueError(f"cell={value!r} is not one of {', '.join(CELLS)}")
        else:
            raise ValueError(f"no configuration {name!r}")
    return dict(config)


def _restore(
    model: Callable[..., Model], config: Mapping[str, Any], arrays: Mapping[str, npt.NDArray[Any]], prefix: str
) -> Model:
    state: dict[str, Tensor] = {}
    for name, array in arrays.items():
        if name.startswith(prefix):
            if not np.isfinite(array).all():
                raise ValueError(f"{name} holds values that are not finite")
            state[name.removeprefix(prefix)] = torch.from_numpy(np.array(array))
    with torch.random.fork_rng(devices=[]):
        made = model(**config)
    if any(value.dtype == torch.float64 for value in state.values()):
        made.double()
    try:
        made.load_state_dict(state)
    except RuntimeError:
        raise ValueError(f"its tensors are not those of this memento's {made.name} model") from None
    made.check()
    return made.eval()
