"""A rendering: the tensors that a world compiles into, with the revision that they came from."""

from __future__ import annotations

import dataclasses
import json
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from memento.errors import CorruptRecord, InvalidFile, NewerFormat, UsageError, nearest
from memento.language.embed import embed
from memento.patterns.facts import Joined
from memento.patterns.history import ranges, session_order
from memento.patterns.noise import decibels, energy
from memento.render import contexts as context_kinds
from memento.render import labels as label_kinds
from memento.render import storage
from memento.render.columns import COLUMNS, NAMES, Assembly, schema_hash
from memento.render.contexts import contexts
from memento.render.labels import Labeller
from memento.world.world import World

FORMAT = 1
MAX_DIMENSION = 4096


@dataclass(frozen=True)
class Spec:
    """What to render: the reading of `labels`, the `dimension` of embeddings, the kind of `context`.

    See `memento.render.labels` and `memento.render.contexts` for the kinds. Raises `InvalidFile`
    with every fault.
    """

    labels: str = "planted"
    dimension: int = 64
    context: str = "query"

    def __post_init__(self) -> None:
        faults = []
        for name, value, kinds in (
            ("labels", self.labels, label_kinds.KINDS),
            ("context", self.context, context_kinds.KINDS),
        ):
            if value not in kinds:
                near = nearest(str(value), kinds, 1)
                ending = f"; did you mean {near[0]}?" if near else ""
                faults.append(f"{name} {value!r} is not one of {', '.join(kinds)}{ending}")
        if type(self.dimension) is not int or not 1 <= self.dimension <= MAX_DIMENSION:
            faults.append(f"dimension {self.dimension!r} is not a whole number from 1 to {MAX_DIMENSION}")
        if faults:
            raise InvalidFile("rendering spec", faults)

    def to_map(self) -> dict[str, Any]:
        """Plain values; `from_map` inverts it."""
        return dataclasses.asdict(self)

    @classmethod
    def from_map(cls, values: Mapping[str, Any]) -> Self:
        """The spec of plain values. Raises `InvalidFile`."""
        unknown = sorted(set(values) - {item.name for item in dataclasses.fields(cls)})
        if unknown:
            raise InvalidFile("rendering spec", [f"no field {name!r}" for name in unknown])
        return cls(**values)


