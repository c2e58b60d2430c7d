"""A grammar that writes memories and turns from structured facts.

Every text it can write has an index: `count` says how many there are for a fact, `unrank` gives the
one at an index, and a 64-bit key picks one: a memory's by ``key % count``, each turn of a session's
by a key of its own. The same key and facts give the same words on every machine. Entity names and
values go in unchanged, so meaning stays readable.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from memento import rng
from memento.errors import UsageError
from memento.language import phrasing
from memento.language.choices import Choices, Slots, product
from memento.language.lexicon import Domain, domain

KINDS = ("attribute", "constraint", "episode")
OUTCOMES = ("solved", "partial", "unsolved")


class Fact(NamedTuple):
    """A memory as a session's turns see it: its id, and entity, aspect and value in words."""

    memory_id: str
    entity_name: str
    aspect_name: str
    value: str


class Turn(NamedTuple):
    """One utterance: ``user`` or ``assistant``, the words, and the ids of memories it relies on."""

    role: str
    text: str
    cites: tuple[str, ...]


class _Line(NamedTuple):
    """A turn before its words are picked; `about` says what for, once for each role."""

    about: str
    role: str
    patterns: Choices
    words: dict[str, str]
    cites: tuple[str, ...]


class Spoken(NamedTuple):
    """A sentence as one of many: the ways to say it, the index of the one taken, its words, and what kind of turn
    it is (see `Grammar.turn_of`; 0 for a memory)."""

    patterns: Choices
    place: int
    words: dict[str, str]
    line: int = 0

    def said(self, index: int) -> str:
        """The same thing said in the way at `index`."""
        return _fill(_split(self.patterns[index]), self.words)


