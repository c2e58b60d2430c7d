"""How hard a session is: easy, medium or hard, by what it takes to tell its candidates apart.

A feature decides where leaving its rule out changes the order within the session: its share of the session's variance
of relevance is at least `DECIDES`. Easy sessions have one deciding feature, medium ones two, hard ones three or more,
or a rule that needs several conditions at once, or noise as strong as the signal. After the strata of procedural
memory retrieval (arXiv 2511.21730): one object, a change of state, several objects.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from memento.patterns import from_manifest, relevance
from memento.patterns.facts import Joined
from memento.patterns.noise import Noise, session_sums

STRATA = ("easy", "medium", "hard")
DECIDES = 0.1
TOGETHER = frozenset({"conjunction", "state", "retrieval", "conflict", "induction"})
"""Rules that no single feature tells."""
_LOUD_DB = 0.0


def strata(
    joined: Joined, patterns: Mapping[str, Mapping[str, Any]], noise: Mapping[str, Any]
) -> npt.NDArray[np.int64]:
    """The stratum of each session as a place in `STRATA`, shape (S,); -1 where nothing tells candidates apart."""
    planted = from_manifest(patterns)
    terms = relevance(joined.facts(), planted) if planted else {}
    offsets = joined.offsets
    sizes = np.maximum(np.diff(offsets), 1)

    def spread(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        mean = np.repeat(session_sums(values, offsets) / sizes, np.diff(offsets))
        return session_sums((values - mean) ** 2, offsets)

    total = np.sum(list(terms.values()), axis=0) if terms else np.zeros(len(joined.world.candidates))
    whole = spread(total)
    deciding, together = np.zeros(len(sizes), np.int64), np.zeros(len(sizes), bool)
    for name, term in terms.items():
        decides = spread(term) >= DECIDES * np.where(whole > 0, whole, np.inf)
        deciding += decides
        together |= decides & (name in TOGETHER)
    level = Noise.from_map(noise).snr_db if noise else None
    loud = level is not None and level <= _LOUD_DB
    found = np.clip(deciding - 1, 0, 2)
    found[together | loud] = 2
    found[whole <= 0] = -1
    return found
