"""Conversations for fine-tuning, one JSON object a line: ``messages`` as chat models take them.

The layout is that of OpenAI's and Hugging Face's conversational datasets: roles ``system``, ``user`` and
``assistant``. The memories that a session used stand in the system message and, by id, under ``memories``. The main
line of a session is written: at every fork the preferred alternative.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from memento.world.threads import Threads
from memento.world.values import format_time
from memento.world.world import World

ROLES = ("system", "user", "assistant")
_HEAD = "What you remember:"


def write(world: World) -> Iterator[str]:
    """One line for each session that has turns, in order of time, without its newline."""
    for session, threads in conversations(world):
        used = memories_of(world, session, threads)
        said = messages(threads, threads.main_line())
        if not said:
            continue
        texts = [world.memories["text"][row] for row in used]
        lead = [{"role": "system", "content": "\n".join([_HEAD, *(f"- {text}" for text in texts)])}] if used else []
        row = world.sessions.row_of[session]
        yield line({
            "messages": [*lead, *said],
            "session": session,
            "time": format_time(int(world.sessions["started_at"][row])),
            "memories": [{"id": world.memories["id"][at], "text": world.memories["text"][at]} for at in used],
        })  # fmt: skip


def conversations(world: World) -> Iterator[tuple[str, Threads]]:
    """The sessions that have turns, in order of time, with their threads."""
    column = world.turns["session"].tolist()
    rows: dict[str, list[int]] = {}
    for row, session in enumerate(column):
        rows.setdefault(session, []).append(row)
    for session in world.sessions["id"].tolist():
        if session in rows:
            yield session, Threads(world.turns.take(rows[session]))


def messages(threads: Threads, keys: Sequence[str]) -> list[dict[str, str]]:
    """Turns as chat messages; a speaker with another name is the user, and who answers them the assistant."""
    found: list[dict[str, str]] = []
    names: dict[str, str] = {}
    for key in keys:
        row = threads.turns.row_of[key]
        role = threads.turns["role"][row]
        if role not in ROLES:
            role = names.setdefault(role, "user" if len(names) % 2 == 0 else "assistant")
        found.append({"role": role, "content": threads.turns["text"][row]})
    return found


def memories_of(world: World, session: str, threads: Threads) -> list[int]:
    """The rows of the memories that a session used: those marked as used, and those that its turns cite."""
    found: dict[int, None] = {}
    at = world.sessions.row_of[session]
    part = slice(int(world.offsets[at]), int(world.offsets[at + 1]))
    for row, used in zip(
        world.candidate_memories[part].tolist(), world.candidates["used"][part].tolist(), strict=True
    ):  # fmt: skip
        if used and row >= 0:
            found[row] = None
    for cites in threads.turns["cites"].tolist():
        found.update(
            dict.fromkeys(row for row in world.memories.rows(cites.split(" ")).tolist() if row >= 0) if cites else {}
        )
    return list(found)


def line(value: dict[str, Any]) -> str:
    """A value on one line, the same bytes for the same value."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
