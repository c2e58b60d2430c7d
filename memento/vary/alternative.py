"""Give answers an alternative, with a planted quality: what preference data is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from memento import rng
from memento.vary.facts import Speech
from memento.vary.operator import Expectation, Operator, Value, parameter
from memento.vary.paraphrase import otherwise
from memento.world.records import TABLES
from memento.world.table import Table, concat
from memento.world.tree import Delta
from memento.world.world import World

EVASIONS = (
    "I would have to look that up.",
    "That depends. Could you say more?",
    "I am sure you will find it in your notes.",
    "Let me come back to that another time.",
)
COVERS, WORDS, SPREAD = 0.6, 0.3, 0.05
"""Quality of stating a fact, of saying it at the length of the original, and standard deviation of a judge."""


@dataclass(frozen=True)
class Alternative(Operator):
    """Answers that cite a memory get a second one beside them, and both a quality in `preference`.

    Quality is COVERS for stating the cited fact, plus WORDS times the likeness of the lengths, plus N(0, SPREAD)
    of a judge. Half of the alternatives state the fact in other words, half evade it; an evasion cites nothing.
    The better one stands where the session goes on.
    """

    name: ClassVar[str] = "alternative"
    formula: ClassVar[str] = "quality = 0.6 [states the fact] + 0.3 min(a/b, b/a) of the lengths + N(0, 0.05)"
    source: ClassVar[str] = "alternatives of one turn with planted quality (Memento fractals; RLHF pairs)"
    expects: ClassVar[Expectation] = "labels"
    neutral: ClassVar[Mapping[str, Value]] = {"share": 0.0}

    share: float = parameter(0.3, "probability that an answer gets an alternative")
    evade: float = parameter(0.5, "probability that the alternative evades the question")

    def apply(self, world: World, key: int) -> Delta:
        """Draws by the turn's id."""
        turns, speech = world.turns, Speech(world)
        keys = rng.keys(key, turns["id"].tolist())
        fit = (turns["role"] == "assistant") & (turns["cites"] != "") & np.isnan(turns["preference"])
        rows = np.flatnonzero(fit & rng.bernoulli(keys, self.share, 0))
        evades = rng.bernoulli(keys[rows], self.evade, 1).tolist()
        judged = rng.normal(keys[rows], 0.0, SPREAD, 2).tolist(), rng.normal(keys[rows], 0.0, SPREAD, 3).tolist()
        taken = set(turns.keys)
        old, new = [], []
        for at, (row, state) in enumerate(zip(rows.tolist(), rng.bits(keys[rows], 4).tolist(), strict=True)):
            record = turns.record(row)
            spoken = speech.turn(row)
            evading = evades[at] or spoken is None or len(spoken.patterns) < 2
            text = EVASIONS[state % len(EVASIONS)]
            if spoken is not None and not evading:
                text = otherwise(spoken, record["text"], state)
            name = f"{record['id']}-b{state & 0xFFFF:04x}"
            if name in taken:
                continue
            alike = min(len(text), len(record["text"])) / max(len(text), len(record["text"]))
            mine = round(COVERS + WORDS + judged[0][at], 3)
            other = round((0.0 if evading else COVERS) + WORDS * alike + judged[1][at], 3)
            first, second = record["text"], text
            if other > mine:  # what the session goes on from is the better one
                first, second, mine, other = second, first, other, mine
            old.append({**record, "text": first, "preference": mine})
            cites = () if evading else record["cites"]
            new.append({**record, "id": name, "text": second, "cites": cites, "preference": other})
        if not new:
            return Delta()
        schema = TABLES["turns"]
        return Delta({"turns": concat(schema, [Table.from_records(schema, old), Table.from_records(schema, new)])})
