"""Expressions and metrics on the command line: completion, and ``--where EXPR``."""

from __future__ import annotations

import click
from click.shell_completion import CompletionItem

WORD = "abcdefghijklmnopqrstuvwxyz_"


def expressions(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The functions that may follow what is written already."""
    from memento.query.functions import FUNCTIONS

    word = incomplete[len(incomplete.rstrip(WORD)) :]
    lead = incomplete[: len(incomplete) - len(word)]
    fitting = (f for name, f in FUNCTIONS.items() if name.startswith(word))
    return [CompletionItem(f"{lead}{f.name}({'' if f.takes else ')'}", help=f.summary) for f in fitting]


def metrics(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Names of metrics."""
    from memento.history.requirement import METRICS

    return [CompletionItem(name) for name in METRICS if name.startswith(incomplete)]


where_option = click.option(
    "--where",
    "condition",
    metavar="EXPR",
    shell_complete=expressions,
    help="Only those for which an expression holds, such as 'ahead(main) > 3'; see memento query.",
)
