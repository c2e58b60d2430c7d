"""Results that are drawn: a page by a name that ends in .html, one picture by one that ends in .png."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from memento.cli.writing import OUT_FILE
from memento.errors import UsageError

PICTURES = (".html", ".png")

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


def picture_option(words: str) -> Decorator:
    """``-o``, ``--out``: the page or picture to write, passed as `out`."""
    return click.option(
        "-o", "--out", "out", metavar="FILE", type=OUT_FILE, callback=_ending,
        help=f"{words}: a page (.html) or one picture (.png).",
    )  # fmt: skip


def page_option(words: str, required: bool = False) -> Decorator:
    """``-o``, ``--out``: the page to write, passed as `out`."""
    return click.option(
        "-o", "--out", "out", metavar="FILE", type=OUT_FILE, callback=_page, required=required, help=f"{words} (.html)."
    )


def write_picture(path: Path, page: Callable[[], str], image: Callable[[], bytes]) -> None:
    """Writes the one that the name asks for."""
    from memento.files import write_bytes, write_text

    if path.suffix.lower() == ".png":
        write_bytes(path, image())
    else:
        write_text(path, page())


def _ending(ctx: click.Context, parameter: click.Parameter, path: Path | None) -> Path | None:
    if path is not None and path.suffix.lower() not in PICTURES:
        raise UsageError(f"{path} is neither a page nor a picture by its name", "end it in .html or .png")
    return path


def _page(ctx: click.Context, parameter: click.Parameter, path: Path | None) -> Path | None:
    if path is not None and path.suffix and path.suffix.lower() not in (".html", ".htm"):
        raise UsageError(f"{path} would be a page, and its name ends in {path.suffix}", "end it in .html")
    return path