@dataclass(frozen=True, eq=False)
class Rendering:
    """N candidates of S sessions as arrays; M memories are in use; D is the spec's dimension.

    Sessions stand in order of time (end, id); session s has the rows ``offsets[s]:offsets[s + 1]``,
    in baseline order; every session has at least one. Arrays are read-only.

    - `features` float32 (N, 17), `labels` float32 (N,), `clean` float32 (N,): planted relevance
      without noise, or None where nothing is planted
    - `offsets` int64 (S + 1,), `contexts` float32 (S, D), `session_times` int64 (S,) s UTC
    - `memory_embeddings` float32 (M, D), zeros for a memory without one; `memory_rows` int32 (N,)
      leads a candidate to its memory; `session_ids` (S) and `memory_ids` (M) name them
    - `noise`: what the world plants, ``distribution`` and ``snr_db``, and the ratio found in
      noisy labels, ``measured_db`` before the clip to [0, 1] and ``clipped_db`` after; empty for none
    - `left_out`: how many sessions and candidates of the world are not here, by reason

    Raises `UsageError` where shapes do not fit together.
    """

    features: npt.NDArray[np.float32]
    labels: npt.NDArray[np.float32]
    clean: npt.NDArray[np.float32] | None
    offsets: npt.NDArray[np.int64]
    contexts: npt.NDArray[np.float32]
    memory_embeddings: npt.NDArray[np.float32]
    memory_rows: npt.NDArray[np.int32]
    session_ids: tuple[str, ...]
    memory_ids: tuple[str, ...]
    session_times: npt.NDArray[np.int64]
    spec: Spec = Spec()
    commit: str = ""
    tree: str = ""
    noise: Mapping[str, Any] = field(default_factory=dict)
    left_out: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, array in self._arrays():
            if array.flags.writeable:
                view = array.view()
                view.flags.writeable = False
                object.__setattr__(self, name, view)
        S, N, M, D = len(self.session_ids), len(self.labels), len(self.memory_ids), self.spec.dimension
        shapes = {
            "features": (N, len(COLUMNS)),
            "labels": (N,),
            "clean": (N,),
            "offsets": (S + 1,),
            "contexts": (S, D),
            "memory_embeddings": (M, D),
            "memory_rows": (N,),
            "session_times": (S,),
        }
        for name, array in self._arrays():
            if array.shape != shapes[name] or array.dtype != _DTYPES[name]:
                raise UsageError(f"{name} is {array.dtype} {array.shape}, not {_DTYPES[name]} {shapes[name]}")
        steps = np.diff(self.offsets)
        if self.offsets[0] != 0 or self.offsets[-1] != N or np.any(steps < 1):
            raise UsageError("offsets do not part the rows into sessions")
        if N and (int(self.memory_rows.min()) < 0 or int(self.memory_rows.max()) >= M):
            raise UsageError("memory_rows point outside the memories")

    def __len__(self) -> int:
        return len(self.session_ids)

    def __repr__(self) -> str:
        where = f" of {self.commit[:12]}" if self.commit else ""
        return f"Rendering({len(self)} sessions, {len(self.labels)} candidates{where}, labels {self.spec.labels})"

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the feature columns."""
        return NAMES

    @property
    def embeddings(self) -> npt.NDArray[np.float32]:
        """The embedding of each candidate's memory, float32 (N, D); a copy, made anew each time."""
        return self.memory_embeddings[self.memory_rows]

    @property
    def session_rows(self) -> npt.NDArray[np.int64]:
        """The session of each candidate, int64 (N,)."""
        return np.repeat(np.arange(len(self)), np.diff(self.offsets))

    @cached_property
    def digest(self) -> str:
        """SHA-256 over the spec, the column schema and all arrays and ids: equal exactly when they are."""
        opening = f"{FORMAT} {schema_hash()} {json.dumps(self.spec.to_map(), sort_keys=True)}"
        return storage.digest(opening, {**dict(self._arrays()), **self._ids()})

    def select(self, sessions: npt.ArrayLike) -> Rendering:
        """The given sessions (indices or a mask), in the order of time; memories are shared.

        What the world as a whole had, `noise` and `left_out`, stays as it was.
        """
        chosen = np.asarray(sessions)
        chosen = np.flatnonzero(chosen) if chosen.dtype == np.bool_ else np.unique(chosen.astype(np.int64))
        if chosen.size and not (chosen[0] >= 0 and chosen[-1] < len(self)):
            raise UsageError(f"session {chosen[-1] if chosen[0] >= 0 else chosen[0]} is not one of {len(self)}")
        rows = ranges(self.offsets[chosen], self.offsets[chosen + 1])
        return dataclasses.replace(
            self,
            features=self.features[rows],
            labels=self.labels[rows],
            clean=None if self.clean is None else self.clean[rows],
            offsets=np.concatenate([[0], np.cumsum(np.diff(self.offsets)[chosen])]).astype(np.int64),
            contexts=self.contexts[chosen],
            memory_rows=self.memory_rows[rows],
            session_ids=tuple(self.session_ids[row] for row in chosen.tolist()),
            session_times=self.session_times[chosen],
        )

    @property
    def name(self) -> str:
        """What it is called in messages: by its commit, where it has one."""
        return f"the rendering of {self.commit[:8]}" if self.commit else "this rendering"

    def split(self, fraction: float = 0.8) -> tuple[Rendering, Rendering]:
        """The earlier sessions, about `fraction` of them, and the later ones; none is in both.

        Two sessions or more give at least one to each side. Raises `UsageError` for less than two,
        or for a fraction that is not between 0 and 1.
        """
        if not 0.0 < fraction < 1.0:
            raise UsageError(f"fraction {fraction!r} is not between 0 and 1")
        if len(self) < 2:
            raise UsageError(
                f"{self.name} has {len(self):,} session{'s' * (len(self) != 1)}, which cannot be split by time",
                "take a world with more sessions",
            )
        cut = min(max(round(len(self) * fraction), 1), len(self) - 1)
        return self.select(np.arange(cut)), self.select(np.arange(cut, len(self)))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes the rendering as safetensors, with its commit, tree, spec, schema and digest in the metadata."""
        metadata = {
            "format": str(FORMAT),
            "commit": self.commit,
            "tree": self.tree,
            "schema": schema_hash(),
            "digest": self.digest,
            "spec": _json(self.spec.to_map()),
            "columns": _json(list(NAMES)),
            "noise": _json(dict(self.noise)),
            "left_out": _json(dict(self.left_out)),
        }
        storage.write(path, {**dict(self._arrays()), **self._ids()}, metadata)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Rendering:
        """The rendering that `save` wrote, its digest checked. See `load` of this module."""
        return load(path)

    def _arrays(self) -> list[tuple[str, npt.NDArray[Any]]]:
        return [(name, array) for name in _DTYPES if (array := getattr(self, name)) is not None]

    def _ids(self) -> dict[str, npt.NDArray[np.uint8]]:
        return {name: np.frombuffer("\n".join(getattr(self, name)).encode(), np.uint8) for name in _IDS}


_DTYPES = {
    "features": np.float32,
    "labels": np.float32,
    "clean": np.float32,
    "offsets": np.int64,
    "contexts": np.float32,
    "memory_embeddings": np.float32,
    "memory_rows": np.int32,
    "session_times": np.int64,
}
_IDS = ("session_ids", "memory_ids")


def render(world: World, spec: Spec | None = None, commit: str = "", tree: str = "") -> Rendering:
    """Compiles a world into arrays.

    A candidate whose memory is not there is left out, as Signet's loader leaves it out, and so is a
    session without candidates, or of which the chosen labels say nothing; `left_out` counts them.
    Raises `UsageError` where the world lacks what the labels need.
    """
    spec = spec or Spec()
    joined = Joined(world)
    labeller = Labeller(joined, spec.labels)
    assembly = Assembly(joined)
    size = len(world.candidates)
    features = np.empty((size, len(COLUMNS)), np.float32)
    labels = np.empty(size, np.float32)
    clean = np.empty(size, np.float32) if labeller.patterns else None
    energies = np.zeros(3)
    for low, high in joined.blocks():
        part = slice(int(joined.offsets[low]), int(joined.offsets[high]))
        facts = joined.facts(low, high)
        assembly.features(low, high, facts, features[part])
        made = labeller.labels(facts, low, high)
        labels[part] = made.values
        if clean is not None and made.clean is not None:
            clean[part] = made.clean
        if made.clean is not None and made.unclipped is not None:
            offsets = joined.offsets[low : high + 1] - joined.offsets[low]
            errors = made.unclipped - made.clean, np.clip(made.unclipped, 0.0, 1.0) - made.clean
            energies += [energy(values, offsets) for values in (made.clean, *errors)]

    there = world.candidate_memories >= 0
    sizes = np.bincount(world.candidate_sessions[there], minlength=len(world.sessions))
    order = session_order(world)
    kept = order[(labeller.sessions & (sizes > 0))[order]]
    rows = ranges(joined.offsets[kept], joined.offsets[kept + 1])
    rows = rows[there[rows]]
    if len(rows) != size or np.any(rows[1:] < rows[:-1]):
        features, labels = features[rows], labels[rows]
        clean = None if clean is None else clean[rows]

    memories = world.memories
    lookup = np.full(len(memories) + 1, -1, np.int64)
    used = np.flatnonzero(np.bincount(world.candidate_memories[rows], minlength=len(memories)))
    lookup[used] = np.arange(len(used))
    memory_rows = lookup[world.candidate_memories]
    embeddings = memory_vectors(world, used, spec.dimension)
    missing = {
        "sessions without candidates": int(np.count_nonzero(sizes == 0)),
        "sessions without labels": int(np.count_nonzero(~labeller.sessions & (sizes > 0))),
        "candidates without a memory": int(size - np.count_nonzero(there)),
    }
    return Rendering(
        features=features,
        labels=labels,
        clean=clean,
        offsets=np.concatenate([[0], np.cumsum(sizes[kept])]).astype(np.int64),
        contexts=contexts(world, spec.context, spec.dimension, memory_rows, embeddings)[kept],
        memory_embeddings=embeddings,
        memory_rows=memory_rows[rows].astype(np.int32),
        session_ids=tuple(world.sessions["id"][kept].tolist()),
        memory_ids=tuple(memories["id"][used].tolist()),
        session_times=world.sessions["ended_at"][kept],
        spec=spec,
        commit=commit,
        tree=tree,
        noise=_noise(labeller, energies),
        left_out={reason: count for reason, count in missing.items() if count},
    )


def memory_vectors(world: World, rows: npt.NDArray[np.int64], dimension: int) -> npt.NDArray[np.float32]:
    """The embeddings of some memories' texts, float32 (len(rows), D); zeros for those not embedded."""
    result = np.zeros((len(rows), dimension), np.float32)
    there = np.flatnonzero(world.memories["embedded"][rows])
    if there.size:
        result[there] = embed(world.memories["text"][rows[there]].tolist(), dimension)
    return result


