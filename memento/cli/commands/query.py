"""``memento query``."""

from __future__ import annotations

import click

from memento.cli.context import Context, define, json_option
from memento.cli.filtering import expressions
from memento.cli.output import Column, plural
from memento.cli.present import short
from memento.errors import UsageError


@define(
    """
    memento query 'forks(main) & metric(ndcg) > 0.8 & ~conflicts()'
    memento query 'name("trial-*") & ahead(main) > 3'
    memento query 'touched(memory:MEMORY_ID) | changed(sessions)'
    memento query --functions
    """
)
@click.argument("expression", metavar="[EXPR]", required=False, shell_complete=expressions)
@click.option("-c", "--count", is_flag=True, help="Print only how many there are.")
@click.option("--functions", is_flag=True, help="List what may stand in an expression.")
@json_option
def command(context: Context, expression: str | None, count: bool, functions: bool) -> None:
    """Find the branches for which an expression holds.

    Conditions are joined with & and |, turned round with ~, and grouped with parentheses; numbers and
    times are compared with == != < <= > >=. Put the expression in quotes. What is cheap to find out is
    asked first, and merges are tried only with the branches that are left. The same expressions go
    with memento branch --where and memento log --where.
    """
    output = context.output
    if functions:
        _functions(context)
        return
    if expression is None:
        raise UsageError("say what to look for", "`memento query 'forks(main)'`, or --functions for what there is")
    found = context.workspace.query(expression)
    if output.json:
        output.document("memento.query/1", {"expression": expression, "count": len(found), "branches": found})
    elif count:
        output.line(str(len(found)))
    elif found:
        repository = context.workspace.repository
        columns = [Column("branch", style="bold"), Column("commit", style="yellow"), Column("last change", long=True)]
        tips = ((name, repository.commit_of(f"refs/heads/{name}")) for name in found)
        output.table(columns, ((name, short(tip.id), tip.subject) for name, tip in tips))
        output.message(plural(len(found), "branch", "branches"))
    else:
        output.message("No branch satisfies it")


def _functions(context: Context) -> None:
    from memento.query.functions import FUNCTIONS

    output = context.output
    rows = [(f.signature, "" if f.kind == "truth" else f.kind, f.summary) for f in FUNCTIONS.values()]
    if output.json:
        shown = [dict(zip(("function", "gives", "summary"), row, strict=True)) for row in rows]
        output.document("memento.query/1", {"functions": shown})
    else:
        output.table([Column("function", style="bold"), Column("gives"), Column("holds where", long=True)], rows)
