"""The seven contract tests: what a scorer must show on episodes whose answer is known by construction.

A test is one file here and one row below. They go through the episodes of the canaries, and pass where the lower end
of a Wilson interval reaches the threshold. The seed gives thresholds for its canaries alone: a contract takes that of
the canary of its pattern, and .90 where there is none.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from memento.catalog import Catalog, Row
from memento.errors import UsageError
from memento.models.base import Scorer
from memento.render.rendering import Spec
from memento.train.run import Run
from memento.validate.canary import EPISODES, Outcomes, ask
from memento.validate.contracts.contract import Contract
from memento.validate.episodes import Source
from memento.world.world import World

__all__ = ["CATALOG", "Contract", "Contracts", "run"]

SCHEMA = "memento.contracts/1"
_HERE = "memento.validate.contracts"

CATALOG = Catalog(
    "contract",
    {
        "temporal cycle": Row(f"{_HERE}.temporal:CONTRACT", "a morning's memory is worth more in the morning"),
        "recency decay": Row(f"{_HERE}.recency:CONTRACT", "scores fall with age at every step"),
        "frequency": Row(f"{_HERE}.frequency:CONTRACT", "scores rise with the number of accesses"),
        "entity selectivity": Row(f"{_HERE}.entity:CONTRACT", "the topic decides which of two entities is above"),
        "suppression": Row(f"{_HERE}.supersession:CONTRACT", "what was replaced is below its replacement"),
        "session gap": Row(f"{_HERE}.gap:CONTRACT", "open work is worth more soon after the last session"),
        "combined pattern": Row(f"{_HERE}.combined:CONTRACT", "weekday, morning and short gap only count together"),
    },
)
"""Every contract test, in the order of the seed's list (section 6.1)."""


class Contracts(Outcomes):
    """What a scorer answered to the contract tests."""

    schema = SCHEMA

    def to_json(self) -> dict[str, Any]:
        """Plain values under a `schema` key, and which contracts a score linear in the columns can hold."""
        return {
            **super().to_json(),
            "linear_can": {name: CATALOG[name].linear for name in CATALOG},
            "outcomes": [{**outcome.to_map(), "contract": outcome.canary} for outcome in self.outcomes],
        }


def run(
    scorer: Scorer | Run,
    world: World,
    spec: Spec | None = None,
    episodes: int = EPISODES,
    seed: int = 0,
    progress: Callable[[str], None] | None = None,
) -> Contracts:
    """Ask a scorer the contract tests in the family of `world`; arguments as for the canaries.

    Raises `UsageError` for a world without planted patterns, and for embeddings of another length than the model's.
    """
    if not world.manifest.patterns:
        raise UsageError(
            "contract tests ask for planted patterns, and this world has none",
            "run them on a simulated world: memento generate contracts",
        )
    source = Source(world, scorer.seen if isinstance(scorer, Run) else None)
    scorer = scorer.scorer if isinstance(scorer, Run) else scorer
    asked = {name: CATALOG[name].question for name in CATALOG}
    return Contracts(scorer.name, episodes, ask(scorer, source, spec or Spec(), asked, episodes, seed, progress))
