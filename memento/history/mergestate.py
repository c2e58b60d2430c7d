"""The state of a merge, pick, revert, rebase or squash that stopped: one small file, written atomically."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

from memento import codec
from memento.errors import CorruptRecord, NewerFormat
from memento.history.files import storing, write_atomic

Verb = Literal["merge", "squash", "cherry-pick", "revert", "rebase"]
Answers = Mapping[int, Mapping[str, Any]]
"""By the place of a step in the list, plain resolutions by the id that they answer."""

_FORMAT = 2
_HINT = "end it with `memento merge --abort` and start it again"


@dataclass(frozen=True)
class MergeState:
    """What a verb that merges has to do, and what was answered on the way.

    `before` is the tip of `branch` when it began, `onto` the commit that it builds on (`before` but
    for a rebase), `todo` the commits whose changes it brings, in order. `at` counts the steps that
    are behind; those in `skipped` are left out. `landing` is the commit that the branch was about
    to move to, or empty. `options` are plain: words, message, policy and the like.

    Nothing else is kept: the steps that are behind are worked out again from commits and answers.
    """

    verb: Verb
    branch: str
    before: str
    onto: str
    todo: tuple[str, ...]
    at: int = 0
    answers: Answers = field(default_factory=dict)
    skipped: tuple[int, ...] = ()
    landing: str = ""
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
            raise NewerFormat("what is in progress was begun by a newer memento", _HINT)
        return _first_format(value) if value["format"] == 1 else _state(value)
    except CorruptRecord as error:
        raise CorruptRecord(error.why, path=str(path), hint=_HINT) from None
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise CorruptRecord(f"not the state of a merge: {error}", path=str(path), hint=_HINT) from None


def save(path: Path, state: MergeState, durable: bool) -> None:
    """Writes the state, in place of an older one."""
    value = {
        "format": _FORMAT,
        "verb": state.verb,
        "branch": state.branch,
        "before": state.before,
        "onto": state.onto,
        "todo": list(state.todo),
        "at": state.at,
        "answers": {str(step): dict(answers) for step, answers in state.answers.items()},
        "skipped": list(state.skipped),
        "landing": state.landing,
        "options": dict(state.options),
    }
    with storing(path):
        write_atomic(str(path), codec.encode(value), durable)


def clear(path: Path) -> None:
    """Removes the state, if there is one."""
    with storing(path), suppress(FileNotFoundError):
        os.unlink(path)


def _state(value: Mapping[str, Any]) -> MergeState:
    texts = [value[name] for name in ("branch", "before", "onto", "landing")]
    if value["verb"] not in get_args(Verb) or not all(isinstance(text, str) for text in (*texts, *value["todo"])):
        raise TypeError("a text is missing")
    if not all(isinstance(number, int) for number in (value["at"], *value["skipped"])):
        raise TypeError("a number is missing")
    answers = {int(step): dict(given) for step, given in value["answers"].items()}
    return MergeState(
        value["verb"], value["branch"], value["before"], value["onto"], tuple(value["todo"]), value["at"],
        answers, tuple(value["skipped"]), value["landing"], dict(value["options"]),
    )  # fmt: skip


def _first_format(value: Mapping[str, Any]) -> MergeState:
    """A merge as the first format had it: one other side, its answers, its message beside the options."""
    ours, theirs, message = value["ours"], value["theirs"], value["message"]
    options = {"message": message, **value["options"]}
    other = options.pop("other", "") or theirs[:10]
    if not all(isinstance(text, str) for text in (value["branch"], ours, theirs, message, other)):
        raise TypeError("a text is missing")
    return MergeState(
        "merge", value["branch"], ours, ours, (theirs,), 0, {0: dict(value["resolutions"])}, (), "",
        options | {"names": [other]},
    )  # fmt: skip
