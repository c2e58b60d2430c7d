"""Counting what was odd in a file, and making outside ids and texts fit a world."""

from __future__ import annotations

import re
from collections.abc import Sequence

from memento.errors import InvalidFile
from memento.world.keys import hash64
from memento.world.records import ID, MAX_ID, MAX_TEXT

_SHOWN = 3
_FAULTS = 50
_UNFIT = re.compile(r"[\s@/\x00-\x1f\x7f\ud800-\udfff]")
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class Notes:
    """Counts of oddities by what they are, each with its first examples, in order of appearance."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self._examples: dict[str, list[str]] = {}

    def add(self, what: str, example: object = "", count: int = 1) -> None:
        """Counts `count` more of `what`."""
        if not count:
            return
        self._counts[what] = self._counts.get(what, 0) + count
        examples = self._examples.setdefault(what, [])
        shown = str(example)[:80].encode(errors="replace").decode()
        if shown and len(examples) < _SHOWN and shown not in examples:
            examples.append(shown)

    def count(self, what: str) -> int:
        """How many of `what` there were."""
        return self._counts.get(what, 0)

    def lines(self) -> list[str]:
        """One line for each: ``evidence ids repaired: 3 (such as D8:6; D9:17)``."""
        lines = []
        for what, count in self._counts.items():
            examples = self._examples[what]
            lines.append(f"{what}: {count}" + (f" (such as {' · '.join(examples)})" if examples else ""))
        return lines


class Names:
    """Outside ids as record ids: unchanged where they fit, else with what does not fit as ``%20``.

    The same outside id always gives the same record id, and two never give one. Ids are at most
    `longest` characters, to leave room where they become part of others.
    """

    def __init__(self, notes: Notes, what: str, longest: int = MAX_ID) -> None:
        self.notes = notes
        self.what = what
        self.longest = longest
        self.of: dict[str, str] = {}
        self._taken: set[str] = set()

    def id(self, text: str) -> str:
        """The record id for `text`."""
        known = self.of.get(text)
        if known is not None:
            return known
        fitted = record_id(text, self.longest)
        if fitted != text:
            self.notes.add(f"{self.what} ids changed to fit", text)
        if fitted in self._taken:
            fitted = _numbered(fitted, text, self.longest)
        self._taken.add(fitted)
        self.of[text] = fitted
        return fitted


def record_id(text: str, longest: int = MAX_ID) -> str:
    """An outside id as a record id of at most `longest` characters, as `Names` gives it unless another has it."""
    if ID.fullmatch(text) and not _UNFIT.search(text) and len(text) <= longest:
        return text
    fitted = _UNFIT.sub(_escaped, text) or "%"
    return fitted if len(fitted) <= longest else _numbered(fitted, text, longest)


def fit_text(text: str, notes: Notes, what: str) -> str:
    """`text` as a world can hold it: without NUL and lone surrogates, at most `MAX_TEXT` long."""
    if _UNSTORABLE.search(text):
        notes.add(f"{what} with characters that were replaced", text[:40])
        text = _UNSTORABLE.sub("\ufffd", text)
    if len(text) > MAX_TEXT:
        notes.add(f"{what} cut to {MAX_TEXT} characters", text[:40])
        text = text[:MAX_TEXT]
    return text


def refuse(where: str, faults: Sequence[str], hint: str) -> None:
    """Raises `InvalidFile` if there are faults; of very many the first are listed and the rest counted."""
    if faults:
        listed = list(faults[:_FAULTS])
        if len(faults) > _FAULTS:
            listed.append(f"and {len(faults) - _FAULTS} more of the same file")
        raise InvalidFile(where, listed, hint)


def _numbered(fitted: str, text: str, longest: int) -> str:
    return f"{fitted[: longest - 17]}~{hash64(_storable(text)):016x}"


def _escaped(match: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in match.group().encode("utf-8", "surrogatepass"))


def _storable(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()
