"""``memento search``."""

from __future__ import annotations

import click

from memento.cli.arguments import REVISION
from memento.cli.context import Context, define, json_option
from memento.cli.output import Column

NONE = 1
"""The exit code where nothing is found, as that of grep."""


@define(
    """
    memento search 'deploy target of billing'
    memento search 'coffee order' main~3 -n 3 --live
    memento search 'release day' --project payments --json
    """
)
@click.argument("words", metavar="WORDS")
@click.argument("revision", metavar="[REV]", type=REVISION, default="HEAD")
@click.option("-n", "--limit", metavar="N", type=click.IntRange(1, 10_000), default=10, show_default=True,
              help="Show at most N memories.")  # fmt: skip
@click.option("-p", "--project", metavar="PROJECT", default="", help="Only memories of this project.")
@click.option("--live", is_flag=True, help="Leave out deleted and superseded memories.")
@json_option
def command(context: Context, words: str, revision: str, limit: int, project: str, live: bool) -> int:
    """Find the memories that answer some words best.

    The memories at REV (the current branch if left out), best first. WORDS are one argument: put
    several in quotes. The rank joins two others (reciprocal rank fusion): BM25, for which a word counts
    for others that share most of its letters too, and the cosine of the built-in text embedding. What
    the search needs is kept in the repository's cache, so that the second one is quick. The exit code
    is 1 where nothing is found.
    """
    output, workspace = context.output, context.workspace
    hits = workspace.search(words, revision, limit, project, live)
    if output.json:
        commit = workspace.repository.resolve(revision)
        output.document("memento.search/1", {"commit": commit, "words": words, "hits": hits})
        return 0 if hits else NONE
    if not hits:
        output.message("Nothing found")
        return NONE
    columns = [
        Column("score", right=True),
        Column("memory", style="magenta"),
        Column("state"),
        Column("text", long=True),
    ]
    rows = [(f"{h.score:.4f}", h.record["id"], "" if h.state == "live" else h.state, h.record["text"]) for h in hits]
    output.table(columns, rows)
    output.hint(f"`memento show memory:{hits[0].record['id']}@{revision}` shows the first one whole")
    return 0
