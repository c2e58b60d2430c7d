"""How much is known about the entity of each candidate: its structural density as of the session.

Signet notes a candidate's density when it is offered. So it is counted here as of each session, not
as the revision has it: what is learned later must not show in the features of earlier sessions.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from memento.patterns.facts import Joined
from memento.patterns.history import ranges, session_order
from memento.world.records import NULL_INT

Ints = npt.NDArray[np.int64]
_SESSIONS = 256
"""Sessions that are counted together: one table of changes for each so many, in order of their ends."""


def structural_density(joined: Joined) -> Ints:
    """Aspects plus live attributes of each candidate's entity as of its session, shape (N,); 0 for no entity.

    An attribute, a memory of that kind, is live in the sessions that end after its creation and not
    after the creation of the memory that replaced it; one deleted without a replacement in none.
    Constraints, episodes and dependencies do not count. Aspects have no date and count in all.
    """
    world = joined.world
    order = session_order(world)
    ends, until = np.unique(joined.ended_at[order], return_inverse=True)
    instants, entity, step = _events(joined)
    since = np.searchsorted(ends, instants, side="right")
    about = np.append(joined.memory_entities, 0)[world.candidate_memories]
    known = _aspects(joined)
    column = np.zeros(len(known), np.int64)
    density = np.empty(len(about), np.int64)
    done = 0
    for low in range(0, len(order), _SESSIONS):
        sessions, at = order[low : low + _SESSIONS], until[low : low + _SESSIONS]
        first, last = np.searchsorted(since, [at[0], at[-1]], side="right").tolist()
        np.add.at(known, entity[done:first], step[done:first])
        done = first
        touched, code = np.unique(entity[first:last], return_inverse=True)
        width = len(touched) + 1
        changes = np.zeros((int(at[-1] - at[0]) + 1, width), np.int64)
        np.add.at(changes.reshape(-1), (since[first:last] - at[0]) * width + code + 1, step[first:last])
        np.cumsum(changes, axis=0, out=changes)
        column[touched] = np.arange(1, width)
        starts, stops = joined.offsets[sessions], joined.offsets[sessions + 1]
        rows = ranges(starts, stops)
        here = about[rows]
        place = np.repeat((at - at[0]) * width, stops - starts) + column[here]
        density[rows] = known[here] + changes.reshape(-1)[place]
        column[touched] = 0
    density[about == 0] = 0
    return density


def _events(joined: Joined) -> tuple[Ints, Ints, Ints]:
    """When an entity gains (+1) or loses (-1) a live attribute: instants s UTC in order, entities and steps, (K,)."""
    memories = joined.world.memories
    created = memories["created_at"]
    counted = (memories["kind"] == "attribute") & (~joined.deleted | (joined.replaced_at != NULL_INT))
    born, gone = np.flatnonzero(counted), np.flatnonzero(counted & joined.deleted)
    instants = np.concatenate([created[born], np.maximum(created[gone], joined.replaced_at[gone])])
    order = np.argsort(instants, kind="stable")
    entity = joined.memory_entities[np.concatenate([born, gone])]
    step = np.repeat(np.array([1, -1]), [len(born), len(gone)])
    return instants[order], entity[order], step[order]


def _aspects(joined: Joined) -> Ints:
    """How many aspects each entity has, shape (E,)."""
    place = {name: code for code, name in enumerate(joined.entity_ids)}
    codes = [place.get(name, 0) for name in joined.world.aspects["entity"].tolist()]
    return np.bincount(np.array(codes, np.int64), minlength=len(place))
