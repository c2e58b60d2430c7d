"""The texts of a world, with what must stay in each, and changing them.

What a text is about is known from the records: a memory's entity and value, and for a turn those of the
memories that it cites or that its session left, and the session's topic. Such names and values, numbers
and negations are kept as they are; operators change the words between them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache, partial

import numpy as np
import numpy.typing as npt

from memento import rng
from memento.vary.remember import remembered
from memento.world.tree import Delta
from memento.world.world import World

NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")
_NEGATION = re.compile(r"[nNwWcC](?<!\w.)(?i:(?<=n)(?:o(?:t|r|ne|thing|body)?|ever|either)|(?<=w)ithout|(?<=c)annot)\b")
"""No, not, nor, none, nothing, nobody, never, neither, without, cannot; to begin with a set of letters is quick."""
_CONTRACTED = re.compile(r"\b\w+n['’]t\b", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_BEGINS = re.compile(r"(?:^|[.!?]['\"”’)]*\s+)['\"“‘(]*\Z")
"""What stands before the first word of a sentence."""
_NEAR = 12


@dataclass(frozen=True)
class Text:
    """One text: its words, who says it (empty for a memory), and the names and values that stay in it."""

    text: str
    role: str
    kept: tuple[str, ...]

    def pieces(self) -> tuple[tuple[str, bool], ...]:
        """The text cut into pieces, in order, each with whether it is open to change."""
        return pieces(self.text, self.kept)


Change = Callable[[Text, int], str]
"""A function of a text and a key of its own that gives the changed text."""


@lru_cache(1 << 15)
def pieces(text: str, kept: tuple[str, ...]) -> tuple[tuple[str, bool], ...]:
    """A text cut at what is kept, numbers and negations; true where a piece is open to change.

    Where two of them begin at one place a kept name comes first, the longest one.
    """
    found: list[tuple[str, bool]] = []
    names = [name for name in sorted(set(kept), key=lambda name: (-len(name), name)) if name[1:] in text]
    searches: list[Search] = [partial(_named, name) for name in names if name.strip()]
    searches += [_number, _negation]
    spans = [search(text, 0) for search in searches]
    at = 0
    while any(spans):
        start, rank = min((span[0], rank) for rank, span in enumerate(spans) if span)
        end = spans[rank][1]  # type: ignore[index]
        if start > at:
            found.append((text[at:start], True))
        found.append((text[start:end], False))
        at = end
        spans = [
            search(text, at) if span and span[0] < at else span for search, span in zip(searches, spans, strict=True)
        ]
    if at < len(text):
        found.append((text[at:], True))
    return tuple(found)


def on_words(text: Text, change: Callable[[str, int], str]) -> str:
    """The text with each open word, numbered from 0, replaced by what `change` makes of it."""
    parts, number = [], 0
    for piece, free in text.pieces():
        if not free:
            parts.append(piece)
            continue
        at = 0
        for match in _WORD.finditer(piece):
            parts.append(piece[at : match.start()])
            parts.append(change(match.group(), number))
            number += 1
            at = match.end()
        parts.append(piece[at:])
    return "".join(parts)


Span = tuple[int, int] | None
Search = Callable[[str, int], Span]
"""Where something stands in a text at or after a place."""


def _named(name: str, text: str, at: int) -> Span:
    """A name as whole words; its first letter may be a capital, as at the start of a sentence."""
    whole = name[0].isalnum()
    found: Span = None
    for form in dict.fromkeys((name[0].lower() + name[1:], name[0].upper() + name[1:])):
        start = text.find(form, at)
        while start >= 0 and whole and not _stands_alone(text, start, start + len(form)):
            start = text.find(form, start + 1)
        if start >= 0 and (found is None or start < found[0]):
            found = start, start + len(form)
    return found


def _stands_alone(text: str, start: int, end: int) -> bool:
    """Whether no letter, digit or underscore is beside a part of a text."""
    around = text[start - 1 : start] + text[end : end + 1]
    return not any(letter.isalnum() or letter == "_" for letter in around)


def _number(text: str, at: int) -> Span:
    match = NUMBER.search(text, at)
    return match.span() if match else None


def negates(text: str) -> bool:
    """Whether a text has a word that negates, such as never or isn't."""
    return _negation(text, 0) is not None


def _negation(text: str, at: int) -> Span:
    """A word that negates."""
    match = _NEGATION.search(text, at)
    if "'" in text or "’" in text:
        other = _CONTRACTED.search(text, at)
        if other and (match is None or other.start() < match.start()):
            match = other
    return match.span() if match else None


