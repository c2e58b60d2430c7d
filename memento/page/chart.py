"""Charts as inline SVG, the same bytes for the same numbers.

They are drawn by matplotlib in stand-in colours, which become the CSS variables of the page around
them, so that one picture suits light and dark. Text stays text: it can be searched and read out.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from memento.page.html import Html, join, text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK, SOFT, RULE, OWN, OTHER, THIRD, PAGE = "#010101", "#020202", "#030303", "#040404", "#050505", "#060606", "#070707"
VARIABLES = {INK: "ink", SOFT: "soft", RULE: "rule", OWN: "own", OTHER: "other", THIRD: "third", PAGE: "page"}
"""Stand-in colour -> CSS variable."""
LIGHT = {
    INK: "#1d2126",
    SOFT: "#5c6470",
    RULE: "#dcdad4",
    OWN: "#1f6f5c",
    OTHER: "#8a6a3b",
    THIRD: "#6f4f8f",
    PAGE: "#ffffff",
}
"""Stand-in colour -> that of a light page, for pictures that stand alone; a test holds them against the style."""

_STYLE: Mapping[str, Any] = {
    "font.family": "sans-serif",
    "font.size": 10,
    "svg.fonttype": "none",
    "svg.hashsalt": "memento",
    "text.color": INK,
    "axes.edgecolor": RULE,
    "axes.labelcolor": SOFT,
    "axes.facecolor": "none",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": RULE,
    "grid.linewidth": 0.6,
    "xtick.color": SOFT,
    "ytick.color": SOFT,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "figure.facecolor": "none",
    "legend.frameon": False,
    "legend.labelcolor": INK,
    "path.simplify": False,
    "text.parse_math": False,
}


def picture(name: str, size: tuple[float, float], draw: Callable[[Axes], None], words: str) -> Html:
    """A chart of some inches that `draw` fills; `name` keeps the ids of a page's pictures apart, `words` tell it."""
    import matplotlib
    from matplotlib.figure import Figure

    style: dict[Any, Any] = {**matplotlib.rcParamsDefault, **_STYLE, "backend": "agg"}
    with matplotlib.rc_context(style):
        figure: Figure = Figure(figsize=size, layout="constrained")
        draw(figure.add_subplot())
        return _inline(figure, name, words)


def legend(axes: Axes, columns: int = 0) -> None:
    """The key of a chart outside of what it draws: above it in some columns, or to its right."""
    if columns:
        axes.legend(fontsize=8, loc="lower left", bbox_to_anchor=(0.0, 1.0), ncol=columns)
    else:
        axes.legend(fontsize=8, loc="upper left", bbox_to_anchor=(1.0, 1.02))


def png(size: tuple[float, float], draws: Sequence[Callable[[Axes], None]]) -> bytes:
    """A PNG of charts, one above the other, each of some inches, in the light colours of pages."""
    import matplotlib
    from matplotlib.figure import Figure

    style: dict[Any, Any] = {**matplotlib.rcParamsDefault, **_STYLE, "backend": "agg"}
    with matplotlib.rc_context(style):
        figure: Figure = Figure(figsize=(size[0], size[1] * len(draws)), layout="constrained", dpi=144)
        for axes, draw in zip(np.atleast_1d(figure.subplots(len(draws))).tolist(), draws, strict=True):
            draw(axes)
        for artist in figure.findobj():
            for name in ("color", "facecolor", "edgecolor", "markerfacecolor", "markeredgecolor"):
                _recolour(artist, name)
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png", facecolor=LIGHT[PAGE], metadata={"Software": None})
    return buffer.getvalue()


def _recolour(artist: Any, name: str) -> None:
    """A stand-in colour of an artist becomes that of the light page."""
    from matplotlib.colors import to_hex

    get, put = getattr(artist, f"get_{name}", None), getattr(artist, f"set_{name}", None)
    if get is None or put is None:
        return
    try:
        found = to_hex(get())
    except (TypeError, ValueError):
        return
    if found in LIGHT:
        put(LIGHT[found])


def _inline(figure: Figure, name: str, words: str) -> Html:
    """The figure as an element of the page: ids its own, colours as variables, fonts the page's."""
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata=dict.fromkeys(("Creator", "Date", "Format", "Type")))
    drawn = buffer.getvalue()
    head, _, body = drawn[drawn.index("<svg") :].partition(">")
    box = re.search(r'viewBox="([^"]+)"', head)
    body = re.sub(r"<metadata>.*?</metadata>", "", body, flags=re.DOTALL)
    body = re.sub(r"<style.*?</style>", "", body, flags=re.DOTALL)
    body = re.sub(r"<!--.*?-->\s*", "", body, flags=re.DOTALL)
    body = re.sub(r'\bid="', f'id="{name}-', body)
    body = re.sub(r"url\(#", f"url(#{name}-", body)
    body = re.sub(r'(?:xlink:)?href="#', f'href="#{name}-', body)
    body = re.sub(r"font: ([^;\"]*?)'[^\"]*?sans-serif", r"font: \1var(--font)", body)
    for stand_in, variable in VARIABLES.items():
        body = body.replace(stand_in, f"var(--{variable})")
    lines = 'stroke-linejoin="round" stroke-linecap="butt"'
    size = box.group(1) if box else ""
    opening = f'<svg viewBox="{size}" role="img" aria-label="{text(words)}" {lines} class="figure">'
    return Html(opening + join([Html(body)]).strip())
