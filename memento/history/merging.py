"""The state of a merge that stopped at conflicts: one small file, written atomically."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from memento import codec
from memento.errors import CorruptRecord, NewerFormat
from memento.history.files import storing, write_atomic

_FORMAT = 1
_HINT = "end the merge with `memento merge --abort` and start it again"


@dataclass(frozen=True)
class MergeState:
    """A merge in progress: the branch that receives it, both commits and their bases by id, the
    message to commit with, and what the merge itself keeps (`resolutions`, `options`: plain maps)."""

    branch: str
    ours: str
    theirs: str
    bases: tuple[str, ...]
    message: str = ""
    resolutions: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)


def load(path: Path) -> MergeState | None:
    """The state in a file, None where there is none. Raises `CorruptRecord`, `NewerFormat`."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return None
    try:
        value = codec.decode(data, path=str(path))
        if value["format"] > _FORMAT:
            raise NewerFormat("the merge in progress was begun by a newer memento", _HINT)
        texts = [value[name] for name in ("branch", "ours", "theirs", "message")]
        if not all(isinstance(text, str) for text in (*texts, *value["bases"])):
            raise TypeError("a text is missing")
        state = MergeState(
            value["branch"], value["ours"], value["theirs"], tuple(value["bases"]),
            value["message"], value["resolutions"], value["options"],
        )  # fmt: skip
    except CorruptRecord as error:
        raise CorruptRecord(error.why, path=str(path), hint=_HINT) from None
    except (KeyError, TypeError) as error:
        raise CorruptRecord(f"not the state of a merge: {error}", path=str(path), hint=_HINT) from None
    return state


def save(path: Path, state: MergeState, durable: bool) -> None:
    """Writes the state, in place of an older one."""
    value = {
        "format": _FORMAT,
        "branch": state.branch,
        "ours": state.ours,
        "theirs": state.theirs,
        "bases": list(state.bases),
        "message": state.message,
        "resolutions": dict(state.resolutions),
        "options": dict(state.options),
    }
    with storing(path):
        write_atomic(str(path), codec.encode(value), durable)


def clear(path: Path) -> None:
    """Removes the state, if there is one."""
    with storing(path), suppress(FileNotFoundError):
        os.unlink(path)
