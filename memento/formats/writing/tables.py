"""The files of a data set: Parquet, npz, JSON lines, and a folder for ``datasets``; equal for equal renderings."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import numpy as np

from memento.errors import UsageError
from memento.formats.writing.dataset import PARTS, Dataset, Table, plain
from memento.render.columns import NAMES

_LONG_AGO = (1980, 1, 1, 0, 0, 0)


def npz(dataset: Dataset) -> bytes:
    """Every array in one file of numpy's, without pickles."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in dataset.arrays().items():
            part = io.BytesIO()
            np.lib.format.write_array(part, np.ascontiguousarray(array), allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(f"{name}.npy", _LONG_AGO), part.getvalue(), zipfile.ZIP_DEFLATED)
    return out.getvalue()


def lines(dataset: Dataset) -> Iterator[str]:
    """One JSON object a session, without its newline: its context, and its candidates with their columns."""
    rendering = dataset.rendering
    for session, name in enumerate(rendering.session_ids):
        part = range(int(rendering.offsets[session]), int(rendering.offsets[session + 1]))
        candidates = []
        for row in part:
            memory = rendering.memory_ids[int(rendering.memory_rows[row])]
            features = dict(zip(NAMES, plain(rendering.features[row]), strict=True))
            one: dict[str, Any] = {"memory": memory, "text": dataset.texts.get(memory, ""), "features": features}
            one["label"] = plain(rendering.labels[row : row + 1])[0]
            if rendering.clean is not None:
                one["clean"] = plain(rendering.clean[row : row + 1])[0]
            candidates.append(one)
        yield json.dumps(
            {
                "session": name, "time": int(rendering.session_times[session]), "split": str(dataset.parts[session]),
                "context": plain(rendering.contexts[session]), "candidates": candidates,
            },
            ensure_ascii=False, separators=(",", ":"), allow_nan=False,
        )  # fmt: skip


def parquet(dataset: Dataset) -> bytes:
    """The table of candidates with the part of each. Raises `UsageError` without pyarrow."""
    return _parquet(dataset, dataset.candidates())


def folder(dataset: Dataset) -> dict[str, bytes]:
    """The files of a folder that ``datasets.load_dataset`` reads, by path, but for its card.

    Raises `UsageError` without pyarrow.
    """
    files = {}
    for part in PARTS:
        if dataset.sizes[part][0]:
            files[f"data/{part}-00000-of-00001.parquet"] = _parquet(dataset, dataset.candidates(part))
            files[f"sessions/{part}-00000-of-00001.parquet"] = _parquet(dataset, dataset.sessions(part))
    files["memories/train-00000-of-00001.parquet"] = _parquet(dataset, dataset.memories())
    return files


def _parquet(dataset: Dataset, table: Table) -> bytes:
    arrow, parquet_module = _arrow()
    columns, fields = [], []
    for name, array in table.items():
        if array.ndim == 2:
            kind = arrow.list_(arrow.float32(), array.shape[1])
            flat = arrow.array(np.ascontiguousarray(array).reshape(-1), arrow.float32())
            columns.append(arrow.FixedSizeListArray.from_arrays(flat, array.shape[1]))
        else:
            kind = arrow.string() if array.dtype == object else arrow.from_numpy_dtype(array.dtype)
            columns.append(arrow.array(array.tolist() if array.dtype == object else array, kind))
        fields.append(arrow.field(name, kind, nullable=False))
    schema = arrow.schema(fields, {"memento": json.dumps(dataset.provenance(), sort_keys=True)})
    out = io.BytesIO()
    parquet_module.write_table(arrow.Table.from_arrays(columns, schema=schema), out, compression="zstd")
    return out.getvalue()


def _arrow() -> tuple[ModuleType, ModuleType]:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise UsageError(
            "Parquet files are written by pyarrow, which is not installed",
            "`pip install 'memento-worlds[parquet]'` brings it; --format jsonl and npz need nothing",
        ) from None
    return pyarrow, pyarrow.parquet
