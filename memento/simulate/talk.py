"""The turns of each session, realised by grammar from what was used and what was learned."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt

from memento import rng
from memento.language.grammar import Grammar, outcome_of
from memento.scenario import Settings
from memento.simulate.clock import Arrivals
from memento.simulate.entities import Graph
from memento.simulate.memories import Memories
from memento.simulate.responses import Responses
from memento.simulate.sessions import Offers
from memento.world.records import TABLES
from memento.world.table import Table

Ints = npt.NDArray[np.int64]
UNNAMED = "this"


def turns(
    settings: Settings,
    seed: int,
    graph: Graph,
    sessions: Arrivals,
    topic: Ints,
    memories: Memories,
    offers: Offers,
    responses: Responses,
) -> Table:
    """All turns, by session in thread order.

    A session has 2 to 8 turns (`turns_min` to `turns_max`), in exchanges of two: a request answered
    from a used memory, further questions each answered from one more, what the user tells that is
    remembered, and an end that follows from the session's score. Memories about the session's topic
    are used first, in baseline order as are the others. Fewer turns when less was used.
    """
    keys = rng.pair_keys(rng.key(seed, "talk"), sessions.key)
    law = settings.sessions
    high = law.turns_max // 2
    low = min(-(-law.turns_min // 2), high)
    exchanges = (low + rng.integers(keys, high - low + 1)).tolist()
    at, said_of = offers.session[responses.used], offers.memory[responses.used]
    order = np.lexsort((memories.entity[said_of] != topic[at], at))
    used = _groups(at[order], said_of[order], len(sessions))
    born = np.flatnonzero(memories.session >= 0)
    born = born[np.argsort(memories.session[born], kind="stable")]
    learned = _groups(memories.session[born], born, len(sessions))
    # A past that was not simulated has memories about nothing in particular, and sessions too.
    names = [*graph.names, UNNAMED]
    aspect_names = [*graph.aspects["name"].tolist(), ""]

    def fact(row: int) -> tuple[str, str, str, str]:
        return (
            memories.id[row],
            names[memories.entity[row]],
            aspect_names[memories.aspect[row]],
            memories.value[row] or memories.text[row],
        )

    grammar = Grammar(graph.domain)
    columns: dict[str, list[str]] = {name: [] for name in ("id", "session", "parent", "role", "text", "cites")}
    ids, sessions_, parents, roles, texts, cites = columns.values()
    states, scores = rng.bits(keys, 1).tolist(), responses.score.tolist()
    for row, session in enumerate(sessions.id.tolist()):
        told = [fact(place) for place in learned[row][: exchanges[row] - 1]]
        known = [fact(place) for place in used[row][: max(1, exchanges[row] - 1 - len(told))]]
        said = grammar.turns(states[row], names[topic[row]], known, outcome_of(scores[row]), told)
        parent = ""
        for number, (role, text, cited) in enumerate(said[: 2 * exchanges[row]]):
            turn = f"{session}.{number}"
            ids.append(turn)
            sessions_.append(session)
            parents.append(parent)
            roles.append(role)
            texts.append(text)
            cites.append(" ".join(sorted(cited)))
            parent = turn
    return Table.from_columns(TABLES["turns"], columns)


def _groups(session: Ints, values: Ints, size: int) -> list[list[int]]:
    """`values` by session; `session` never decreases."""
    bounds = np.searchsorted(session, np.arange(size + 1)).tolist()
    listed = values.tolist()
    return [listed[low:high] for low, high in pairwise(bounds)]
