"""Answers that took long to find, kept in a folder of small files; each is named by its question.

An answer depends on nothing but its question, which names trees, settings and the version of
memento, so it is never out of date. One that cannot be read, or kept, is asked for again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from memento import __version__
from memento.history.files import write_atomic


class Answers:
    """The answers of one kind, in a folder of the repository's cache."""

    def __init__(self, repository: Path, kind: str) -> None:
        self.folder = repository / "cache" / kind
        self._known: dict[str, Any] = {}

    def get(self, question: Mapping[str, Any]) -> Any:
        """The answer (plain values), None where there is none."""
        name, text = self._name(question)
        if name not in self._known:
            try:
                kept = json.loads((self.folder / name).read_text("utf-8"))
                self._known[name] = kept["answer"] if kept["question"] == text else None
            except (OSError, ValueError, LookupError, TypeError, RecursionError):
                self._known[name] = None
        return self._known[name]

    def put(self, question: Mapping[str, Any], answer: Any) -> None:
        """Keeps an answer; where the folder cannot be written, for this process alone."""
        name, text = self._name(question)
        self._known[name] = answer
        content = json.dumps({"question": text, "answer": answer}, sort_keys=True, allow_nan=False)
        with suppress(OSError):
            self.folder.mkdir(parents=True, exist_ok=True)
            write_atomic(str(self.folder / name), content.encode(), False)

    def _name(self, question: Mapping[str, Any]) -> tuple[str, str]:
        text = json.dumps({**question, "memento": __version__}, sort_keys=True, allow_nan=False)
        return f"{hashlib.sha256(text.encode()).hexdigest()}.json", text
