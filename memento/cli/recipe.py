"""The options of a training recipe, for commands that train."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import click

from memento.errors import NotFound, UsageError

PARTS = ("curriculum", "augment", "stream", "negatives", "contrast", "mix", "opponent", "targets")
"""Options that name parts of a recipe; here so that no help imports torch, a test holds them against `parts.KINDS`."""

_HELP = {
    "curriculum": "What starts easy: candidates, features, snr, length; as in candidates:low=5:high=50,snr.",
    "augment": "Other looks at sessions: slide-window, crop, subset-split, reorder, insert, delete, replace, mask, "
    "warp, window-warp.",
    "stream": "Other streams of sessions, for models with a past: slide-window, crop, subset-split, reorder, insert, "
    "delete, replace, mask.",
    "negatives": "Hard negatives: fenrec.",
    "contrast": "A contrast between sessions: cl4srec, softclt, fenrec.",
    "mix": "How many synthetic sessions an epoch takes: wrap, phi, spin, maturity, where --real says which are real; "
    "or one revision after the other: phases:sources=1+1.",
    "opponent": "Self-play against the scorer of the round before: spin.",
    "targets": "Labels softened by those of the sessions to come: future.",
}


def recipe_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """``--curriculum`` to ``--targets``, each a text that `memento recipes --list` explains, and ``--real``."""
    function = click.option(
        "--real", metavar="REV", multiple=True, help="A revision with real sessions; those not named are synthetic."
    )(function)
    for name in reversed(PARTS):
        function = click.option(f"--{name}", metavar="NAME[:KEY=VALUE]", help=_HELP[name])(function)
    return function


def recipe_of(given: Mapping[str, str | None], real: Sequence[str], revisions: Sequence[str]) -> dict[str, str]:
    """The options of training that a recipe's options say; `revisions` are those trained on.

    Raises `NotFound` for a real revision that is not among them, `UsageError` for one without ``--mix``.
    """
    options = {name: text for name in PARTS if (text := given.get(name))}
    missing = [revision for revision in real if revision not in revisions]
    if missing:
        raise NotFound("revision to train on", missing[0], revisions, "--real names one of the revisions trained on")
    if real:
        if "mix" not in options:
            raise UsageError("--real says nothing without a mixing schedule", "add --mix wrap, phi, spin or maturity")
        numbers = "+".join(str(revisions.index(revision) + 1) for revision in dict.fromkeys(real))
        options["mix"] += f":real={numbers}"
    return options
