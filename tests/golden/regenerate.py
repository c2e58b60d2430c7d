"""Writes tests/golden/trees.json: the tree id of each shipped scenario at seed 7.

    python tests/golden/regenerate.py

Run it after a change that is meant to change simulated worlds, and raise `SIMULATOR` with it.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parents[1]))

from memento import scenario, simulate  # noqa: E402
from memento.world import tree  # noqa: E402
from memento.world.objects import MemoryObjects  # noqa: E402

SEED = 7


def main() -> None:
    trees = {name: tree.write(MemoryObjects(), simulate.world(scenario.load(name), SEED)) for name in scenario.names()}
    golden = {"seed": SEED, "simulator": simulate.SIMULATOR, "trees": trees}
    (HERE / "trees.json").write_text(json.dumps(golden, indent=2, sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
