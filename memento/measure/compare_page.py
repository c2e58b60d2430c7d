"""The page and the picture of a comparison of runs."""

from __future__ import annotations

from collections.abc import Callable
from itertools import cycle
from typing import TYPE_CHECKING

from memento.history.runs import Metric, title_of
from memento.measure.compare import Comparison, told
from memento.page.chart import INK, OTHER, OWN, SOFT, THIRD, legend, picture, png
from memento.page.html import Html, document, element, figure, section, table

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_WIDTH, _LEAST = 8.6, 3.2
_LOOKS = [(colour, style) for style in ("-", "--", ":", "-.") for colour in (OWN, OTHER, THIRD, INK)]
_AXES = {"loss": "loss", "ndcg": "validation NDCG@10"}


def page(found: Comparison, version: str) -> str:
    """The whole document; the same comparison gives the same bytes."""
    rows = ", ".join(row.name for row in found.rows)
    apart = [element("p", f"They were {found.apart}.")] if found.apart else []
    parts = [
        element(
            "header",
            element("h1", "Runs compared"),
            element("p", f"{rows}; the first is what others are held to."),
            *apart,
        ),
        section("Figures", _table(found), _bars(found)),
        section("Training", *[_curves(found, name) for name in _AXES if _has(found, name)]),
        element("footer", f"memento {version}"),
    ]
    return document("memento compare", parts, f"memento {version}")


def image(found: Comparison) -> bytes:
    """One PNG: the figures, and below them how loss and validation NDCG@10 went where a run tells."""
    curves = [_drawing(found, name) for name in _AXES if _has(found, name)]
    return png(_size(found), [_bar_drawing(found), *curves])


def words(metric: Metric | None, sign: bool = False) -> str:
    """A figure with its interval, a dash where there is none."""
    if metric is None:
        return "-"
    value = f"{metric.value:+.3f}" if sign else f"{metric.value:.3f}"
    if metric.low is None or metric.high is None:
        return value
    return (
        f"{value} ({metric.low:+.3f} to {metric.high:+.3f})"
        if sign
        else f"{value} ({metric.low:.3f}–{metric.high:.3f})"
    )


def _table(found: Comparison) -> Html:
    titles = list(map(title_of, found.metrics))
    heads = ["run", "model", *titles, *(f"{title} less the first's" for title in titles), *found.options]
    rows = []
    for row in found.rows:
        figures = [words(row.figures.get(name)) for name in found.metrics]
        apart = [words(row.differences.get(name), True) if row.differences else "" for name in found.metrics]
        rows.append([row.name, row.records[0].model, *figures, *apart, *told(row, found.options)])
    return table(heads, rows, right=range(2, len(heads)))


def _size(found: Comparison) -> tuple[float, float]:
    """Inches of a chart that has a line, and a line of its key, for each row."""
    return _WIDTH, max(_LEAST, 0.7 + 0.2 * len(found.rows))


def _bars(found: Comparison) -> Html:
    name = found.metrics[0]
    title = title_of(name)
    said = "; ".join(f"{row.name} {words(row.figures.get(name))}" for row in found.rows)
    drawn = picture("figures", (_WIDTH, 0.7 + 0.4 * len(found.rows)), _bar_drawing(found), f"{title}: {said}")
    return figure(
        drawn, f"{title} with its 95% interval; a tick is chance, a diamond the ceiling, where they are known."
    )


def _bar_drawing(found: Comparison) -> Callable[[Axes], None]:
    name = found.metrics[0]

    def draw(axes: Axes) -> None:
        for place, row in enumerate(found.rows):
            metric = row.figures.get(name)
            if metric is None:
                continue
            colour, _ = _LOOKS[place % len(_LOOKS)]
            if metric.low is not None and metric.high is not None:
                axes.plot([metric.low, metric.high], [place, place], color=colour, linewidth=2)
            axes.plot([metric.value], [place], "o", color=colour)
            for mark, value in (("|", metric.chance), ("_", None), ("D", metric.ceiling)):
                if value is not None:
                    axes.plot([value], [place], mark, color=SOFT, markersize=6, fillstyle="none")
        axes.set_yticks(range(len(found.rows)), [row.name for row in found.rows])
        axes.set_ylim(len(found.rows) - 0.4, -0.6)
        axes.set_xlabel(title_of(name))

    return draw


def _has(found: Comparison, name: str) -> bool:
    return any(
        value is not None for row in found.rows for record in row.records for value in record.curves.get(name, ())
    )


def _curves(found: Comparison, name: str) -> Html:
    ends = []
    for row in found.rows:
        last = [
            values[-1] for record in row.records if (values := record.curves.get(name, ())) and values[-1] is not None
        ]
        ends.append(f"{row.name} ends at {sum(last) / len(last):.4f}" if last else f"{row.name} has none")
    drawn = picture(f"curve-{name}", _size(found), _drawing(found, name), f"{_AXES[name]} by epoch: {'; '.join(ends)}")
    return figure(drawn, f"{_AXES[name][0].upper()}{_AXES[name][1:]}, epoch by epoch.")


def _drawing(found: Comparison, name: str) -> Callable[[Axes], None]:
    def draw(axes: Axes) -> None:
        from matplotlib.ticker import MaxNLocator

        for row, (colour, style) in zip(found.rows, cycle(_LOOKS)):
            for number, record in enumerate(row.records):
                values = record.curves.get(name, ())
                known = [(epoch + 1, value) for epoch, value in enumerate(values) if value is not None]
                if known:
                    epochs, heights = zip(*known, strict=True)
                    label = f"{row.name}, {record.model}" if number == 0 else None
                    marker = "o" if len(known) == 1 else None
                    axes.plot(epochs, heights, color=colour, linestyle=style, linewidth=1.6, label=label, marker=marker)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.set_xlabel("epoch")
        axes.set_ylabel(_AXES[name])
        legend(axes)

    return draw
