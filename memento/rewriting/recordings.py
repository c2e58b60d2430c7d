"""Answers of language models, kept in the repository by the hash of what was asked.

They are git notes under ``refs/notes/answers``, named by the first 40 digits of SHA-256 over the canonical JSON of the
question: model, version of the prompt, messages, temperature, top_p, seed, max_tokens, stop. So they are reachable (gc
and fsck see them) and travel with the other notes by push, fetch and clone. The first answer stays; later runs read it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from memento.history import Repository
from memento.rewriting.endpoint import Completion

NAMESPACE = "answers"


def key_of(question: Mapping[str, Any]) -> str:
    """The name of a question: 40 hexadecimal digits."""
    text = json.dumps(question, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()[:40]


class Recordings:
    """The recorded answers of a repository; new ones are kept until `save`, which is one operation."""

    def __init__(self, repository: Repository) -> None:
        self._notes = repository.notes(NAMESPACE)
        self._known = self._notes.all()
        self._new: dict[str, str] = {}

    def __len__(self) -> int:
        return len(self._known.keys() | self._new.keys())

    def get(self, question: Mapping[str, Any]) -> Completion | None:
        """The answer to a question; None where none is recorded, or what is recorded cannot be read."""
        key = key_of(question)
        try:
            held = json.loads(self._new.get(key) or self._known.get(key) or "null")
            return Completion(str(held["text"]), str(held["finish"]), str(held["fingerprint"])) if held else None
        except (ValueError, LookupError, TypeError, RecursionError):
            return None

    def put(self, question: Mapping[str, Any], answer: Completion) -> None:
        """Keeps the first answer to a question."""
        key = key_of(question)
        if key not in self._known and key not in self._new:
            held = {"text": answer.text, "finish": answer.finish, "fingerprint": answer.fingerprint}
            self._new[key] = json.dumps(
                {**held, "model": question.get("model", "")}, sort_keys=True, ensure_ascii=False
            )

    def save(self) -> int:
        """Writes the new answers; returns how many there were."""
        count = len(self._new)
        if count:
            self._notes.write_many(self._new, f"record {count} answers")
            self._known, self._new = self._notes.all(), {}
        return count
