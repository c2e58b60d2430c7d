"""Writes the golden ids of each shipped scenario at seed 7: tests/golden/trees.json and commits.json.

    python tests/golden/regenerate.py

Run it after a change that is meant to change simulated worlds (then raise `SIMULATOR` with it) or
what is stored.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parents[1]))

from memento import scenario, simulate  # noqa: E402
from memento.workspace import Workspace  # noqa: E402

SEED = 7


def main() -> None:
    trees, commits = {}, {}
    with tempfile.TemporaryDirectory() as folder, Workspace.init(folder) as workspace:
        for name in scenario.names():
            commits[name] = workspace.generate(name, branch=name, seed=SEED)[-1]
            trees[name] = workspace.repository.tree_of(name)
    for file, key, ids in (("trees.json", "trees", trees), ("commits.json", "commits", commits)):
        golden = {"seed": SEED, "simulator": simulate.SIMULATOR, key: ids}
        (HERE / file).write_text(json.dumps(golden, indent=2, sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
