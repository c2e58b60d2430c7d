"""Preference pairs, one JSON object a line: prompt, chosen, rejected, in the conversational form that TRL takes.

A pair is two alternatives of one turn with the same way to them, of which one states a higher preference. The best of a
fork is chosen against each that is lower; equals make no pair. ``margin`` is the difference of their preferences.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

from memento.formats.chat import conversations, line, messages
from memento.world.threads import Threads
from memento.world.world import World


def write(world: World) -> Iterator[str]:
    """One line for each pair, by session in order of time, without its newline."""
    for session, threads in conversations(world):
        for pair in pairs(threads):
            yield line({**pair, "session": session})


def pairs(threads: Threads) -> Iterator[dict[str, Any]]:
    """The pairs of one session: the turns above as the prompt, one turn each as chosen and rejected."""
    rated = threads.rated
    for parent, keys in threads.children.items():
        stated = sorted((key for key in keys if key in rated), key=lambda key: -rated[key])
        for worse in stated[1:]:
            best = stated[0]
            if rated[worse] < rated[best]:
                yield {
                    "prompt": messages(threads, threads.way(parent)) if parent else [],
                    "chosen": messages(threads, threads.way(best))[-1:],
                    "rejected": messages(threads, threads.way(worse))[-1:],
                    "margin": round(min(rated[best] - rated[worse], sys.float_info.max), 6),
                    "turns": [best, worse],
                }
