"""Signet's checkpoint file: what the sidecar's ``--checkpoint`` loads and its ``save_checkpoint`` writes.

Source: Signet 0.58.1, ``packages/predictor/src/checkpoint.rs``. ``SGPT``, then version, flags and
length of a JSON configuration as little-endian u32, the configuration, the number of parameters, and
for each its length and its numbers as little-endian float64. Bit 0 of the flags says that the weights
were trained ahead of any session of the user's, bit 1 that they were trained on those.
"""

from __future__ import annotations

import json
import os
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from memento.errors import CorruptRecord, NewerFormat, StoreError, UsageError
from memento.files import write_bytes
from memento.models.base import COLUMNS, Model
from memento.models.signet import BUCKETS, ORDER, PROJECTS, VALUE, WIDTH, Signet, shapes
from memento.train.signet import double

MAGIC = b"SGPT"
VERSION = 1
PRETRAINED, FINETUNED = 1, 2
LARGEST = 4096
"""The most numbers that an embedding may have."""
_SHAPE = {
    "internal_dim": WIDTH,
    "value_dim": VALUE,
    "extra_features": COLUMNS,
    "hash_buckets": BUCKETS,
    "project_slots": PROJECTS,
}
_CONFIG_BYTES = 65_536


@dataclass(frozen=True)
class Checkpoint:
    """The weights in float64, and the flags of the file."""

    model: Signet
    flags: int = 0


def encode(model: Model, flags: int = PRETRAINED) -> bytes:
    """The bytes of a signet model. Raises `UsageError` for another model, or for weights that are not finite."""
    if not isinstance(model, Signet):
        raise UsageError(
            f"an SGPT file holds the signet model, and this is {model.name}",
            f"`memento train REV --model signet --dimension 768 --out FILE` trains one; `memento serve-scorer` "
            f"serves {model.name} to the same agent",
        )
    config = {"native_dim": model.down.shape[1], **_SHAPE}
    text = json.dumps(config, separators=(",", ":")).encode()
    parts = [MAGIC, struct.pack("<III", VERSION, flags, len(text)), text, struct.pack("<I", len(ORDER))]
    state = model.state_dict()
    for name in ORDER:
        values = state[name].detach().cpu().double().numpy().astype("<f8")
        if not np.isfinite(values).all():
            raise UsageError(f"the weights {name} are not finite", "train it again with a lower rate")
        parts += [struct.pack("<I", values.size), values.tobytes()]
    return b"".join(parts)


def write(model: Model, path: str | os.PathLike[str], flags: int = PRETRAINED) -> None:
    """Writes a signet model to `path`, whole or not at all. Raises as `encode`, and `StoreError`."""
    write_bytes(path, encode(model, flags))


def is_sgpt(path: str | os.PathLike[str]) -> bool:
    """Whether a file begins as one of these does."""
    try:
        with Path(path).open("rb") as file:
            return file.read(len(MAGIC)) == MAGIC
    except OSError:
        return False


def read(path: str | os.PathLike[str]) -> Checkpoint:
    """The checkpoint in a file.

    Raises `UsageError` where there is no such file or its model is of another shape, `NewerFormat`,
    and `CorruptRecord` for one that is cut off, too long, or holds numbers that are not finite.
    """
    place = Path(path)
    if not place.is_file():
        raise UsageError(f"there is no file {place}", "`memento export CKPT --format sgpt -o FILE` makes one")
    largest = 20 + _CONFIG_BYTES + sum(4 + 8 * rows * columns for rows, columns in shapes(LARGEST).values())
    try:
        if place.stat().st_size > largest:
            raise CorruptRecord(f"{place.stat().st_size} bytes are more than any such file has", path=str(place))
        data = place.read_bytes()
    except OSError as error:
        raise StoreError(f"cannot read {place}: {error.strerror or error}") from None
    if data[:4] != MAGIC:
        raise UsageError(f"{place} is not an SGPT checkpoint", "`memento export CKPT --format sgpt -o FILE` makes one")
    try:
        return _decode(data)
    except (struct.error, ValueError, KeyError, TypeError, AttributeError) as error:
        raise CorruptRecord(f"not a whole SGPT checkpoint: {error}", path=str(place), hint="copy it again") from None


def _decode(data: bytes) -> Checkpoint:
    version, flags, length = struct.unpack_from("<III", data, 4)
    if version > VERSION:
        raise NewerFormat(
            f"an SGPT checkpoint of version {version}; this memento reads up to {VERSION}",
            "upgrade memento: pip install --upgrade memento-worlds",
        )
    if version != VERSION or length > _CONFIG_BYTES or len(data) < 20 + length:
        raise ValueError(f"version {version}, {length} bytes of configuration in {len(data)}")
    config: Any = json.loads(data[16 : 16 + length])
    dimension = config["native_dim"]
    if type(dimension) is not int or not 1 <= dimension <= LARGEST:
        raise ValueError(f"native_dim is {dimension!r}")
    other = [f"{name} {config.get(name)!r}, not {value}" for name, value in _SHAPE.items() if config.get(name) != value]
    if other:
        raise UsageError(f"a model of another shape: {', '.join(other)}", "only Signet's own shape is read")
    (count,) = struct.unpack_from("<I", data, 16 + length)
    if count != len(ORDER):
        raise ValueError(f"{count} parameters, not {len(ORDER)}")
    place = 20 + length
    state = {}
    for name, shape in ((name, shapes(dimension)[name]) for name in ORDER):
        wanted = shape[0] * shape[1]
        (size,) = struct.unpack_from("<I", data, place)
        if size != wanted or len(data) < place + 4 + 8 * size:
            raise ValueError(f"{name} has {size} numbers, not {wanted}, or is cut off")
        values: npt.NDArray[np.float64] = np.frombuffer(data, "<f8", size, place + 4).astype(np.float64)
        if not np.isfinite(values).all():
            raise ValueError(f"{name} holds numbers that are not finite")
        state[name] = torch.from_numpy(values.reshape(shape))
        place += 4 + 8 * size
    if place != len(data):
        raise ValueError(f"{len(data) - place} bytes too many")
    model = double(dimension)
    model.load_state_dict(state)
    return Checkpoint(model.eval(), flags)
