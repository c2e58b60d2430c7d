"""What fits into the context: the greedy prefix of the fused order.

Source: Signet 0.58.1, ``hooks.ts``, `selectWithBudget`. The daemon adds up to ten memories in 600 characters from its
analysis of recent sessions; a world has no such analysis, so they are left out here.
"""

from __future__ import annotations

from collections.abc import Sequence

BUDGET = 2_000
"""Characters for memories at the start of a session."""


def within_budget(order: Sequence[int], lengths: Sequence[int], budget: int = BUDGET) -> list[int]:
    """The first candidates of an order whose texts fit; the first that overflows ends it, whatever follows."""
    chosen, used = [], 0
    for place in order:
        if used + lengths[place] > budget:
            break
        chosen.append(place)
        used += lengths[place]
    return chosen
