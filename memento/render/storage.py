"""Arrays in a safetensors file, byte for byte the same for the same content, written whole or not at all.

The format is that of the safetensors library, and that library reads it; it is written here
because the library writes metadata in an order that differs from run to run.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError, safe_open

from memento.errors import CorruptRecord, StoreError, UsageError
from memento.files import replacing

Arrays = Mapping[str, npt.NDArray[Any]]

_DTYPES = {"float32": "F32", "float64": "F64", "int32": "I32", "int64": "I64", "uint8": "U8"}
_CHUNK = 1 << 24


def write(path: str | os.PathLike[str], arrays: Arrays, metadata: Mapping[str, str]) -> None:
    """Writes arrays and text metadata to `path`, replacing what is there in one step.

    Larger elements come first, then by name, so that every array is aligned. Raises `UsageError`
    where the folder cannot be written, `StoreError` where the machine fails.
    """
    order = sorted(arrays, key=lambda name: (-arrays[name].dtype.itemsize, name))
    header: dict[str, Any] = {"__metadata__": dict(sorted(metadata.items()))}
    end = 0
    for name in order:
        start, end = end, end + arrays[name].nbytes
        header[name] = {
            "dtype": _DTYPES[arrays[name].dtype.name],
            "shape": list(arrays[name].shape),
            "data_offsets": [start, end],
        }
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=True).encode()
    text += b" " * (-len(text) % 8)
    with replacing(path) as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for name in order:
            array = arrays[name]
            little = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
            data = little.reshape(-1).view(np.uint8).data
            for low in range(0, len(data), _CHUNK):
                file.write(data[low : low + _CHUNK])


def read(path: str | os.PathLike[str]) -> tuple[dict[str, npt.NDArray[Any]], dict[str, str]]:
    """The arrays and the metadata of a file that `write`, or any other safetensors writer, made.

    Raises `UsageError` where there is no such file, `CorruptRecord` where it is not safetensors.
    """
    place = Path(path)
    if not place.is_file():
        what = f"{place} is a folder" if place.is_dir() else f"{place} is no regular file" if place.exists() else ""
        raise UsageError(what or f"there is no file {place}")
    try:
        with safe_open(place, framework="numpy") as file:
            metadata = dict(file.metadata() or {})
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, ValueError, KeyError, TypeError) as error:
        raise CorruptRecord(f"not a safetensors file: {error}", path=str(place), hint="make the file again") from None
    except OSError as error:
        raise StoreError(f"cannot read {place}: {error.strerror or error}") from None
    return arrays, metadata


def format_number(metadata: Mapping[str, str]) -> int | None:
    """The ``format`` that a file's metadata names; None where that is no number of at most nine digits."""
    text = metadata.get("format", "")
    return int(text) if re.fullmatch("[0-9]{1,9}", text) else None


def digest(opening: str, arrays: Arrays) -> str:
    """SHA-256 over a text, then name, type, shape and little-endian bytes of each array in the order given."""
    hasher = hashlib.sha256(opening.encode())
    for name, array in arrays.items():
        little = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
        hasher.update(f"\n{name} {array.dtype.name} {array.shape}\n".encode())
        hasher.update(little.reshape(-1).view(np.uint8).data)
    return hasher.hexdigest()
