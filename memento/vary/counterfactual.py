"""What if a fact were another: one value exchanged everywhere that it is said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from memento import rng
from memento.vary.facts import Speech
from memento.vary.operator import Expectation, Operator, Value, parameter
from memento.vary.texts import exchanged
from memento.world.tree import Delta
from memento.world.world import World


@dataclass(frozen=True)
class Counterfactual(Operator):
    """Some memories hold another value of their aspect, in the record, its text, and every turn that tells it.

    The value is one that the aspect may have, and none that it had: of the domain's, else of another memory
    under an aspect of the same name. The memory that replaced it names the new value too.
    """

    name: ClassVar[str] = "counterfactual"
    formula: ClassVar[str] = "value v of a memory -> v' of the same aspect, v' != v, wherever v is said of it"
    source: ClassVar[str] = "counterfactual edit pairs (MemoryAgentBench, arXiv 2507.05257)"
    expects: ClassVar[Expectation] = "labels"
    neutral: ClassVar[Mapping[str, Value]] = {"share": 0.0}

    share: float = parameter(0.05, "probability that a memory with a value gets another")

    def apply(self, world: World, key: int) -> Delta:
        """Draws by the memory's id."""
        memories, speech = world.memories, Speech(world)
        values = memories["value"]
        keys = rng.keys(key, memories["id"].tolist())
        rows = np.flatnonzero(rng.bernoulli(keys, self.share, 0) & (values != "") & (memories["aspect"] != ""))
        had: dict[str, set[str]] = {}
        named: dict[str, list[str]] = {}
        for aspect, value in zip(memories["aspect"].tolist(), values.tolist(), strict=True):
            had.setdefault(aspect, set()).add(value)
            named.setdefault(speech.aspect.get(aspect, ""), []).append(value)
        new: dict[str, tuple[str, str]] = {}
        for row, state in zip(rows.tolist(), rng.bits(keys[rows], 1).tolist(), strict=True):
            aspect = memories["aspect"][row]
            name = speech.aspect.get(aspect, "")
            known = speech.grammar.domain.aspects_by_name.get(name)
            pool = known.values if known is not None else sorted(set(named.get(name, ())))
            for attempt in range(8):
                other = pool[(state + attempt * 0x9E3779B97F4A7C15) % len(pool)] if len(pool) else ""
                if other and other not in had[aspect]:
                    had[aspect].add(other)
                    new[memories["id"][row]] = (values[row], other)
                    break
        return _said(world, new)


def _said(world: World, new: Mapping[str, tuple[str, str]]) -> Delta:
    """The change that says the new values wherever the old ones were said of these memories."""
    if not new:
        return Delta()
    memories, turns = world.memories, world.turns
    values, texts = memories["value"].copy(), memories["text"].copy()
    for key, (old, other) in new.items():
        row = memories.row_of[key]
        values[row] = other
        texts[row] = exchanged(texts[row], {old: other})
        newer = memories.row_of.get(memories["superseded_by"][row])
        if newer is not None:
            texts[newer] = exchanged(texts[newer], {old: other})
    upserts = {}
    moved = np.flatnonzero((values != memories["value"]) | (texts != memories["text"]))
    upserts["memories"] = memories.take(moved).replace(value=values[moved], text=texts[moved])
    said: dict[str, dict[str, str]] = {}
    for key, (old, other) in new.items():
        origin = memories["origin"][memories.row_of[key]]
        if origin:
            said.setdefault(origin, {})[old] = other
    column = turns["text"].copy()
    for row, (session, cites) in enumerate(zip(turns["session"].tolist(), turns["cites"].tolist(), strict=True)):
        table = dict(said.get(session, {}))
        table |= {new[cited][0]: new[cited][1] for cited in cites.split(" ") if cited in new}
        if table:
            column[row] = exchanged(column[row], table)
    moved = np.flatnonzero(column != turns["text"])
    if len(moved):
        upserts["turns"] = turns.take(moved).replace(text=column[moved])
    return Delta(upserts)
