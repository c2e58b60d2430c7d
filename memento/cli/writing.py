"""Files that commands write: the options that name them, and what is checked before any work is done for them."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from memento.errors import UsageError

if TYPE_CHECKING:
    _Path = click.ParamType[Path]
else:
    _Path = click.Path

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


class _OutFile(_Path):
    """A file to write; a path that ends in a slash names a folder."""

    name = "file"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        if isinstance(value, str) and value.endswith(("/", "/.", "/..")):
            self.fail(f"{value} names a folder; name a file in it.", param, ctx)
        if value == "-":
            self.fail("- names no file, and nothing is written to stdout; name a file.", param, ctx)
        return Path(value)


OUT_FILE = _OutFile()
"""The type of an option or argument that names a file to write."""


def out_option(words: str, required: bool = False) -> Decorator:
    """``-o``, ``--out``: the file to write, passed as `out`; check it with `ready` or `ready_if_asked`."""
    return click.option("-o", "--out", "out", metavar="FILE", type=OUT_FILE, required=required, help=words)


force_option = click.option("-f", "--force", is_flag=True, help="Replace a file that is there already.")


def ready(path: Path, force: bool, option: str = "-o FILE") -> Path:
    """`path`, where a file may be written to; checked before any work is done for it.

    Raises `UsageError` as `memento.files.checked` does, for a folder that may not be written to, and
    for a file that is there without `force`.
    """
    from memento.files import checked

    place = checked(path)
    if not os.access(place.parent, os.W_OK | os.X_OK):
        raise UsageError(f"the folder {place.parent} cannot be written to", f"name another file with {option}")
    if os.path.lexists(place) and not force:
        raise UsageError(f"{place} is there already", f"--force replaces it, {option} names another file")
    return place


def ready_if_asked(path: Path | None, force: bool, option: str = "-o FILE") -> Path | None:
    """`ready` where a file is asked for. Raises `UsageError` for `force` without one."""
    if path is not None:
        return ready(path, force, option)
    if force:
        raise UsageError("--force replaces a file, and none is to be written", f"name it with {option}")
    return None


def size_words(path: Path) -> str:
    """The size of a file, or of all files of a folder, as people read it."""
    files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
    size = float(sum(file.stat().st_size for file in files))
    for unit in ("bytes", "KB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "bytes" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"
