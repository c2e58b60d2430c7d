"""A chunk or a manifest as lines of text, one field a line: what ``git diff`` compares and shows.

``python -m memento.git.records FILE``, a *textconv* program (gitattributes(5)).
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from memento import codec
from memento.errors import CorruptRecord, StoreError
from memento.git.store import blob_name
from memento.world import chunk
from memento.world.records import TABLES, Schema
from memento.world.table import Table
from memento.world.values import format_time
from memento.world.world import Manifest


def schema_of_chunk(data: bytes) -> Schema | None:
    """The table that a chunk belongs to, by the names of its columns; None for a manifest.

    Raises `CorruptRecord` for what is neither.
    """
    value = codec.decode(data)
    if isinstance(value, dict) and "format" in value:
        return None
    columns = value.get("c") if isinstance(value, dict) else None
    for schema in TABLES.values():
        if isinstance(columns, dict) and columns.keys() == schema.by_name.keys():
            return schema
    raise CorruptRecord("neither a chunk nor a manifest")


def table_of(data: bytes, schema: Schema) -> Table:
    """The rows of a chunk."""
    return chunk.decode(schema, [data])


def lines(data: bytes) -> Iterator[str]:
    """``memory:ID.text = "…"`` for each field of each record that says something; of a manifest
    ``world.NAME = …``. Raises `CorruptRecord`."""
    schema = schema_of_chunk(data)
    if schema is None:
        yield from _nested("world", Manifest.from_map(codec.decode(data)).to_map())
        return
    table = table_of(data, schema)
    for row, key in enumerate(table.keys):
        record = table.record(row)
        yield f"{schema.singular}:{key}"
        for name, value in record.items():
            if name != "id" and value not in (None, "", []):
                if schema.by_name[name].kind == "time":
                    value = format_time(value)
                yield f"{schema.singular}:{key}.{name} = {_words(value)}"


def _nested(path: str, value: Any) -> Iterator[str]:
    if isinstance(value, Mapping) and value:
        for name in sorted(value):
            yield from _nested(f"{path}.{name}", value[name])
    else:
        yield f"{path} = {_words(value)}"


def _words(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def main() -> int:
    """Prints the lines of the file that is named; of what memento did not write, its id."""
    data = Path(sys.argv[1]).read_bytes()
    out = sys.stdout
    out.reconfigure(encoding="utf-8", errors="backslashreplace")  # type: ignore[union-attr]
    try:
        for line in lines(data):
            out.write(line + "\n")
    except (StoreError, ValueError) as error:
        why = error.why if isinstance(error, CorruptRecord) else str(error).partition("\n")[0]
        out.write(f"(not written by this memento: {why}; {len(data)} bytes, object {blob_name(data)})\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