def load(path: str | os.PathLike[str]) -> Rendering:
    """The rendering in a file that `Rendering.save` wrote, its digest checked.

    Raises `UsageError` where there is none or its columns are not those of this memento,
    `NewerFormat`, and `CorruptRecord` where it is not what was written.
    """
    arrays, metadata = storage.read(path)
    again = f"render it again: memento render {metadata.get('commit') or 'REV'} -o {path}"
    number = storage.format_number(metadata)
    if number is None or not {"schema", "digest", "spec"} <= set(metadata):
        raise UsageError(f"{path} is not a rendering", "render a revision: `memento render REV -o FILE`")
    if number > FORMAT:
        raise NewerFormat(
            f"{path} is a rendering of format {number}; this memento reads up to {FORMAT}",
            "upgrade memento: pip install --upgrade memento-worlds",
        )
    if metadata["schema"] != schema_hash():
        raise UsageError(f"{path} has columns of schema {metadata['schema']}, not {schema_hash()}", again)
    try:
        values: dict[str, Any] = {name: arrays.get(name) for name in _DTYPES}
        values.update({name: _lines(arrays[name]) for name in _IDS})
        made = Rendering(
            **values,
            spec=Spec.from_map(json.loads(metadata["spec"])),
            commit=metadata.get("commit", ""),
            tree=metadata.get("tree", ""),
            noise=json.loads(metadata.get("noise", "{}")),
            left_out=json.loads(metadata.get("left_out", "{}")),
        )
    except (UsageError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise CorruptRecord(f"not a rendering: {error}", path=str(path), hint=again) from None
    if made.digest != metadata["digest"]:
        raise CorruptRecord("its arrays do not give the digest that it names", path=str(path), hint=again)
    return made


def _lines(data: npt.NDArray[np.uint8]) -> tuple[str, ...]:
    return tuple(data.tobytes().decode().split("\n")) if data.size else ()


def _json(value: Mapping[str, Any] | Sequence[str]) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def _noise(labeller: Labeller, energies: npt.NDArray[np.float64]) -> dict[str, Any]:
    noise = labeller.noise
    if not labeller.patterns or noise.snr_db is None:
        return {}
    planted = {"distribution": noise.distribution, "snr_db": noise.snr_db}
    if labeller.kind not in ("planted", "signet"):
        return planted
    measured = [decibels(energies[0], energies[which]) for which in (1, 2)]
    before, after = (round(value, 6) if math.isfinite(value) else None for value in measured)
    return {**planted, "measured_db": before, "clipped_db": after}
