"""Let time move on: facts replaced by newer values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from memento import rng
from memento.vary.facts import Speech
from memento.vary.operator import Expectation, Operator, Value, parameter
from memento.world.records import TABLES
from memento.world.table import Table, concat
from memento.world.tree import Delta
from memento.world.world import World


@dataclass(frozen=True)
class Supersede(Operator):
    """Some live facts under a single-valued aspect are replaced by a newer memory with another value.

    The newer one is written when the old one was last used, or in the middle of the history, so that later
    sessions that were offered the old one were offered something stale, and nobody was given what had gone.
    Labels of what was superseded fall, and none rises.
    """

    name: ClassVar[str] = "supersede"
    formula: ClassVar[str] = "a live fact gets a successor, written after its last use"
    source: ClassVar[str] = "directional test: Ribeiro et al. 2020; fact consolidation: MemoryAgentBench"
    expects: ClassVar[Expectation] = "lower"
    neutral: ClassVar[Mapping[str, Value]] = {"share": 0.0}

    share: float = parameter(0.3, "probability that a live fact that may be replaced is")

    def apply(self, world: World, key: int) -> Delta:
        """Draws by the memory's id; the successor's id follows from the older one's and the key."""
        memories, sessions, speech = world.memories, world.sessions, Speech(world)
        if not len(sessions) or not len(memories):
            return Delta()
        since = self._since(world)
        aspects = world.aspects.rows(memories["aspect"].tolist())
        single = np.append(world.aspects["single_valued"], False)[aspects]
        fit = single & ~memories["deleted"] & (memories["value"] != "") & (since < world.manifest.clock)
        keys = rng.keys(key, memories["id"].tolist())
        chosen = np.flatnonzero(fit & rng.bernoulli(keys, self.share))
        old, new = [], []
        for row, state in zip(chosen.tolist(), rng.bits(keys[chosen], 1).tolist(), strict=True):
            name = speech.aspect.get(memories["aspect"][row], "")
            known = speech.grammar.domain.aspects_by_name.get(name)
            value = known.values[state % len(known.values)] if known is not None else ""
            if not value or value == memories["value"][row]:
                continue
            entity = speech.entity.get(memories["entity"][row], "this")
            record = memories.record(row)
            text = speech.grammar.superseding(state >> 8, entity, name, value, record["value"])
            successor = f"{record['id']}-{state & 0xFFFFFF:06x}"
            made = {
                **record,
                "id": successor,
                "text": text,
                "value": value,
                "kind": "attribute",
                "created_at": int(since[row]),
            }
            new.append({**made, "prior_accesses": 0, "pinned": False, "origin": ""})
            old.append({**record, "deleted": True, "superseded_by": successor})
        if not new:
            return Delta()
        schema = TABLES["memories"]
        return Delta({"memories": concat(schema, [Table.from_records(schema, old), Table.from_records(schema, new)])})

    def _since(self, world: World) -> npt.NDArray[np.int64]:
        """When each memory may be replaced: after its last use, not before the middle of the history, (M,), s UTC."""
        sessions, memories = world.sessions, world.memories
        middle = int(np.median(sessions["started_at"]))
        since: npt.NDArray[np.int64] = np.maximum(memories["created_at"] + 1, middle)
        rows, at = world.candidate_memories, world.candidate_sessions
        used = np.flatnonzero((rows >= 0) & (world.candidates["injected"] | world.candidates["used"]))
        np.maximum.at(since, rows[used], sessions["ended_at"][at[used]] + 1)
        turns = world.turns
        for session, cites in zip(turns["session"].tolist(), turns["cites"].tolist(), strict=True):
            for row in memories.rows(cites.split(" ")) if cites else ():
                if row >= 0:
                    since[row] = max(since[row], int(sessions["ended_at"][sessions.row_of[session]]) + 1)
        return since
