"""Answers of language models, kept in the repository by the hash of what was asked.

They are git notes under ``refs/notes/answers``, named by the first 40 digits of SHA-256 over the canonical JSON of the
question: model, version of the prompt, messages, temperature, top_p, seed, max_tokens, stop. So they are reachable (gc
and fsck see them) and travel with the other notes by push, fetch and clone. The first answer stays; later runs read it.
Where two clones asked the same, both answers stand in the note, and its first line is the answer in both.
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
        self._repository = repository
        self._notes = repository.notes(NAMESPACE)
        self._known = self._notes.all()
        self._new: dict[str, str] = {}

    def __len__(self) -> int:
        return len(self._known.keys() | self._new.keys())

    def get(self, question: Mapping[str, Any]) -> Completion | None:
        """The answer to a question; None where none is recorded, or what is recorded cannot be read."""
        key = key_of(question)
        lines = f"{self._known.get(key, '')}\n{self._new.get(key, '')}".splitlines()
        return next((answer for line in lines if (answer := _read(line)) is not None), None)

    def put(self, question: Mapping[str, Any], answer: Completion) -> None:
        """Keeps the first answer to a question."""
        key = key_of(question)
        if self.get(question) is None:
            held = {"text": answer.text, "finish": answer.finish, "fingerprint": answer.fingerprint}
            self._new[key] = json.dumps(
                {**held, "model": question.get("model", "")}, sort_keys=True, ensure_ascii=False
            )

    def save(self) -> int:
        """Writes the new answers, less those that another process recorded meanwhile; returns how many they are."""
        if not self._new:
            return 0
        with self._repository.exclusive():
            known = self._notes.all()
            new = {key: text for key, text in self._new.items() if known.get(key, "") == self._known.get(key, "")}
            if new:
                self._notes.write_many(new, f"record {len(new)} answers")
            self._known, self._new = self._notes.all(), {}
        return len(new)


def _read(line: str) -> Completion | None:
    """The answer that a line of a note holds; None where it holds none."""
    try:
        held = json.loads(line)
        found = [held[name] for name in ("text", "finish", "fingerprint")]
        "".join(found).encode()
        return Completion(*found)
    except (ValueError, LookupError, TypeError, RecursionError):
        return None
