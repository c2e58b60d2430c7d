"""The page of one world: its portrait as pictures and tables."""

from __future__ import annotations

from itertools import cycle
from typing import TYPE_CHECKING

import numpy as np

from memento.gallery.portrait import BINS, OTHERS, WEEKDAYS, Portrait
from memento.page.chart import INK, OTHER, OWN, RULE, SOFT, THIRD, picture
from memento.page.html import Html, document, element, figure, section, table
from memento.world.values import format_time

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_HALF = (4.8, 2.8)
_SHADES = [(colour, alpha) for alpha in (1.0, 0.62, 0.34) for colour in (OWN, OTHER, THIRD)]


def page(found: Portrait, name: str, commit: str, version: str) -> str:
    """The whole document; the same portrait gives the same bytes."""
    parts = [
        element("header", element("h1", name), element("p", _about(found)), _facts(found)),
        section("When", element("div", _activity(found), _topics(found), class_="row")),
        section("What", _graph(found), element("div", _accesses(found), _repetition(found), class_="row")),
        _planted(found),
        _labels(found),
        element("footer", f"commit {commit}, memento {version}"),
    ]
    return document(f"memento describe {name}", [part for part in parts if part is not None], f"memento {version}")


def _about(found: Portrait) -> str:
    days = max(1, -(-(found.last - found.first) // 86_400))
    return (
        f"A {found.source} world: {found.sizes['sessions']:,} sessions in {days:,} days, "
        f"from {format_time(found.first)[:10]} to {format_time(found.last)[:10]}."
    )


def _facts(found: Portrait) -> Html:
    cells = [
        element("div", element("dt", name.capitalize()), element("dd", f"{count:,}"))
        for name, count in found.sizes.items()
        if count
    ]
    return element("dl", *cells, class_="facts")


def _activity(found: Portrait) -> Html:
    counts = found.activity
    most = max(1, int(counts.max(initial=0)))

    def draw(axes: Axes) -> None:
        from matplotlib.patches import Rectangle

        for weekday, hour in zip(*np.nonzero(counts), strict=True):
            shade = float(counts[weekday, hour]) / most
            axes.add_patch(Rectangle((hour + 0.06, weekday + 0.06), 0.88, 0.88, color=OWN, alpha=shade, linewidth=0))
        axes.set_xlim(0, 24)
        axes.set_ylim(7, 0)
        axes.set_xticks(range(0, 25, 3))
        axes.set_yticks([day + 0.5 for day in range(7)], WEEKDAYS)
        axes.grid(visible=False)
        axes.set_xlabel("hour of day, UTC")

    weekday, hour = np.unravel_index(int(counts.argmax()), counts.shape)
    words = f"Sessions by weekday and hour; the most, {most}, on {WEEKDAYS[int(weekday)]} at {int(hour):02}:00"
    return figure(
        picture("activity", _HALF, draw, words), f"Sessions by weekday and hour; the darkest cell has {most}."
    )


def _topics(found: Portrait) -> Html:
    names = list(found.topics)

    def draw(axes: Axes) -> None:
        weeks = np.arange(1, 1 + max((len(counts) for counts in found.topics.values()), default=0))
        base = np.zeros(len(weeks))
        for (name, counts), (colour, alpha) in zip(found.topics.items(), cycle(_SHADES)):
            shade = RULE if name == OTHERS else colour
            axes.bar(
                weeks, counts, bottom=base, color=shade, alpha=1.0 if name == OTHERS else alpha, width=0.8, label=name
            )
            base = base + np.array(counts)
        axes.set_xlabel("week")
        axes.set_ylabel("sessions")
        if names:
            axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5), fontsize=7, handlelength=1.0)

    told = "; ".join(f"{name} {sum(counts)}" for name, counts in found.topics.items())
    return figure(
        picture("topics", _HALF, draw, f"Sessions by week and topic: {told}"), "What sessions are about, week by week."
    )


