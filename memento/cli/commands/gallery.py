"""``memento gallery``."""

from __future__ import annotations

from pathlib import Path

import click

from memento.cli.context import Context, define, json_option
from memento.cli.learning import force_option, ready, size_words
from memento.cli.output import plural


@define(
    """
    memento gallery -o gallery.html
    memento gallery -o gallery.html --force
    """
)
@click.option(
    "-o",
    "--out",
    "out",
    metavar="FILE",
    type=click.Path(path_type=Path),
    required=True,
    help="The page to write, HTML.",
)
@force_option
@json_option
def command(context: Context, out: Path, force: bool) -> None:
    """Draw every series, pattern and operator on one page.

    Series with their optima, rules of relevance week by week, and for each operator what it changes of a
    small world, with texts before and after. The page needs nothing but itself, and no repository.
    """
    from memento import __version__
    from memento.gallery.gallery import gallery
    from memento.gallery.gallery_page import page
    from memento.history.files import write_atomic

    output = context.output
    ready(out, force)
    found = gallery()
    write_atomic(str(out.absolute()), page(found, __version__).encode(), True)
    if output.json:
        content = {
            "file": str(out), "series": [card.name for card in found.series],
            "patterns": [card.name for card in found.patterns], "operators": [card.name for card in found.operators],
        }  # fmt: skip
        output.document("memento.gallery/1", content)
        return
    patterns, operators = plural(len(found.patterns), "pattern"), plural(len(found.operators), "operator")
    told = f"{len(found.series)} series, {patterns}, {operators}"
    output.message(f"Wrote {out} ({size_words(out)}): {told}")