class Texts:
    """The texts of a world's memories and turns; what is kept in each is looked up once."""

    def __init__(self, world: World) -> None:
        self.world = world
        memories = world.memories
        names = dict(zip(world.entities["id"].tolist(), world.entities["name"].tolist(), strict=True))
        pairs = zip(memories["superseded_by"].tolist(), memories["value"].tolist(), strict=True)
        older = {newer: value for newer, value in pairs if newer}
        self._of_memory = {
            key: tuple(filter(None, (names.get(entity, ""), value, older.get(key, ""))))
            for key, entity, value in zip(*(memories[name].tolist() for name in ("id", "entity", "value")), strict=True)
        }
        left: dict[str, list[str]] = {}
        for key, origin in zip(memories["id"].tolist(), memories["origin"].tolist(), strict=True):
            if origin:
                left.setdefault(origin, []).append(key)
        self._left = left
        self._topic = {
            key: names.get(topic, "")
            for key, topic in zip(world.sessions["id"].tolist(), world.sessions["topic"].tolist(), strict=True)
        }

    @cached_property
    def memories(self) -> list[Text]:
        """The texts of the memories, in order."""
        memories = self.world.memories
        return [
            Text(text, "", self._of_memory[key])
            for key, text in zip(memories["id"].tolist(), memories["text"].tolist(), strict=True)
        ]

    @cached_property
    def turns(self) -> list[Text]:
        """The texts of the turns, in order: kept is what their session's turns speak of."""
        turns, kept = self.world.turns, self._told()
        columns = (turns[name].tolist() for name in ("session", "role", "text"))
        return [Text(text, role, kept[session]) for session, role, text in zip(*columns, strict=True)]

    def of(self, table: str) -> list[Text]:
        """Those of one table."""
        return self.memories if table == "memories" else self.turns

    def _told(self) -> dict[str, tuple[str, ...]]:
        """The names and values that each session's turns speak of."""
        told: dict[str, dict[str, None]] = {}
        turns = self.world.turns
        for session, cites in zip(turns["session"].tolist(), turns["cites"].tolist(), strict=True):
            names = told.setdefault(session, dict.fromkeys(filter(None, [self._topic.get(session, "")])))
            for cited in cites.split(" ") if cites else ():
                names.update(dict.fromkeys(self._of_memory.get(cited, ())))
        for session, names in told.items():
            for key in self._left.get(session, ()):
                names.update(dict.fromkeys(self._of_memory[key]))
        return {session: tuple(names) for session, names in told.items()}


texts_of = remembered(Texts)


def changed(
    world: World, key: int, share: float, change: Change, tables: Iterable[str] = ("memories", "turns"), roles: str = ""
) -> Delta:
    """The change of a share of a world's texts, each chosen and drawn by its record's id.

    `roles` limits turns to those of one role. A change to nothing, or to the same text, is none.
    """
    texts, upserts = texts_of(world), {}
    for name in tables:
        table = world.tables[name]
        keys = rng.keys(rng.key(key, name), table["id"].tolist())
        rows = np.flatnonzero(rng.bernoulli(keys, share, 0))
        if roles and name == "turns":
            rows = rows[table["role"][rows] == roles]
        new, kept = [], []
        states: list[int] = rng.bits(keys[rows], 1).tolist()
        of = texts.of(name)
        for row, state in zip(rows.tolist(), states, strict=True):
            before = of[row]
            after = change(before, state)
            if after.strip() and after != before.text:
                new.append(after)
                kept.append(row)
        if kept:
            upserts[name] = table.take(np.array(kept)).replace(text=_column(new))
    return Delta(upserts)


def _column(values: list[str]) -> npt.NDArray[np.object_]:
    column = np.empty(len(values), object)
    column[:] = values
    return column


def exchanged(text: str, table: Mapping[str, str]) -> str:
    """The text with whole phrases exchanged, the longest first, all at once, so that no phrase is met twice.

    A capital stays one where it is not the phrase's own, or where it begins a sentence.
    """
    names = sorted(filter(str.strip, table), key=lambda name: (-len(name), name))
    if not names:
        return text
    joined = "|".join(rf"(?<!\w){re.escape(n)}(?!\w)" if n[:1].isalnum() else re.escape(n) for n in names)
    folded = {name.casefold(): (name, other) for name, other in table.items()}

    def other(match: re.Match[str]) -> str:
        said = match.group()
        name, new = folded.get(said.casefold(), (said, said))
        raised = said[:1].isupper() and (name[:1].islower() or _begins(text, match.start()))
        return new[:1].upper() + new[1:] if raised else new

    return re.sub(joined, other, text, flags=re.IGNORECASE)


def _begins(text: str, at: int) -> bool:
    """Whether a word there is the first of a sentence."""
    near = max(0, at - _NEAR)
    return _BEGINS.search("x" * (near > 0) + text[near:at]) is not None


def open_words(text: Text) -> list[str]:
    """The words of a text that are open to change, in order."""
    return [word for piece, free in text.pieces() if free for word in _WORD.findall(piece)]
