"""Histories that put a merge to the test, after the corner cases of git's own tests.

Recursive bases (t6416), records that move (t6422), folders that move (t6423), rules by kind of field
(t6406): in our terms a file is a record, a rename a turn that goes to another session, and a folder
that moves a session that starts at another time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from world.worlds import DAY, START, Change, base_state, changed

from changes.git_records import Histories, Layout, by_id

SETS = "sets are merged member by member"
COUNTERS = "a counter adds both increments"
UNKNOWN = "where the bases disagree nothing is taken for granted"
SESSIONS = "a session goes with all that belongs to it, or not at all"
FOLLOWS = "what belongs to a session follows it, so that a session at another time changes none of its turns"
TURNS = "alternatives said under one id become sibling threads"


def put(table: str, key: str, **values: Any) -> Change:
    return ("put", table, key, values)


def drop(table: str, key: str) -> Change:
    return ("drop", table, key, {})


def text(words: str, key: str = "m-1") -> Change:
    return put("memories", key, text=words)


def fresh(key: str, **values: Any) -> Change:
    return put("memories", key, **{"id": key, "text": key, "created_at": START + 9, **values})


def turn(key: str, words: str, parent: str | None, session: str = "s-1", **more: Any) -> Change:
    return put("turns", key, id=key, session=session, text=words, parent=parent, **more)


def moved(key: str, session: str, **more: Any) -> Change:
    return put("turns", key, session=session, **more)


def session_at(key: str, day: int) -> Change:
    at = START + day * DAY
    return put("sessions", key, id=key, started_at=at, ended_at=at + 600)


@dataclass(frozen=True)
class Case:
    """A history with tips ``x`` and ``y``. `expected` are the records in conflict, empty for a clean merge."""

    name: str
    build: Callable[[Histories], None]
    expected: frozenset[str] = frozenset()
    differs: str = ""
    layout: Layout = by_id

    def __repr__(self) -> str:
        return self.name


def two_sides(
    ours: list[Change], theirs: list[Change], before: list[Change] | None = None
) -> Callable[[Histories], None]:
    def build(h: Histories) -> None:
        h.commit("base", [], changed(base_state(), before or []))
        h.edit("x", "base", *ours)
        h.edit("y", "base", *theirs)

    return build


def crossed(
    ours: list[Change],
    theirs: list[Change],
    policies: tuple[Any, Any],
    then: tuple[list[Change], list[Change]] = ([], []),
    in_merge: tuple[list[Change], list[Change]] = ([], []),
) -> Callable[[Histories], None]:
    """Both sides merge each other, so that there are two best common ancestors."""

    def build(h: Histories) -> None:
        h.commit("base", [], base_state())
        h.edit("a", "base", *ours)
        h.edit("b", "base", *theirs)
        h.join("a2", "a", "b", policies[0], *in_merge[0])
        h.join("b2", "b", "a", policies[1], *in_merge[1])
        h.edit("x", "a2", *then[0])
        h.edit("y", "b2", *then[1])

    return build


def crossed_twice(last: tuple[str, str]) -> Callable[[Histories], None]:
    """A crossing over a crossing: the base of the bases is virtual too."""

    def build(h: Histories) -> None:
        crossed([text("p")], [text("q")], ("ours", "theirs"), ([text("r", "m-2")], [text("s", "m-3")]))(h)
        for name, mine, other in (("x2", "x", "y"), ("y2", "y", "x")):
            h.join(name, mine, other, "ours")
        h.edit("x3", "x2", text(last[0], "m-0"))
        h.edit("y3", "y2", text(last[1], "m-0"))
        for name, old in (("x", "x3"), ("y", "y3")):
            for part in (h.states, h.trees, h.parents, h.commits):
                part[f"old {name}"] = part[name]  # type: ignore[index]
                part[name] = part[old]  # type: ignore[index]
        renamed = {"x": "old x", "y": "old y"}
        for tip in ("x2", "y2"):
            h.parents[tip] = [renamed.get(parent, parent) for parent in h.parents[tip]]

    return build


NONE: frozenset[str] = frozenset()
M1, M3, M9 = frozenset({"memories/m-1"}), frozenset({"memories/m-3"}), frozenset({"memories/m-9"})
TURN, SESSION = frozenset({"turns/s-1.1"}), frozenset({"sessions/s-1"})
AWAY, BACK = [moved("s-1.1", "s-2", parent="s-2.1")], text("fact 1")
THIRD = [session_at("s-3", 3)]
LONG = [turn(f"s-1.{n}", f"words {n}", f"s-1.{n - 1}") for n in range(2, 8)]
"""Enough said in a session for git to see that its folder moved."""

CROSSINGS = [
    Case("a crossing of edits apart", crossed([text("x")], [text("y", "m-2")], ("ours", "ours"))),
    Case("resolved apart, undetected in the virtual base", crossed([text("x")], [text("y")], ("ours", "ours")), M1),
    Case("resolved alike", crossed([text("x")], [text("y")], ("ours", "theirs"))),
    Case("resolved alike, then edited", crossed([text("x")], [text("y")], ("ours", "theirs"), ([], [text("z")])), M1),
    Case(
        "resolved alike, then another field",
        crossed([text("x")], [text("y")], ("ours", "theirs"), ([], [put("memories", "m-1", importance=0.9)])),
    ),
    Case("a revert on one side stands", crossed([text("x")], [text("y", "m-2")], ("ours", "ours"), ([BACK], []))),
    Case(
        "resolved by a third text alike",
        crossed([text("x")], [text("y")], ("ours", "ours"), in_merge=([text("z")],) * 2),
    ),
    Case("added apart, kept apart", crossed([fresh("m-9", text="x")], [fresh("m-9", text="y")], ("ours", "ours")), M9),
    Case("added apart, kept alike", crossed([fresh("m-9", text="x")], [fresh("m-9", text="y")], ("ours", "theirs"))),
    Case(
        "added apart, kept alike, then another field",
        crossed(
            [fresh("m-9", text="x")],
            [fresh("m-9", text="y")],
            ("ours", "theirs"),
            ([put("memories", "m-9", importance=0.9)], []),
        ),
    ),
    Case(
        "deleted and changed, resolved apart",
        crossed([drop("memories", "m-3")], [text("y", "m-3")], ("ours", "ours")),
        M3,
    ),
    Case(
        "deleted and changed, both deleted", crossed([drop("memories", "m-3")], [text("y", "m-3")], ("ours", "theirs"))
    ),
    Case("deleted and changed, both kept", crossed([drop("memories", "m-3")], [text("y", "m-3")], ("theirs", "ours"))),
    Case(
        "deleted and changed, one deleted and one as it was",
        crossed(
            [drop("memories", "m-3")], [text("y", "m-3")], ("ours", "ours"), in_merge=([], [text("fact 3", "m-3")])
        ),
        M3,
        UNKNOWN,
    ),
    Case(
        "deleted and changed, both kept, one changed further",
        crossed([drop("memories", "m-3")], [text("y", "m-3")], ("theirs", "ours"), ([text("z", "m-3")], [])),
        M3,
    ),
    Case("a crossing over a crossing", crossed_twice(("one", "two")), frozenset({"memories/m-0"})),
    Case("a crossing over a crossing, alike", crossed_twice(("one", "one"))),
]

MOVES = [
    Case("moved and edited", two_sides(AWAY, [put("turns", "s-1.1", text="edited")])),
    Case("moved and deleted", two_sides(AWAY, [drop("turns", "s-1.1")]), TURN),
    Case("moved to two places", two_sides(AWAY, [moved("s-1.1", "s-3")], THIRD), TURN),
    Case("moved to one place", two_sides(AWAY, AWAY)),
    Case("moved to one place and edited there", two_sides(AWAY, [moved("s-1.1", "s-2", parent="s-2.1", role="agent")])),
    Case("two moved to one place", two_sides(AWAY, [moved("s-1.0", "s-2")])),
    Case("moved, and another added where it was", two_sides(AWAY, [turn("s-1.2", "more", "s-1.0")])),
    Case("moved, and another added where it goes", two_sides(AWAY, [turn("s-2.2", "more", "s-2.0", "s-2")])),
    Case(
        "moved and edited against edited",
        two_sides([moved("s-1.1", "s-2", parent="s-2.1", text="here")], [put("turns", "s-1.1", text="there")]),
        TURN,
    ),
    Case(
        "moved, and the session it goes to deleted",
        two_sides(AWAY, [drop("sessions", "s-2")]),
        frozenset({"sessions/s-2"}),
        SESSIONS,
    ),
    Case(
        "moved out of a session that is deleted",
        two_sides([*AWAY, drop("sessions", "s-1")], [put("turns", "s-1.1", text="edited")]),
    ),
    Case(
        "a session deleted, and spoken in",
        two_sides([drop("sessions", "s-1")], [turn("s-1.2", "more", "s-1.1")]),
        SESSION,
        SESSIONS,
    ),
    Case("a session deleted on both sides", two_sides([drop("sessions", "s-1")], [drop("sessions", "s-1")])),
    Case(
        "a session deleted, another scored", two_sides([drop("sessions", "s-1")], [put("sessions", "s-2", score=0.5)])
    ),
    Case("a session deleted, one of its turns too", two_sides([drop("sessions", "s-1")], [drop("turns", "s-1.1")])),
    Case(
        "a session deleted and scored",
        two_sides([drop("sessions", "s-1")], [put("sessions", "s-1", score=0.5)]),
        SESSION,
    ),
]

LATER = [session_at("s-1", 9)]
FOLDERS = [
    Case("a session at another time, and spoken in", two_sides(LATER, [turn("s-1.8", "more", "s-1.7")], LONG)),
    Case(
        "a session at another time, a turn of it edited", two_sides(LATER, [put("turns", "s-1.2", text="edited")], LONG)
    ),
    Case(
        "a session at another time, a turn of it deleted",
        two_sides(LATER, [drop("turns", "s-1.3")], LONG),
        frozenset(),
        FOLLOWS,
    ),
    Case("a session at another time, a label of it", two_sides(LATER, [put("candidates", "s-1/m-1", used=True)], LONG)),
    Case("a session at two other times", two_sides(LATER, [session_at("s-1", 11)], LONG), SESSION),
    Case(
        "a session at one other time, spoken in on both sides",
        two_sides([*LATER, turn("s-1.8", "a", "s-1.7")], [*LATER, turn("s-1.9", "b", "s-1.7")], LONG),
    ),
    Case("a session at another time, deleted", two_sides(LATER, [drop("sessions", "s-1")], LONG), SESSION),
    Case("a turn moved into a session at another time", two_sides([moved("s-2.1", "s-1")], LATER, LONG)),
    Case(
        "a session at another time, a turn moved out",
        two_sides(LATER, [moved("s-1.5", "s-2")], LONG),
        frozenset(),
        FOLLOWS,
    ),
    Case(
        "turns moved to two sessions, and more said",
        two_sides([moved("s-1.2", "s-2"), moved("s-1.3", "s-3")], [turn("s-1.8", "more", "s-1.7")], [*LONG, *THIRD]),
    ),
    Case(
        "two sessions exchange their times",
        two_sides([session_at("s-1", 2), session_at("s-2", 1)], [turn("s-1.8", "more", "s-1.7")], LONG),
    ),
]

RULES = [
    Case(
        "members added on both sides",
        two_sides([put("turns", "s-1.1", cites=["m-0", "m-1"])], [put("turns", "s-1.1", cites=["m-0", "m-2"])]),
        frozenset(),
        SETS,
    ),
    Case(
        "members added on one side",
        two_sides([put("turns", "s-1.1", cites=["m-0", "m-1"])], [put("turns", "s-1.1", text="x")]),
    ),
    Case(
        "counted on both sides",
        two_sides([put("memories", "m-1", prior_accesses=5)], [put("memories", "m-1", prior_accesses=9)]),
        frozenset(),
        COUNTERS,
    ),
    Case(
        "counted alike",
        two_sides([put("memories", "m-1", prior_accesses=5)], [put("memories", "m-1", prior_accesses=5)]),
    ),
    Case("two fields of one record", two_sides([text("x")], [put("memories", "m-1", importance=0.9)])),
    Case("one field apart", two_sides([text("x")], [text("y")]), M1),
    Case(
        "one field alike, another on one side",
        two_sides([text("x")], [text("x"), put("memories", "m-1", value="south")]),
    ),
    Case("two lines of one text", two_sides([text("one\nb")], [text("a\ntwo")], [text("a\nb")]), M1),
    Case("deleted and changed", two_sides([drop("memories", "m-3")], [text("x", "m-3")]), M3),
    Case("deleted on both sides", two_sides([drop("memories", "m-3")], [drop("memories", "m-3")])),
    Case("deleted, and added again as it was", two_sides([drop("memories", "m-3")], [])),
    Case("added alike", two_sides([fresh("m-9")], [fresh("m-9")])),
    Case("added apart", two_sides([fresh("m-9", text="x")], [fresh("m-9", text="y")]), M9),
    Case(
        "said apart under one id",
        two_sides([turn("s-1.2", "left", "s-1.1")], [turn("s-1.2", "right", "s-1.1")]),
        frozenset(),
        TURNS,
    ),
    Case(
        "deleted with what refers to it, and referred to anew",
        two_sides(
            [drop("memories", "m-3"), drop("memories", "m-2")], [fresh("m-9", superseded_by="m-3", deleted=True)]
        ),
    ),
]