class Grammar:
    """The grammar of one domain, by name or as a `Domain`.

    An aspect that the domain does not know is worded in a general way, so that any fact of any
    world can be said.
    """

    def __init__(self, vocabulary: Domain | str) -> None:
        self.domain = domain(vocabulary) if isinstance(vocabulary, str) else vocabulary
        self._patterns: dict[tuple[str, str], Choices] = {}
        self._parts: dict[tuple[str, str, int], tuple[str, ...]] = {}
        self._stated: dict[tuple[tuple[str, ...], str], Choices] = {}
        self._openings = Choices(*((ask, self.domain.goals, end) for ask, end in phrasing.REQUESTS))

    def patterns(self, aspect_name: str, kind: str) -> Choices:
        """All ways to say a fact of `aspect_name` as a memory of `kind`, with {e}, {v}, {o} open.

        `kind` is attribute, constraint, episode, or ``superseding`` for an attribute that names
        the old value {o}. Raises `UsageError` for another kind.
        """
        found = self._patterns.get((aspect_name, kind))
        if found is None:
            if kind not in phrasing.FRAMES:
                raise UsageError(f"no way to word a memory of kind {kind!r}", f"kinds: {', '.join(phrasing.FRAMES)}")
            clauses = self.clauses(aspect_name)
            found = Choices(*((opening, clauses, closing) for opening, closing in phrasing.FRAMES[kind]))
            self._patterns[(aspect_name, kind)] = found
        return found

    def clauses(self, aspect_name: str) -> tuple[str, ...]:
        """The clauses, without capital or full stop, that state a fact of `aspect_name`."""
        known = self.domain.aspects_by_name.get(aspect_name)
        general: tuple[str, ...] = phrasing.GENERAL
        if known is not None:
            usual = phrasing.GENERAL[0] if known.single_valued else phrasing.MANY
            general = (*self.domain.phrases[aspect_name], usual)
        return tuple(dict.fromkeys(clause.replace("{a}", aspect_name or "note") for clause in general))

    def count(self, aspect_name: str, kind: str = "attribute") -> int:
        """How many sentences there are for a fact of `aspect_name` as a memory of `kind`."""
        return len(self.patterns(aspect_name, kind))

    def unrank(
        self, index: int, entity_name: str, aspect_name: str, value: str, kind: str = "attribute", old_value: str = ""
    ) -> str:
        """The sentence at `index`, 0 <= index < count; raises `IndexError` outside."""
        place = (aspect_name, kind, index)
        parts = self._parts.get(place)
        if parts is None:
            parts = self._parts[place] = _split(self.patterns(aspect_name, kind)[index])
        return _fill(parts, {"{e}": entity_name, "{v}": value, "{o}": old_value})

    def rank(
        self, text: str, entity_name: str, aspect_name: str, value: str, kind: str = "attribute", old_value: str = ""
    ) -> int | None:
        """The first index of a sentence for a fact: the inverse of `unrank`; None for a text that is not one."""
        return place_of(self.patterns(aspect_name, kind), text, {"{e}": entity_name, "{v}": value, "{o}": old_value})

    def memory(self, key: int, entity_name: str, aspect_name: str, value: str, kind: str = "attribute") -> str:
        """The sentence that `key` picks for a fact as a memory of `kind`."""
        return self.unrank(int(key) % self.count(aspect_name, kind), entity_name, aspect_name, value, kind)

    def superseding(self, key: int, entity_name: str, aspect_name: str, value: str, old_value: str) -> str:
        """The sentence that `key` picks for a fact that replaces `old_value`."""
        index = int(key) % self.count(aspect_name, "superseding")
        return self.unrank(index, entity_name, aspect_name, value, "superseding", old_value)

    def memories(
        self,
        keys: Iterable[int],
        entity_names: Iterable[str],
        aspect_names: Iterable[str],
        values: Iterable[str],
        kinds: Iterable[str],
    ) -> list[str]:
        """`memory` for each of N facts."""
        rows = zip(keys, entity_names, aspect_names, values, kinds, strict=True)
        return [self.memory(key, entity, aspect, value, kind) for key, entity, aspect, value, kind in rows]

    def turns(
        self,
        key: int,
        topic_name: str,
        facts: Sequence[tuple[str, str, str, str]],
        outcome: str = "solved",
        learned: Sequence[tuple[str, str, str, str]] = (),
    ) -> list[Turn]:
        """The turns of a session that `key` picks.

        A user asks about `topic_name`; an assistant answers from `facts`, (memory id, entity name,
        aspect name, value) each, citing them, and answers what the user asks next; then the user
        tells what is `learned` for the first time; the end follows from `outcome`, one of
        `OUTCOMES`. Each turn is picked by itself, for the memory that it is about, so other facts or
        another outcome leave its words as they are. Raises `UsageError` for another outcome.
        """
        lines = self._lines(topic_name, [Fact(*fact) for fact in facts], outcome, [Fact(*fact) for fact in learned])
        return [_said(line, rng.key(int(key), line.about, line.role) % len(line.patterns)) for line in lines]

    def count_turns(
        self,
        topic_name: str,
        facts: Sequence[tuple[str, str, str, str]],
        outcome: str = "solved",
        learned: Sequence[tuple[str, str, str, str]] = (),
    ) -> int:
        """How many conversations `turns` can give for these facts."""
        return _count(self._lines(topic_name, [Fact(*f) for f in facts], outcome, [Fact(*f) for f in learned]))

    def unrank_turns(
        self,
        index: int,
        topic_name: str,
        facts: Sequence[tuple[str, str, str, str]],
        outcome: str = "solved",
        learned: Sequence[tuple[str, str, str, str]] = (),
    ) -> list[Turn]:
        """The conversation at `index`, 0 <= index < count_turns; raises `IndexError` outside."""
        lines = self._lines(topic_name, [Fact(*fact) for fact in facts], outcome, [Fact(*fact) for fact in learned])
        if not 0 <= index < _count(lines):
            raise IndexError(f"conversation {index} of {_count(lines)}")
        return self._say(lines, index)

    def _lines(self, topic: str, facts: list[Fact], outcome: str, learned: list[Fact]) -> list[_Line]:
        if outcome not in OUTCOMES:
            raise UsageError(f"no session outcome {outcome!r}", f"outcomes: {', '.join(OUTCOMES)}")
        words = {"{t}": topic}
        lines = [_Line("opening", "user", self._openings, words, ())]
        if not facts:
            lines.append(_Line("opening", "assistant", phrasing.NOTHING_KNOWN, words, ()))
        for number, fact in enumerate(facts):
            lines += self._known(fact, number)
        for fact in learned:
            lines += self._learned(fact)
        return lines + _end(outcome, words)

    def _known(self, fact: Fact, number: int) -> list[_Line]:
        """What is said of a fact that is known, the `number`-th of its session."""
        about, words = f"known {fact.memory_id}", _words(fact)
        frame = phrasing.ANSWERS if number else phrasing.FIRST_ANSWERS
        answers = self._framed(frame, fact.aspect_name, phrasing.ANSWER_ENDS)
        answer = _Line(about, "assistant", answers, words, (fact.memory_id,))
        return [_Line(about, "user", phrasing.FOLLOW_UPS, words, ()), answer] if number else [answer]

    def _learned(self, fact: Fact) -> list[_Line]:
        """What is said of a fact that is told for the first time."""
        about, words = f"learned {fact.memory_id}", _words(fact)
        telling = self._framed(phrasing.TELLING, fact.aspect_name, (".",))
        return [_Line(about, "user", telling, words, ()), _Line(about, "assistant", phrasing.NOTED, words, ())]

    def _framed(self, frame: tuple[str, ...], aspect_name: str, ends: tuple[str, ...]) -> Choices:
        """The ways to state a fact of an aspect in a frame; kept."""
        found = self._stated.get((frame, aspect_name))
        if found is None:
            found = self._stated[(frame, aspect_name)] = product(frame, self.clauses(aspect_name), ends)
        return found

    def rank_turn(
        self, role: str, text: str, topic_name: str, facts: Sequence[tuple[str, str, str, str]]
    ) -> Spoken | None:
        """What a turn of a session about `topic_name` is an instance of, given the facts that it may speak of.

        None for a text that this grammar does not write.
        """
        for number, line in enumerate(_every_line(self, topic_name, tuple(facts))):
            if line.role == role:
                place = place_of(line.patterns, text, line.words)
                if place is not None:
                    return Spoken(line.patterns, place, line.words, number)
        return None

    def turn_of(self, line: int, place: int, topic_name: str, facts: Sequence[tuple[str, str, str, str]]) -> str:
        """The turn of a kind that `rank_turn` told (`Spoken.line`) for other words, at an index modulo their count.

        So a conversation is said again in another domain: the topic and facts are that domain's, in the same order.
        """
        said = _every_line(self, topic_name, tuple(facts))[line]
        return _said(said, place % len(said.patterns)).text

    def _say(self, lines: list[_Line], index: int) -> list[Turn]:
        turns = []
        for line in reversed(lines):
            index, place = divmod(index, len(line.patterns))
            turns.append(_said(line, place))
        turns.reverse()
        return turns


