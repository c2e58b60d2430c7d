"""The folder of a demonstration: made, recognised, and emptied of what a former one left."""

from __future__ import annotations

import json
import os
import shlex
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from memento.demo.outcome import SCHEMA
from memento.errors import StoreError, UsageError
from memento.files import write_bytes

REPOSITORY = ".memento"
RECORD, REPORT, RENDERING = "demo.json", "report.html", "main.safetensors"
MODEL, SIGNET = "model.safetensors", "signet.safetensors"
FILES = {
    REPORT: "this report",
    RENDERING: "main as tensors",
    MODEL: "the trained scorer, with the commit that it comes from",
    SIGNET: "the Signet form, trained briefly for comparison",
    RECORD: "everything in this report as JSON",
    REPOSITORY: "the repository, which stock git reads too",
}
"""What a demonstration leaves in its folder."""


def prepare(folder: Path, force: bool) -> None:
    """Makes an empty folder for a demonstration and marks it as one.

    One that a former demonstration left is emptied of its files under `force`; nothing else is ever
    removed. Raises `UsageError` for a folder that holds anything else, `StoreError` where it cannot
    be made.
    """
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is a file", "name a folder: `memento demo DIR`")
    if not folder.parent.is_dir():
        raise UsageError(
            f"there is no folder {folder.parent}", f"make it first: `mkdir -p {shlex.quote(str(folder.parent))}`"
        )
    held = sorted(os.listdir(folder)) if folder.is_dir() else []
    if held and not former(folder):
        raise UsageError(f"{folder} is not empty, and no former demo", "name another folder: `memento demo DIR`")
    if held and not force:
        raise UsageError(
            f"{folder} holds a former demo",
            f"open {folder / REPORT}, or run it anew with --force, or name another folder: `memento demo DIR`",
        )
    try:
        folder.mkdir(exist_ok=True)
        for name in FILES:
            place = folder / name
            if place.is_dir() and not place.is_symlink():
                shutil.rmtree(place)
            elif name != RECORD:
                place.unlink(missing_ok=True)
    except OSError as error:
        raise StoreError(
            f"cannot prepare {folder}: {error.strerror or error}", "check who owns it, or name another folder"
        ) from None
    record(folder, {"complete": False})


def former(folder: Path) -> bool:
    """Whether a demonstration, complete or not, made this folder."""
    try:
        held = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(held, dict) and str(held.get("schema", "")).partition("/")[0] == SCHEMA.partition("/")[0]


def record(folder: Path, content: Mapping[str, Any]) -> None:
    """Writes the record of a demonstration, whole or not at all."""
    document = {"schema": SCHEMA, **content}
    write_bytes(folder / RECORD, json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False).encode() + b"\n")
