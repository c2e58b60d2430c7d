"""Planted rules of relevance, one file each, and their sum: the clean label."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from memento.catalog import Catalog, Row
from memento.errors import InvalidFile, UsageError
from memento.patterns.facts import Facts
from memento.patterns.pattern import Parameter, Pattern

__all__ = ["CATALOG", "Facts", "Parameter", "Pattern", "clean", "from_manifest", "relevance", "saying", "total"]

CATALOG = Catalog(
    "pattern",
    {
        "recency": Row("memento.patterns.recency:Recency", "newer memories matter more"),
        "entity": Row("memento.patterns.entity:EntityMatch", "memories about the session's topic matter more"),
        "temporal": Row("memento.patterns.temporal:TemporalCycle", "memories matter at their hour and weekday"),
        "frequency": Row("memento.patterns.frequency:Frequency", "memories that were used often matter more"),
        "supersession": Row("memento.patterns.supersession:Supersession", "replaced memories matter less"),
        "traversal": Row("memento.patterns.traversal:Traversal", "memories found by traversal matter more"),
        "series": Row("memento.patterns.driver:Driver", "an entity matters as a series over time says"),
        "autoregressive": Row(
            "memento.patterns.autoregressive:Autoregressive", "an entity matters as an AR process says"
        ),
        "ising": Row("memento.patterns.ising:Ising", "entities switch between active and idle like spins"),
        "conjunction": Row("memento.patterns.conjunction:Conjunction", "weekday, hour and gap must meet at once"),
        "gap": Row("memento.patterns.gap:Gap", "some entities matter soon after the project's last session"),
        "induction": Row("memento.patterns.induction:Induction", "what met an hour before matters at that hour again"),
        "copying": Row("memento.patterns.copying:Copying", "what was marked comes back, whatever lay between"),
        "state": Row("memento.patterns.state:State", "a product of group elements decides"),
        "retrieval": Row("memento.patterns.retrieval:Retrieval", "one entity, one aspect, one answer"),
        "learning": Row("memento.patterns.learning:Learning", "which entities matter changes at points in time"),
        "long_range": Row("memento.patterns.long_range:LongRange", "the evidence lies many sessions back"),
        "conflict": Row("memento.patterns.conflict:Conflict", "of facts that replace one another the last one holds"),
    },
)
"""Every pattern; terms are summed in this order, whatever order a manifest names them in."""

Planted = Mapping[str, Mapping[str, Any]] | Sequence[Pattern]


def from_manifest(patterns: Mapping[str, Mapping[str, Any]]) -> list[Pattern]:
    """The patterns that a manifest plants, in catalogue order.

    Raises `NotFound` for a name that no pattern has, and `InvalidFile` with all faulty parameters.
    """
    for name in sorted(patterns):
        if name not in CATALOG:
            CATALOG[name]
    made, faults = [], []
    for name in CATALOG:
        if name in patterns:
            try:
                made.append(CATALOG[name].from_map(patterns[name]))
            except InvalidFile as error:
                faults += [f"{name}: {fault}" for fault in error.faults]
    if faults:
        raise InvalidFile("patterns", faults)
    return made


def saying(patterns: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """The parameters that have a say in relevance, by pattern.

    A pattern whose terms are all 0 because one of its factors is 0 keeps that factor alone.
    """
    said = {}
    for name, values in patterns.items():
        zero = [factor for factor in CATALOG[name].factors if values.get(factor) == 0]
        said[name] = {zero[0]: values[zero[0]]} if zero else dict(values)
    return said


def relevance(facts: Facts, patterns: Planted) -> dict[str, npt.NDArray[np.float64]]:
    """What each planted pattern adds to each candidate: name -> terms, shape (N,).

    `patterns` is a manifest's mapping or what `from_manifest` made of it.
    """
    planted = from_manifest(patterns) if isinstance(patterns, Mapping) else patterns
    return {pattern.name: pattern.terms(facts) for pattern in planted}


def total(facts: Facts, patterns: Planted) -> npt.NDArray[np.float64]:
    """The sum of all terms before it is clipped, shape (N,).

    Raises `UsageError` when nothing is planted, since then no relevance is known.
    """
    terms = relevance(facts, patterns)
    if not terms:
        raise UsageError(
            "this world has no planted patterns, so its true relevance is not known",
            "render it with --labels observed or --labels signet",
        )
    result = np.zeros(len(facts))
    for term in terms.values():
        result += term
    return result


def clean(facts: Facts, patterns: Planted) -> npt.NDArray[np.float64]:
    """True relevance without noise: the sum of all terms, clipped to [0, 1]; shape (N,).

    Weights whose sum stays below 1 leave head-room: with the defaults the sum is at most 1, or
    1.15 in a traversal session, so that almost nothing is clipped at the top; a superseded memory
    with little else in its favour is clipped at 0.
    """
    result: npt.NDArray[np.float64] = np.clip(total(facts, patterns), 0.0, 1.0)
    return result
