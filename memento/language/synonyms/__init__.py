"""Words that may stand for one another, in the form that a sentence needs.

A word is exchanged where it belongs to one set alone, so that what it means is not in doubt; what is put
in its place has the same form (plural, third person, past, -ing) and the same capitals. Expressions of
several words and abbreviations go first, the longest of them first.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Literal

from memento.language.synonyms import wordnet
from memento.language.synonyms.inflect import forms
from memento.language.synonyms.sets import SETS

Source = Literal["own", "wordnet", "both"]
SOURCES: tuple[str, ...] = ("own", "wordnet", "both")
Set = tuple[str, tuple[str, ...]]
"""A part of speech (n, v, a, or t for terms) and words that mean the same."""

Choose = Callable[[str, Sequence[str]], str]
"""Takes a word and what may stand for it, and gives one of these or the word."""

_KEPT = 1 << 16
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_PARTICLE = re.compile(r"(?: it| them)? (?:up|out|off|over|through|back|down|away|along|around)\b")
_VOWEL = re.compile(r"(?:[aeio]|u(?!ni|s[aeiu]|til))(?!ne\b|ne-|uro)|hour|honest|heir", re.IGNORECASE)


@lru_cache(1)
def own() -> tuple[Set, ...]:
    """The sets written for this project."""
    found = []
    for line in SETS.strip().splitlines():
        part, _, rest = line.partition(" ")
        words = [word.strip() for word in rest.split("|")] if part == "t" else rest.split()
        if part == "v":
            words = [word for word in words if "-" not in word]
        found.append((part, tuple(word.replace("-", " ") if part == "a" else word for word in words)))
    return tuple(found)


class Synonyms:
    """What some sets allow to exchange."""

    def __init__(self, sets: Iterable[Set]) -> None:
        owners: dict[str, dict[tuple[str, ...], None]] = {}
        for part, words in sets:
            columns = zip(*(forms(part, word) for word in words), strict=True)
            for column in columns:
                members = tuple(dict.fromkeys(column))
                for word in members if len(members) > 1 else ():
                    owners.setdefault(word if part == "t" and word != word.lower() else word.lower(), {})[members] = (
                        None
                    )
        self._alternatives = {
            word: tuple(other for other in next(iter(found)) if other.lower() != word.lower())
            for word, found in owners.items()
            if len(found) == 1
        }
        self._cut: dict[str, tuple[tuple[str, tuple[str, ...]], ...]] = {}
        several = [word for word in self._alternatives if not _WORD.fullmatch(word)]
        self._phrases = _pattern(several) if several else None

    def __len__(self) -> int:
        return len(self._alternatives)

    def of(self, word: str) -> tuple[str, ...]:
        """What may stand for a word or expression, in its form; nothing for one that is not known or in doubt."""
        return self._alternatives.get(word) or self._alternatives.get(word.lower(), ())

    def exchange(self, text: str, choose: Choose) -> str:
        """The text with words exchanged: `choose` takes a word and its alternatives and gives one, or the word."""
        parts, moved = [], False
        for piece, others in self._pieces(text):
            taken = choose(piece, others) if others else piece
            if taken != piece:
                moved = True
                if piece[:1].isupper() and taken[:1].islower() and not (len(piece) > 1 and piece.isupper()):
                    taken = taken[:1].upper() + taken[1:]
            parts.append(taken)
        return with_articles(text, "".join(parts)) if moved else text

    def _pieces(self, text: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """A text cut into words that have alternatives, with them, and what is between; kept, for texts come again."""
        found = self._cut.get(text)
        if found is None:
            if len(self._cut) >= _KEPT:
                self._cut.clear()
            found = self._cut[text] = tuple(self._cut_up(text))
        return found

    def _cut_up(self, text: str) -> Iterator[tuple[str, tuple[str, ...]]]:
        phrases = list(self._phrases.finditer(text)) if self._phrases is not None else []
        at = 0
        for phrase in [*phrases, None]:
            end = phrase.start() if phrase else len(text)
            for match in _WORD.finditer(text, at, end):
                others = self._others(match)
                if others:
                    if match.start() > at:
                        yield text[at : match.start()], ()
                    yield match.group(), others
                    at = match.end()
            if end > at:
                yield text[at:end], ()
            if phrase:
                yield phrase.group(), self._others(phrase)
                at = phrase.end()

    def _others(self, match: re.Match[str]) -> tuple[str, ...]:
        """What may stand for a word where it is: nothing for a verb with its particle, which means something else."""
        return () if _PARTICLE.match(match.string, match.end()) else self.of(match.group())


def with_articles(before: str, after: str) -> str:
    """A text whose articles fit the words that came behind them; those of unchanged words stay as they were."""
    kept = set(re.findall(r"\b(?:a|an) [^\W\d_]+", before, re.IGNORECASE))

    def fit(match: re.Match[str]) -> str:
        article, word = match.group(1), match.group(2)
        if match.group() in kept:
            return match.group()
        wanted = "an" if _VOWEL.match(word) else "a"
        return f"{wanted.capitalize() if article[0].isupper() else wanted} {word}"

    return re.sub(r"\b(an?) ([^\W\d_]+)", fit, after, flags=re.IGNORECASE)


@lru_cache(4)
def synonyms(source: str = "own") -> Synonyms:
    """The synonyms of a source: the own sets, WordNet's (Debian's ``wordnet-base``), or both.

    Raises `UsageError` where WordNet is asked for and not installed.
    """
    sets: list[Set] = []
    if source in ("own", "both"):
        sets += own()
    if source in ("wordnet", "both"):
        sets += wordnet.read()
    return Synonyms(sets)


def _pattern(phrases: Sequence[str]) -> re.Pattern[str]:
    ordered = sorted(phrases, key=lambda phrase: (-len(phrase), phrase))
    return re.compile(r"(?<!\w)(?:" + "|".join(f"(?i:{re.escape(p)})" for p in ordered) + r")(?!\w)")
