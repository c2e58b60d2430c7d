"""``memento gallery``."""

from __future__ import annotations

from pathlib import Path

from memento.cli.context import Context, define, json_option
from memento.cli.output import plural
from memento.cli.picturing import page_option
from memento.cli.writing import force_option, ready, size_words


@define(
    """
    memento gallery -o gallery.html
    memento gallery -o gallery.html --force
    """
)
@page_option("The page to write", required=True)
@force_option
@json_option
def command(context: Context, out: Path, force: bool) -> None:
    """Draw every series, pattern and operator on one page.

    Series with their optima, rules of relevance week by week, and for each operator what it changes of a
    small world, with texts before and after. The page needs nothing but itself, and no repository.
    """
    from memento import __version__
    from memento.files import write_text
    from memento.gallery.gallery import gallery
    from memento.gallery.gallery_page import page

    output = context.output
    ready(out, force)
    found = gallery()
    write_text(out, page(found, __version__))
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
