"""HTML built from elements, so that no text can become markup."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from typing import Any

from memento.page.style import CSS

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
"""Nothing is loaded from anywhere, and the page itself says so to the browser."""
_VOID = frozenset({"br", "col", "hr", "img", "link", "meta"})


class Html(str):
    """Text that is markup already."""

    __slots__ = ()


def element(name: str, /, *children: Any, **attributes: Any) -> Html:
    """``<name attributes>children</name>``; whatever is not `Html` is escaped.

    An attribute's trailing underscore is dropped and others become hyphens (``class_``,
    ``aria_label``); one that is None is left out. Children that are None are left out.
    """
    given = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{html.escape(str(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in _VOID:
        return Html(f"<{name}{given}>")
    return Html(f"<{name}{given}>{join(children)}</{name}>")


def join(children: Iterable[Any], between: str = "") -> Html:
    """Children one after the other, escaped where they are not `Html`."""
    return Html(between.join(text(child) for child in children if child is not None))


def text(value: Any) -> Html:
    """A value as markup."""
    return value if isinstance(value, Html) else Html(html.escape(str(value)))


def table(heads: Sequence[str], rows: Iterable[Sequence[Any]], right: Iterable[int] = (), class_: str = "") -> Html:
    """A table with a row of headings, in a box that scrolls; the columns numbered `right` hold numbers."""
    numbers = set(right)

    def kind(place: int) -> str | None:
        return "number" if place in numbers else None

    head = element("tr", *(element("th", name, scope="col", class_=kind(i)) for i, name in enumerate(heads)))
    body = [element("tr", *(element("td", cell, class_=kind(i)) for i, cell in enumerate(row))) for row in rows]
    whole = element("table", element("thead", head), element("tbody", *body), class_=class_ or None)
    return element("div", whole, class_="wide")


def section(title: str, *children: Html | None) -> Html:
    """A part of a page under its heading."""
    return element("section", element("h2", title), *children)


def figure(picture: Html, caption: str) -> Html:
    """A picture with what it shows below it."""
    return element("figure", picture, element("figcaption", caption), class_="chart")


def document(title: str, parts: Iterable[Any], generator: str) -> str:
    """A whole page that needs nothing but itself; the same parts give the same bytes."""
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=POLICY),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="generator", content=generator),
        element("title", title),
        element("style", Html(CSS)),
    )
    body = element("body", element("main", join(parts, "\n")))
    return "<!DOCTYPE html>\n" + element("html", head, body, lang="en") + "\n"
