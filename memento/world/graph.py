"""A world as a graph, and the graph algorithms that checks need."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from memento.world.world import World

if TYPE_CHECKING:
    import networkx

Node = tuple[str, str]
Rows = npt.NDArray[np.int64]


def graph(world: World) -> networkx.MultiDiGraph[Node]:
    """The networkx view of a world: nodes are (table, id), edges are named by ``kind``.

    Entities, aspects and memories are nodes with their plain record as attributes. Edges: aspect
    ``of`` entity, entity → entity by each dependency (its kind and weight), memory ``about``
    entity, memory ``under`` aspect, memory ``superseded by`` memory. References that dangle have
    no edge.
    """
    import networkx

    result: networkx.MultiDiGraph[Node] = networkx.MultiDiGraph()
    for name in ("entities", "aspects", "memories"):
        for record in world.tables[name].records():
            result.add_node((name, record["id"]), **record)
    edges: list[tuple[str, str, str, str, str]] = [
        ("aspects", "id", "entity", "entities", "of"),
        ("memories", "id", "entity", "entities", "about"),
        ("memories", "id", "aspect", "aspects", "under"),
        ("memories", "id", "superseded_by", "memories", "superseded by"),
    ]
    for table, key, field, target, kind in edges:
        rows = world.tables[table]
        for source, end in zip(rows[key].tolist(), rows[field].tolist(), strict=True):
            _edge(result, (table, source), (target, end), kind=kind)
    for record in world.dependencies.records():
        source, end = ("entities", record["source"]), ("entities", record["target"])
        _edge(result, source, end, kind=record["kind"], weight=record["weight"], id=record["id"])
    return result


def _edge(result: networkx.MultiDiGraph[Node], source: Node, end: Node, **data: Any) -> None:
    if source in result and end in result:
        result.add_edge(source, end, **data)


def cycles(successor: Rows) -> list[list[int]]:
    """The cycles of a functional graph, each from its smallest row, in order of that row.

    ``successor[r]`` is the row that follows row r, or -1; shape (N,). Rows that never end are
    found by pointer jumping in O(N log N).
    """
    size = len(successor)
    extended = np.append(successor, size)
    extended[extended < 0] = size
    far = extended
    for _ in range(max(1, int(size).bit_length())):
        far = far[far]
    on_cycle = sorted(set(far[far < size].tolist()))
    found, seen = [], set()
    for start in on_cycle:
        if start in seen:
            continue
        walk, row = [start], int(successor[start])
        while row != start:
            walk.append(row)
            row = int(successor[row])
        seen.update(walk)
        found.append(walk)
    return found
