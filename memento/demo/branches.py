"""The branch graph as SVG: one lane a branch, time from left to right, merges as curves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from memento.demo.outcome import Commit
from memento.page.html import Html, element

LEFT, TOP, LANE, STEP, GAP = 22, 34, 58, 40, 70
KEPT = 3
"""Commits shown at each end of a long run of plain ones."""


@dataclass(frozen=True)
class Place:
    """Where a commit is drawn; `skipped` commits before it are not."""

    commit: Commit
    lane: int
    x: float
    y: float
    skipped: int = 0


def lanes(commits: Sequence[Commit], branches: Sequence[str]) -> dict[str, int]:
    """The lane of each commit: that of the first of `branches` whose first-parent line it is on.

    `commits` are those to draw, each with its `refs`; a commit on no such line goes below all.
    """
    known = {commit.id: commit for commit in commits}
    result: dict[str, int] = {}
    for lane, branch in enumerate(branches):
        tip = next((commit for commit in commits if branch in commit.refs), None)
        while tip is not None and tip.id not in result:
            result[tip.id] = lane
            tip = known.get(tip.parents[0]) if tip.parents else None
    return {commit.id: result.get(commit.id, len(branches)) for commit in commits}


def places(commits: Sequence[Commit], branches: Sequence[str]) -> list[Place]:
    """Where each commit stands that is drawn, oldest first; `commits` come with children before parents."""
    lane_of = lanes(commits, branches)
    children: dict[str, int] = {}
    for commit in commits:
        for parent in commit.parents:
            children[parent] = children.get(parent, 0) + 1
    result: list[Place] = []
    x, skipped = float(LEFT), 0
    ordered = list(reversed(commits))
    plain = [
        not commit.refs and len(commit.parents) <= 1 and children.get(commit.id, 0) == 1 and lane_of[commit.id] == 0
        for commit in ordered
    ]
    for number, commit in enumerate(ordered):
        inside = number >= KEPT and all(plain[number - KEPT + 1 : number + KEPT]) and number + KEPT <= len(ordered)
        if inside and _long(plain, number):
            skipped += 1
            continue
        x += GAP if skipped else STEP if result else 0
        lane = lane_of[commit.id]
        result.append(Place(commit, lane, x, TOP + lane * LANE, skipped))
        skipped = 0
    return result


def _long(plain: Sequence[bool], number: int) -> bool:
    """Whether the run of plain commits around `number` is worth shortening."""
    first = number
    while first > 0 and plain[first - 1]:
        first -= 1
    last = number
    while last + 1 < len(plain) and plain[last + 1]:
        last += 1
    return last - first + 1 > 2 * KEPT + 1


def drawing(commits: Sequence[Commit], branches: Sequence[str]) -> Html:
    """The graph; every commit has its id and subject as a tooltip."""
    drawn = places(commits, branches)
    at = {place.commit.id: place for place in drawn}
    edges: list[Html] = []
    nodes: list[Html] = []
    labels: list[Html] = []
    parents = {parent for commit in commits for parent in commit.parents}
    for before, place in zip([None, *drawn], drawn, strict=False):
        if place.skipped and before is not None:
            middle = (before.x + place.x) / 2
            edges.append(element("line", x1=before.x, x2=place.x, y1=place.y, y2=place.y, class_="edge lane0 far"))
            labels.append(
                element("text", f"{place.skipped} more", x=middle, y=place.y - 9, text_anchor="middle", class_="note")
            )
        for number, parent in enumerate(place.commit.parents):
            if parent in at:
                edges.append(_edge(at[parent], place, place.lane if number == 0 else at[parent].lane))
        title = element("title", f"{place.commit.id[:8]} {place.commit.subject}")
        size = 7 if len(place.commit.parents) > 1 else 5
        nodes.append(element("circle", title, cx=place.x, cy=place.y, r=size, class_=f"node lane{place.lane}"))
        labels += _names(place, place.commit.id in parents)
    width = max((_end(place) for place in drawn), default=0) + 12
    height = TOP + LANE * max((place.lane for place in drawn), default=0) + 44
    names = ", ".join(branches)
    words = f"Branch graph of {len(commits)} commits on {names}; {sum(len(c.parents) > 1 for c in commits)} merge"
    box = {"viewBox": f"0 0 {width:.0f} {height}", "width": f"{width:.0f}", "height": height}
    return element("svg", *edges, *nodes, *labels, **box, role="img", aria_label=words, class_="graph")


def _edge(parent: Place, child: Place, lane: int) -> Html:
    x0, y0, x1, y1 = parent.x, parent.y, child.x, child.y
    if y0 == y1:
        return element("line", x1=x0, x2=x1, y1=y0, y2=y1, class_=f"edge lane{lane}")
    middle = STEP / 2
    if y1 > y0:
        course = f"M{x0:.0f} {y0} C{x0 + middle:.0f} {y0} {x0 + middle:.0f} {y1} {x0 + STEP:.0f} {y1} L{x1:.0f} {y1}"
    else:
        course = f"M{x0:.0f} {y0} L{x1 - STEP:.0f} {y0} C{x1 - middle:.0f} {y0} {x1 - middle:.0f} {y1} {x1:.0f} {y1}"
    return element("path", d=course, class_=f"edge lane{lane}")


def _names(place: Place, has_children: bool) -> list[Html]:
    """The names of a commit: beside a tip, below a commit from which others go on."""
    if not place.commit.refs:
        return []
    shown = " · ".join(place.commit.refs)
    if place.lane == 0:
        return [element("text", shown, x=place.x, y=place.y - 13, text_anchor="middle", class_="name")]
    if has_children:
        return [element("text", shown, x=place.x, y=place.y + 24, text_anchor="middle", class_="name")]
    return [element("text", shown, x=place.x + 13, y=place.y + 5, class_="name")]


def _end(place: Place) -> float:
    """How far right a commit and its names reach."""
    width = 8.2 * len(" · ".join(place.commit.refs))
    return place.x + (13 + width if place.lane else width / 2 + 8)
