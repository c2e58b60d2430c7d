"""Searches in what was said and offered: citations, injections, threads, and labels against preferences."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from memento.world.finding import Finding, listed, pick, rows_of
from memento.world.graph import cycles
from memento.world.keys import natural
from memento.world.records import NULL_INT
from memento.world.table import Rows
from memento.world.threads import Threads, of_sessions
from memento.world.values import format_time
from memento.world.world import World


def cites_deleted(world: World, undated: bool) -> Iterator[Finding]:
    """Turns that cite a memory which was deleted before their session began."""
    turns, memories, sessions = world.turns, world.memories, world.sessions
    column, known = turns["cites"], memories.row_of
    pairs = [
        (row, known[item])
        for row in np.flatnonzero(column != "").tolist()
        for item in column[row].split(" ")
        if item in known
    ]
    if not pairs:
        return
    turn, memory = np.array(pairs, np.int64).T
    session = sessions.rows(turns["session"][turn].tolist())
    for at, when in _dead(world, memory, session, undated):
        key, cited, name = turns.keys[turn[at]], memories.keys[memory[at]], turns["session"][turn[at]]
        said = f", deleted{when} before session {name}" if when else ", which is deleted"
        involved = (("memories", cited), ("sessions", name))
        message = f"turn {key} cites memory {cited}{said}"
        yield Finding("cites a deleted memory", "turns", key, message, "cites", involved)


def injects_deleted(world: World, undated: bool) -> Iterator[Finding]:
    """Offers that put a memory into the context of a session that began after it was deleted.

    A retired memory that was offered, and not injected, is history: a full-text search finds it too.
    So is what a daemon's log tells: in an imported world this is a finding only for a caller that compares
    states (`undated`).
    """
    candidates = world.candidates
    if world.manifest.source == "imported" and not undated:
        return
    rows = np.flatnonzero(candidates["injected"])
    rows = rows[(world.candidate_memories[rows] >= 0) & (world.candidate_sessions[rows] >= 0)]
    if not len(rows):
        return
    for at, when in _dead(world, world.candidate_memories[rows], world.candidate_sessions[rows], undated):
        session, memory = candidates["session"][rows[at]], candidates["memory"][rows[at]]
        said = f", deleted{when} before it began" if when else ", which is deleted"
        message = f"session {session} was given memory {memory}{said}"
        involved = (("memories", memory), ("sessions", session))
        yield Finding("injects a deleted memory", "candidates", f"{session}/{memory}", message, "injected", involved)


def _dead(world: World, memory: Rows, session: Rows, undated: bool) -> Iterator[tuple[int, str]]:
    """The places of pairs whose memory was deleted before the session began, with when, in words; empty
    where nobody knows and that counts (`undated`)."""
    memories = world.memories
    newer = memories.rows(memories["superseded_by"][memory].tolist())
    death = pick(memories["created_at"], newer)
    started = pick(world.sessions["started_at"], session)
    dated = death != NULL_INT
    wrong = memories["deleted"][memory] & np.where(dated, started > death, undated) & (started != NULL_INT)
    for at in np.flatnonzero(wrong).tolist():
        yield at, f", superseded at {format_time(int(death[at]))}" if dated[at] else ""


def broken_threads(world: World, undated: bool) -> Iterator[Finding]:
    """Turns that answer one of another session, or each other in a circle."""
    turns = world.turns
    parent = rows_of(world, "turns", "parent", "turns")
    if not len(parent):
        return
    elsewhere = (parent >= 0) & (turns["session"] != turns["session"][parent])
    for row in np.flatnonzero(elsewhere).tolist():
        key, other = turns.keys[row], turns.keys[parent[row]]
        message = f"turn {key} of session {turns['session'][row]} answers turn {other} of another session"
        yield Finding("broken thread", "turns", key, message, "parent", (("turns", other),))
    for walk in cycles(parent):
        ids = sorted(turns.keys[row] for row in walk)
        message = f"turns answer each other in a circle: {listed(ids)}"
        yield Finding("broken thread", "turns", ids[0], message, "parent", tuple(("turns", i) for i in ids))


def label_against_preference(world: World, undated: bool) -> Iterator[Finding]:
    """Observed labels that say the opposite of what the session's preferences say.

    A memory is labelled useful where it was used or its observed relevance is 0.5 or more, although
    only rejected turns cite it; or useless where its observed relevance is less and it was not used,
    although a chosen turn cites it and no rejected one (see `memento.world.threads`). A label that
    nobody observed contradicts nothing, nor does a session whose alternatives nobody rated.
    """
    threads = of_sessions(world.turns)
    if not threads:
        return
    candidates = world.candidates
    cited = {session: _citing(one) for session, one in threads.items()}
    for row, session in enumerate(candidates["session"].tolist()):
        memory = candidates["memory"][row]
        turns = cited.get(session, {}).get(memory)
        if not turns:
            continue
        relevance, used = float(candidates["relevance"][row]), bool(candidates["used"][row])
        standing = {threads[session].standing(turn) for turn in turns}
        useful = used or relevance >= 0.5
        if not (standing == {-1} if useful else relevance < 0.5 and 1 in standing and -1 not in standing):
            continue
        field = "used" if used else "relevance"
        said = "used" if used else f"of relevance {relevance:g}"
        but = "only turns of rejected threads cite it" if useful else f"the chosen turn {turns[0]} cites it"
        message = f"session {session} labels memory {memory} {said}, but {but}"
        involved = (("memories", memory), *(("turns", turn) for turn in turns))
        yield Finding("label against preference", "candidates", f"{session}/{memory}", message, field, involved)


def _citing(threads: Threads) -> dict[str, list[str]]:
    """The turns that cite each memory, in natural order."""
    found: dict[str, list[str]] = {}
    turns = threads.turns
    for key in sorted(turns.keys, key=natural):
        for memory in filter(None, turns["cites"][turns.row_of[key]].split(" ")):
            found.setdefault(memory, []).append(key)
    return found