@lru_cache(1 << 12)
def _every_line(grammar: Grammar, topic_name: str, facts: tuple[tuple[str, str, str, str], ...]) -> tuple[_Line, ...]:
    """All kinds of turns that a session may have, in an order that the number of its facts alone decides; kept, since
    the turns of a session are looked up one after the other."""
    words = {"{t}": topic_name}
    lines = grammar._lines(topic_name, [], OUTCOMES[0], [])
    lines += [line for outcome in OUTCOMES[1:] for line in _end(outcome, words)]
    for fact in (Fact(*fact) for fact in facts):  # any of them may come first, or be asked after
        lines += [*grammar._known(fact, 0), *grammar._known(fact, 1), *grammar._learned(fact)]
    return tuple(lines)


def place_of(patterns: Choices, text: str, words: dict[str, str]) -> int | None:
    """The index of the pattern that gives a text when its marks are filled with `words`; None where none does."""
    written = dict.fromkeys((text, text[:1].lower() + text[1:]))
    passed = 0
    for slots, count in zip(patterns.products, patterns.counts, strict=True):
        for form in written:
            places = _match(slots, words, form, 0, 0)
            if places is not None:
                index = 0
                for slot, place in zip(slots, places, strict=True):
                    index = index * len(slot) + place
                if _fill(_split(patterns[passed + index]), words) == text:
                    return passed + index
        passed += count
    return None


def _match(slots: Slots, words: dict[str, str], text: str, slot: int, at: int) -> list[int] | None:
    """The places of the options, one a slot, that make up the text from `at` on."""
    if slot == len(slots):
        return [] if at == len(text) else None
    options, openings = _options(slots[slot])
    if not text.startswith(openings, at):
        return None
    for place, option in enumerate(options):
        end = _end_of(option, words, text, at)
        if end >= 0:
            rest = _match(slots, words, text, slot + 1, end)
            if rest is not None:
                return [place, *rest]
    return None


@lru_cache(1 << 12)
def _options(slot: Sequence[str]) -> tuple[tuple[tuple[str, ...], ...], tuple[str, ...]]:
    """The options of a slot, each cut at its marks, and what they begin with before a mark."""
    options = tuple(map(_split, slot))
    return options, tuple({"" if not parts or parts[0][:1] == "{" else parts[0]: None for parts in options})


def _end_of(parts: tuple[str, ...], words: dict[str, str], text: str, at: int) -> int:
    """Where an option ends that the text goes on with at `at`; -1 where it goes on otherwise."""
    for part in parts:
        said = words.get(part, part)
        if not text.startswith(said, at):
            return -1
        at += len(said)
    return at


def _end(outcome: str, words: dict[str, str]) -> list[_Line]:
    """How a session ends."""
    farewell = _Line("end", "assistant", phrasing.FAREWELLS[outcome], words, ())
    return [_Line("end", "user", phrasing.CLOSINGS[outcome], words, ()), farewell]


def outcome_of(score: float | None) -> str:
    """The outcome in words of a session's score in [0, 1]; without a score it counts as partial."""
    if score is None or score != score:
        return "partial"
    return "solved" if score >= 0.6 else "partial" if score >= 0.3 else "unsolved"


def _said(line: _Line, place: int) -> Turn:
    return Turn(line.role, _fill(_split(line.patterns[place]), line.words), line.cites)


def _count(lines: list[_Line]) -> int:
    count = 1
    for line in lines:
        count *= len(line.patterns)
    return count


def _words(fact: Fact) -> dict[str, str]:
    return {"{e}": fact.entity_name, "{a}": fact.aspect_name or "note", "{v}": fact.value}


@lru_cache(maxsize=1 << 16)
def _split(pattern: str) -> tuple[str, ...]:
    """`pattern` cut at its marks; marks stand alone."""
    parts: list[str] = []
    for piece in pattern.split("{"):
        if not parts:
            parts.append(piece)
            continue
        mark, _, rest = piece.partition("}")
        parts += ["{" + mark + "}", rest]
    return tuple(part for part in parts if part)


def _fill(parts: tuple[str, ...], words: dict[str, str]) -> str:
    text = "".join([words.get(part, part) for part in parts])
    if text[:1].islower() and text.split(" ", 1)[0].rstrip(",:").isalpha():
        return text[0].upper() + text[1:]
    return text
