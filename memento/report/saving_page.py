"""The page of a curve of data saving."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from memento.page.chart import INK, OTHER, OWN, SOFT, legend, picture
from memento.page.html import Html, document, element, figure, section, table

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from memento.validate.intervals import Figure
    from memento.validate.saving import Saving

_SIZE = (7.2, 3.8)


def page(
    found: Saving, roles: Sequence[tuple[str, Sequence[str]]], version: str, each: Mapping[str, Saving] | None = None
) -> str:
    """The whole document; `roles` names the revisions of each role, `each` has the curve of every test in turn.

    The same curve gives the same bytes.
    """
    named = "; ".join(f"{role}: {', '.join(revisions)}" for role, revisions in roles)
    parts = [
        element("header", element("h1", "Real sessions saved"), element("p", verdict(found)), _facts(found)),
        section("The curve", _chart(found)),
        section("In numbers", _table(found)),
        *([section("Test by test", _turns(each))] if each else []),
        section(
            "How",
            element(
                "p",
                f"{found.model}, {found.seeds} seed{'s' * (found.seeds != 1)}. Points are mean NDCG@10 on "
                f"{found.tested:,} real sessions that no training knows; bands and intervals hold 95% of redrawn "
                "sessions and seeds. Sets of real sessions are nested; with synthetic ones, training begins on "
                f"{found.synthetic:,} of them."
                + (" Numbers of sessions trained on are means over the tests." if each else ""),
            ),
            element("p", named),
        ),
        element("footer", f"memento {version}"),
    ]
    return document("memento data-saving", parts, f"memento {version}")


def verdict(found: Saving) -> str:
    """What the curve shows, in a sentence."""
    goal = f"what all {count(found.sessions)} real sessions alone give ({found.full.value:.3f})"
    if not math.isfinite(found.pretrained.value):
        return f"With synthetic sessions first, {goal} is not reached."
    needed = found.pretrained
    high = f"over {count(found.sessions)}" if math.isinf(needed.high) else f"{needed.high:.0f}"
    interval = "" if math.isnan(needed.low) else f"; 95% interval {needed.low:.0f} to {high}"
    return f"With synthetic sessions first, {needed.value:.0f} real ones ({found.share:.0%}) reach {goal}{interval}."


def _facts(found: Saving) -> Html:
    first = found.points[0]
    cells = [
        ("Real only, all", _short(found.full)),
        (f"Synthetic, {count(first.sessions)} real", _short(first.pretrained)),
        ("Synthetic, all real", _short(found.points[-1].pretrained)),
        *((name.capitalize(), _short(value)) for name, value in found.beside.items()),
    ]
    return element(
        "dl",
        *(element("div", element("dt", name), element("dd", value), small) for name, (value, small) in cells),
        class_="facts",
    )


def _short(value: Figure) -> tuple[str, Html]:
    return f"{value.value:.3f}", element("small", value.between())


def _chart(found: Saving) -> Html:
    def draw(axes: Axes) -> None:
        for name, colour, words in (("pretrained", OWN, "synthetic first"), ("alone", OTHER, "real alone")):
            points = [(p.sessions, getattr(p, name)) for p in found.points if getattr(p, name) is not None]
            sizes = [size for size, _ in points]
            axes.fill_between(
                sizes, [f.low for _, f in points], [f.high for _, f in points], color=colour, alpha=0.16, linewidth=0
            )
            axes.plot(sizes, [f.value for _, f in points], color=colour, marker="o", markersize=4, label=words)
        axes.axhline(found.full.value, color=INK, linewidth=1, linestyle=(0, (4, 3)))
        for value in found.beside.values():
            axes.axhline(value.value, color=SOFT, linewidth=0.8, linestyle=(0, (1, 3)))
        for name, value in found.beside.items():
            axes.text(1.01, value.value, name, transform=axes.get_yaxis_transform(), va="center", color=SOFT)
        if math.isfinite(found.pretrained.value):
            axes.plot([found.pretrained.value], [found.full.value], marker="D", markersize=6, color=INK)
        axes.set_xlabel("real sessions trained on")
        axes.set_ylabel("NDCG@10 on real sessions")
        legend(axes, columns=2)

    words = f"NDCG over real sessions, with synthetic ones first and without. {verdict(found)}"
    caption = "The dashed line is what all real sessions alone give; the diamond is where the other curve reaches it."
    return figure(picture("saving", _SIZE, draw, words), caption)


def _table(found: Saving) -> Html:
    rows = [
        (
            count(p.sessions), figure_cell(p.alone), figure_cell(p.pretrained), figure_cell(p.gain, sign=True),
            figure_cell(p.margin, sign=True),
        )
        for p in found.points
    ]  # fmt: skip
    heads = ("real sessions", "real alone", "synthetic first", "gain", "over all real alone")
    return table(heads, rows, right=range(len(heads)))


def _turns(each: Mapping[str, Saving]) -> Html:
    heads, rows = turn_rows(each)
    return table(heads, rows, right=tuple(range(1, len(heads))))


def turn_rows(each: Mapping[str, Saving]) -> tuple[list[str], list[list[str]]]:
    """Heads and rows of a table of tests: what all real sessions alone give, then every point with synthetic ones."""
    points = next(iter(each.values())).points
    heads = ["test", "sessions", "all real alone", *(f"synthetic, {p.asked} real" for p in points)]
    rows = [
        [name, f"{one.tested:,}", figure_cell(one.full), *(figure_cell(p.pretrained) for p in one.points)]
        for name, one in each.items()
    ]
    return heads, rows


def count(sessions: float) -> str:
    """How many sessions; a mean over tests with a decimal where it has one."""
    return f"{sessions:,.0f}" if sessions == int(sessions) else f"{sessions:,.1f}"


def figure_cell(value: Figure | None, sign: bool = False) -> str:
    """A figure with its interval; nothing where there is none."""
    if value is None or not math.isfinite(value.value):
        return ""
    return value.words("+.3f" if sign else ".3f")
