from __future__ import annotations

import subprocess
import sys

import networkx
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from memento.world.graph import cycles, graph
from world.worlds import base_state, changed, world_of


def test_nodes_and_edges() -> None:
    edits = [
        ("put", "memories", "m-0", {"deleted": True, "superseded_by": "m-1"}),
        ("put", "memories", "m-3", {"entity": "nowhere"}),
    ]
    found = graph(world_of(changed(base_state(), edits)))  # type: ignore[arg-type]
    assert found.nodes["memories", "m-1"]["text"] == "fact 1"
    assert found.number_of_nodes() == 2 + 2 + 4
    edges = {(a[1], b[1], data["kind"]) for a, b, data in found.edges(data=True)}
    assert edges == {
        ("a-1", "e-1", "of"),
        ("a-2", "e-2", "of"),
        ("e-1", "e-2", "uses"),
        ("m-0", "e-1", "about"),
        ("m-1", "e-1", "about"),
        ("m-2", "e-2", "about"),
        ("m-0", "a-1", "under"),
        ("m-1", "a-1", "under"),
        ("m-0", "m-1", "superseded by"),
    }
    (uses,) = (data for _, _, data in found.edges(data=True) if data["kind"] == "uses")
    assert (uses["weight"], uses["id"]) == (1.0, "d-1")


def test_networkx_is_imported_only_for_a_graph() -> None:
    code = "import sys, memento.world.graph, memento.world.check; sys.exit('networkx' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@given(st.lists(st.integers(-1, 11), max_size=12).map(lambda rows: [r if r < len(rows) else -1 for r in rows]))
def test_cycles_are_those_of_networkx(successor: list[int]) -> None:
    plain = networkx.DiGraph([(row, after) for row, after in enumerate(successor) if after >= 0])
    expected = sorted(sorted(cycle) for cycle in networkx.simple_cycles(plain))
    found = cycles(np.array(successor, np.int64))
    assert sorted(sorted(walk) for walk in found) == expected
    assert [walk[0] for walk in found] == sorted(min(walk) for walk in found)
    assert all(successor[a] == b for walk in found for a, b in zip(walk, walk[1:] + walk[:1], strict=True))
