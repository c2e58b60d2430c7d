"""The gallery as one page of small pictures."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import cycle
from typing import TYPE_CHECKING

from memento.gallery.gallery import Gallery, OperatorCard, PatternCard, SeriesCard
from memento.page.chart import OTHER, OWN, SOFT, THIRD, picture
from memento.page.html import Html, document, element, section

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SMALL = (2.6, 1.15)


def page(found: Gallery, version: str) -> str:
    """The whole document; the same gallery gives the same bytes."""
    lead = (
        f"{len(found.series)} series, {len(found.patterns)} rules of relevance and {len(found.operators)} operators of "
        "variation, as they are on one small world."
    )
    parts = [
        element("header", element("h1", "Gallery"), element("p", lead)),
        section("Series", element("p", "What may drive an entity, and the error of the best forecast over 96 "
                "steps.", class_="soft"), _cards([_series(card) for card in found.series])),
        section("Patterns", element("p", "The mean term of four entities' memories, week by week.", class_="soft"),
                _cards([_pattern(card) for card in found.patterns])),
        section("Operators", element("p", "What each changes, and texts before and after.", class_="soft"),
                *[_operator(card) for card in found.operators]),
        element("footer", f"memento {version}"),
    ]  # fmt: skip
    return document("memento gallery", parts, f"memento {version}")


def _cards(cards: Sequence[Html]) -> Html:
    return element("div", *cards, class_="tiles")


def _series(card: SeriesCard) -> Html:
    def draw(axes: Axes) -> None:
        axes.plot(card.values, color=OWN, linewidth=1.0)
        _bare(axes)

    told = f"optimum {card.optimum:.3f}" if card.optimum else "optimum 0"
    words = f"{card.name}: {card.formula}"
    return element(
        "figure", element("b", card.name), picture(f"s-{card.name}", _SMALL, draw, words),
        element("figcaption", f"{card.formula}; {told}"), class_="chart",
    )  # fmt: skip


def _pattern(card: PatternCard) -> Html:
    def draw(axes: Axes) -> None:
        for weeks, colour in zip(card.weeks, cycle((OWN, OTHER, THIRD, SOFT))):
            axes.plot(weeks, color=colour, linewidth=1.2)
        _bare(axes)

    words = f"{card.name}: mean term by week; {card.nonzero:.0%} of candidates have one"
    return element(
        "figure", element("b", card.name), picture(f"p-{card.name}", _SMALL, draw, words),
        element("figcaption", f"{card.summary}. ", element("code", card.formula), f". Optimum: {card.optimum}. ",
                f"{card.nonzero:.0%} of candidates have a term."), class_="chart",
    )  # fmt: skip


def _operator(card: OperatorCard) -> Html:
    changed = ", ".join(f"{count:,} {table}" for table, count in card.changed.items()) or "nothing"
    rows = [
        element("tr", element("td", element("del", old)), element("td", element("ins", new)))
        for old, new in card.examples
    ]
    texts = element("div", element("table", element("tbody", *rows)), class_="wide") if rows else None
    shown = None
    if card.hours is not None:
        before, after = card.hours

        def draw(axes: Axes) -> None:
            axes.bar(range(24), before, color=OTHER, alpha=0.5, width=0.9)
            axes.bar(range(24), after, color=OWN, alpha=0.7, width=0.5)
            _bare(axes)

        words = f"{card.name}: sessions by hour before (wide) and after (narrow)"
        shown = element("figure", picture(f"o-{card.name}", (4.8, 1.2), draw, words), element("figcaption", words))
    source = f" ({card.source})" if card.source else ""
    return element(
        "div", element("h3", card.name),
        element("p", f"{card.summary}{source}. ", element("code", card.formula)),
        element("p", f"Promise: {card.promise}. Changed: {changed}.", class_="soft"), shown, texts, class_="card",
    )  # fmt: skip


def _bare(axes: Axes) -> None:
    axes.set_xticks([])
    axes.set_yticks([])
    axes.margins(x=0)
