"""Answers remembered by what they answered, and offered again (git's rerere).

One small file each in ``memento/remembered``, named by the normalised conflict or violation. They lie
beside the history and not in it: an answer belongs to the place where it was given, outlives the undo
of its merge, and comes with no clone, where it would decide for people who never saw the question.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from memento import codec
from memento.errors import CorruptRecord, NotFound, UsageError
from memento.history.files import make_folders, remove_temporary, storing, write_atomic

if TYPE_CHECKING:
    from memento.changes.conflict import Conflict, Resolution, Violation

    Item = Conflict | Violation

_NAME = re.compile(r"n[0-9a-f]{10}")
_FORMAT = 1


@dataclass(frozen=True)
class Answer:
    """A remembered answer: the conflict or violation that it was given to, without the order of its
    sides, what was chosen (a plain value; the operations of a fix, or None for accepted), and during what."""

    id: str
    place: str
    question: Mapping[str, Any]
    value: Any
    words: str
    given: str

    def to_map(self) -> dict[str, Any]:
        """The JSON form."""
        names = ("id", "place", "question", "value", "words", "given")
        return {name: getattr(self, name) for name in names}

    def resolution(self, item: Item) -> Resolution:
        """The answer as a resolution of `item`, which must be what it was given to."""
        from memento.changes.conflict import Conflict, Resolution

        if not isinstance(item, Conflict):
            return Resolution(item.id, "accept") if self.value is None else Resolution(item.id, "fix", self.value)
        sides: dict[str, Any] = {"ours": item.ours, "theirs": item.theirs}
        sides |= {"base": item.base} if item.base_known else {}
        wanted = codec.encode(self.value)
        side = next((name for name, value in sides.items() if codec.encode(value) == wanted), "value")
        return item.resolution(side, self.value if side == "value" else None)


class Remembered:
    """The remembered answers of one repository; `folder` need not be there."""

    def __init__(self, folder: Path, durable: bool = True) -> None:
        self.folder = folder
        self.durable = durable

    def answer(self, item: Item) -> Answer | None:
        """What was answered to exactly this before; a file that cannot be read says nothing."""
        try:
            found = self._read(item.reuse_id)
        except (FileNotFoundError, CorruptRecord):
            return None
        same = codec.encode(dict(found.question)) == codec.encode(item.normalised())
        return found if same else None

    def all(self) -> list[Answer]:
        """Every remembered answer, by place. Raises `CorruptRecord`."""
        return sorted((self._read(name) for name in self._names()), key=lambda answer: (answer.place, answer.id))

    def learn(self, answered: Iterable[tuple[Item, Resolution]], given: str) -> None:
        """Remembers answers, in place of earlier ones to the same; call it under the repository's lock."""
        fresh = []
        for item, resolution in answered:
            made = _answer(item, resolution, given)
            known = self.answer(item)
            if known is None or codec.encode(known.value) != codec.encode(made.value):
                fresh.append(made)
        if not fresh:
            return
        with storing(self.folder):
            make_folders(str(self.folder), self.durable)
            remove_temporary(str(self.folder))
            for made in fresh:
                content = codec.encode({"format": _FORMAT, **made.to_map()})
                write_atomic(str(self.folder / made.id), content, self.durable)

    def forget(self, names: Iterable[str]) -> list[str]:
        """Forgets answers by id, or the beginning of one; returns their ids. Raises `NotFound`."""
        known = self._names()
        gone: list[str] = []
        for name in names:
            fitting = [other for other in known if other.startswith(name)] if name else []
            if not fitting:
                raise NotFound("remembered answer", name, known, "`memento rerere` lists them")
            if len(fitting) > 1:
                raise UsageError(f"{name!r} begins {len(fitting)} ids", f"they are {', '.join(fitting[:5])}")
            gone += fitting
        with storing(self.folder):
            for name in dict.fromkeys(gone):
                os.unlink(self.folder / name)
        return list(dict.fromkeys(gone))

    def clear(self) -> list[str]:
        """Forgets all answers, those that cannot be read too; returns their ids."""
        return self.forget(self._names())

    def _names(self) -> list[str]:
        try:
            return sorted(name for name in os.listdir(self.folder) if _NAME.fullmatch(name))
        except FileNotFoundError:
            return []

    def _read(self, name: str) -> Answer:
        path = self.folder / name
        hint = f"`memento rerere --forget {name}` forgets it"
        try:
            value = codec.decode(path.read_bytes(), path=str(path))
            if value["format"] != _FORMAT:
                raise ValueError("of another format")
            texts = [value["place"], value["words"], value["given"]]
            if not isinstance(value["question"], dict) or not all(isinstance(text, str) for text in texts):
                raise TypeError("a part is missing")
            return Answer(name, value["place"], value["question"], value["value"], value["words"], value["given"])
        except CorruptRecord as error:
            raise CorruptRecord(error.why, path=str(path), hint=hint) from None
        except (KeyError, TypeError, ValueError) as error:
            raise CorruptRecord(f"not a remembered answer: {error}", path=str(path), hint=hint) from None


def _answer(item: Item, resolution: Resolution, given: str) -> Answer:
    from memento.changes.conflict import Conflict

    if isinstance(item, Conflict):
        value = item.value_of(resolution)
        words = item.show(value) if item.field else "deleted" if value is None else "kept"
    else:
        value = resolution.value if resolution.choice == "fix" else None
        words = next((fix.words for fix in item.fixes if list(fix.operations) == value), "accepted as it is")
    return Answer(item.reuse_id, item.place, item.normalised(), value, words, given)
