"""The page and the picture of a matrix: a heat map, one row for what was trained on."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from memento.history.runs import title_of
from memento.measure.compare_page import words
from memento.measure.matrix import Matrix
from memento.measure.trials import Settings
from memento.page.chart import INK, OWN, RULE, picture, png
from memento.page.html import Html, document, element, figure, section, table

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def page(found: Matrix, settings: Settings, version: str) -> str:
    """The whole document; the same matrix gives the same bytes."""
    about = f"{settings}. Each is tested on its last sessions, which no training on it looks at."
    said = "; ".join(
        f"{found.names[one]} on {found.names[other]} {metric.value:.3f}" for (one, other), metric in found.cells.items()
    )
    title = title_of(found.metric)
    drawn = picture("matrix", _size(found), drawing(found), f"{title} by training and test: {said}")
    parts = [
        element("header", element("h1", "Trained on each, tested on each"), element("p", about)),
        figure(drawn, f"{title}; the shade is where it lies between chance and the ceiling."),
        section("Figures", _table(found)),
        element("footer", f"memento {version}"),
    ]
    return document("memento matrix", parts, f"memento {version}")


def image(found: Matrix) -> bytes:
    """The heat map as a PNG."""

    def titled(axes: Axes) -> None:
        drawing(found)(axes)
        axes.set_title(title_of(found.metric))

    return png(_size(found), [titled])


def rows(found: Matrix) -> list[list[str]]:
    """The lines of the table: one for each world that was trained on, then chance and the ceiling."""
    places = range(len(found.names))
    lines = [[found.names[one], *(words(found.cells.get((one, other))) for other in places)] for one in places]
    for name in ("chance", "ceiling"):
        beside = [getattr(found.column(other), name, None) for other in places]
        if any(value is not None for value in beside):
            lines.append([name, *("-" if value is None else f"{value:.3f}" for value in beside)])
    return lines


def drawing(found: Matrix) -> Callable[[Axes], None]:
    """What draws the heat map: a cell is as dark as what it reaches of the way from chance to the ceiling."""

    def draw(axes: Axes) -> None:
        from matplotlib.patches import Rectangle

        count = len(found.names)
        for one in range(count):
            for other in range(count):
                metric = found.cells.get((one, other))
                shade = 0.0 if metric is None else _share(metric.value, metric.chance, metric.ceiling)
                colour = RULE if metric is None else OWN
                axes.add_patch(
                    Rectangle((other + 0.03, one + 0.03), 0.94, 0.94, color=colour, alpha=0.08 + 0.6 * shade)
                )
                text = "-" if metric is None else f"{metric.value:.3f}"
                axes.text(other + 0.5, one + 0.5, text, ha="center", va="center", color=INK)
        axes.set_xlim(0, count)
        axes.set_ylim(count, 0)
        ticks = [place + 0.5 for place in range(count)]
        axes.set_xticks(ticks, [_short(name) for name in found.names])
        axes.set_yticks(ticks, [_short(name) for name in found.names])
        axes.set_xlabel("tested on")
        axes.set_ylabel("trained on")
        axes.grid(visible=False)
        for spine in axes.spines.values():
            spine.set_visible(False)

    return draw


def _share(value: float, chance: float | None, ceiling: float | None) -> float:
    low = 0.0 if chance is None else chance
    high = 1.0 if ceiling is None else ceiling
    return min(1.0, max(0.0, (value - low) / (high - low))) if high > low else 0.0


def _size(found: Matrix) -> tuple[float, float]:
    side = min(9.0, 1.8 + 1.1 * len(found.names))
    return side, 0.8 + 0.7 * (side - 0.8)


def _short(name: str) -> str:
    return name if len(name) <= 16 else f"{name[:15]}…"


def _table(found: Matrix) -> Html:
    return table(["trained on", *found.names], rows(found), right=range(1, 1 + len(found.names)))