def _graph(found: Portrait) -> Html | None:
    if not found.nodes:
        return None

    def draw(axes: Axes) -> None:
        import networkx

        graph: networkx.Graph[int] = networkx.Graph()
        graph.add_nodes_from(range(len(found.nodes)))
        graph.add_edges_from((a, b) for a, b, _ in found.edges)
        place = networkx.spring_layout(graph, seed=1, k=1.6 / max(1, len(found.nodes)) ** 0.5)
        for a, b, _ in found.edges:
            axes.plot(*zip(place[a], place[b], strict=True), color=SOFT, linewidth=0.9, alpha=0.6, zorder=1)
        for number, node in enumerate(found.nodes):
            size = 18 + 260 * node.sessions / max(1, found.nodes[0].sessions)
            x, y = map(float, place[number])
            axes.scatter(x, y, s=size, color=OWN if node.sessions else OTHER, zorder=2, linewidth=0)
            axes.annotate(
                node.name, (x, y), xytext=(0, 5), textcoords="offset points", ha="center", fontsize=7, color=INK
            )
        axes.set_axis_off()
        axes.margins(0.12)

    words = f"Entity graph: {len(found.nodes)} entities, {len(found.edges)} dependencies"
    told = (
        f"The {len(found.nodes)} entities most met, larger where more sessions are about them, and their dependencies."
    )
    return figure(picture("graph", (7.6, 4.4), draw, words), told)


def _accesses(found: Portrait) -> Html:
    from matplotlib.ticker import FuncFormatter, NullFormatter

    def draw(axes: Axes) -> None:
        shown = [(count + 1, share) for count, share in found.accesses]
        axes.plot(*zip(*shown, strict=True), color=OWN, marker="o", markersize=3, linewidth=1.2)
        axes.set_xscale("log")
        axes.set_yscale("log")
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
            axis.set_minor_formatter(NullFormatter())
        axes.set_xlabel("accesses + 1")
        axes.set_ylabel("share of memories with as many")

    most = found.accesses[-1][0] if found.accesses else 0
    blank = "Share of memories by accesses; none yet"
    words = f"Share of memories with at least so many accesses, up to {most}" if found.accesses else blank
    drawn = draw if found.accesses else _nothing
    return figure(picture("accesses", _HALF, drawn, words), "Accesses: a straight line is Zipf's law.")


def _repetition(found: Portrait) -> Html:
    def draw(axes: Axes) -> None:
        axes.plot(range(1, len(found.repetition) + 1), found.repetition, color=OWN, marker="o", markersize=3)
        axes.axhline(0.8, color=SOFT, linewidth=1, linestyle=(0, (4, 3)))
        axes.set_ylim(0, 1.03)
        axes.set_xlabel("week")
        axes.set_ylabel("share met before")

    words = f"Share of sessions whose project, topic and time of day were met before: {found.repeated:.2f} in all"
    told = f"Sessions of a project, topic and six hours met before: {found.repeated:.0%} in all; the line is 80%."
    return figure(picture("repetition", _HALF, draw, words), told)


def _planted(found: Portrait) -> Html | None:
    if not found.planted:
        return None
    rows = [(rule.name, f"{rule.share:.0%}", rule.said, rule.formula, rule.optimum) for rule in found.planted]
    heads = ["rule", "share", "parameters", "formula", "the best that can be reached"]
    told = "Share: how much of what sets candidates of a session apart goes when the rule is left out."
    return section("What is planted", table(heads, rows, (1,)), element("p", told, class_="soft"))


def _labels(found: Portrait) -> Html | None:
    labels = found.labels
    if labels is None:
        return None

    def draw(axes: Axes) -> None:
        edges = np.linspace(0.0, 1.0, BINS + 1)
        axes.stairs(labels.labels, edges, fill=True, color=OWN, alpha=0.45, label="labels")
        if labels.clean is not None and labels.clean != labels.labels:
            axes.stairs(labels.clean, edges, color=INK, linewidth=1.3, label="without noise")
            axes.legend(loc="best")
        axes.set_xlim(0, 1)
        axes.set_xlabel("label")
        axes.set_ylabel("share of candidates")

    told = "Labels of all candidates."
    if labels.asked_db is not None:
        told = (
            f"Labels of all candidates. Signal to noise: {labels.asked_db:g} dB asked for, {labels.measured_db:.1f} dB "
            f"measured, {labels.after_clip_db:.1f} dB after labels are clipped to [0, 1]."
        )
    return section("Labels", figure(picture("labels", (7.2, 2.8), draw, told), told))


def _nothing(axes: Axes) -> None:
    axes.set_axis_off()
