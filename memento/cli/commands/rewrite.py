"""``memento rewrite``."""

from __future__ import annotations

import os

import click

from memento.cli.arguments import REVISION, free_branch, seed_option
from memento.cli.context import Context, define, json_option
from memento.cli.output import plural
from memento.cli.present import short
from memento.cli.progress import Progress

_STYLES = ("formal", "casual", "terse", "polite", "plain")
_MODES = ("record", "replay", "off")


@define(
    """
    memento rewrite main -b formal --style formal --model llama-3
    memento rewrite main -b again --style formal --model llama-3 --mode replay
    memento rewrite main -b plain --style plain --share 0.2 --endpoint http://127.0.0.1:8080/v1
    """
)
@click.argument("revision", metavar="[REV]", type=REVISION, default="HEAD")
@click.option("-b", "--branch", metavar="NAME", required=True, help="The new branch.")
@click.option("--style", type=click.Choice(_STYLES), default="formal", show_default=True, help="How to say things.")
@click.option(
    "--mode",
    type=click.Choice(_MODES),
    default="record",
    show_default=True,
    help="Ask and record, read records, or neither.",
)
@click.option(
    "--share", metavar="X", type=click.FloatRange(0, 1), default=1.0, show_default=True, help="Share of the turns."
)
@click.option(
    "--model", metavar="NAME", default="", envvar="MEMENTO_MODEL", help="The model; MEMENTO_MODEL if left out."
)
@click.option(
    "--endpoint", metavar="URL", default="", envvar="MEMENTO_ENDPOINT", help="The server; MEMENTO_ENDPOINT if left out."
)
@click.option(
    "--timeout",
    metavar="S",
    type=click.FloatRange(0.1, 3600),
    default=60.0,
    show_default=True,
    help="Seconds for one answer.",
)
@seed_option("Seed of the choice of turns, sent to the server as well.")
@json_option
def command(
    context: Context,
    revision: str,
    branch: str,
    style: str,
    mode: str,
    share: float,
    model: str,
    endpoint: str,
    timeout: float,
    seed: int,
) -> None:
    """Let a language model say a world's turns in another style, on a new branch.

    Any server of OpenAI's chat completions will do. Answers are recorded in the repository by the hash of
    what was asked, so that --mode replay is exact and needs no server. A seed and temperature 0 are sent,
    but no server promises the same answer twice: the record does. An answer that loses a name, number or
    negation, adds a number or name, or is far longer or shorter, is not taken; tone takes its place. An
    undo takes the branch back; what was answered stays recorded. The key comes from
    MEMENTO_API_KEY and is kept nowhere; the server is never taken from a repository.
    """
    from memento import rng
    from memento.rewriting import Endpoint, Recordings, Rewriter
    from memento.world import tree

    output, workspace = context.output, context.workspace
    repository = workspace.repository
    root = repository.commit_of(revision)
    free_branch(context, branch)
    server = None
    if mode == "record" and endpoint:
        server = Endpoint(endpoint, model, os.environ.get("MEMENTO_API_KEY", "").strip(), timeout)
    rewriter = Rewriter(Recordings(repository), model, mode, server, seed=seed)  # type: ignore[arg-type]
    with Progress(output, f"rewriting {revision}") as progress:
        key = rng.key(seed, "rewrite", root.tree)
        found = rewriter.rewrite(
            workspace.world_at(revision), style, share, key, lambda done, total: progress.report(done, total, "turns")
        )
    after = tree.apply(repository.objects, root.tree, found.delta) if found.delta else root.tree
    with repository.batch(f"rewrite {revision} as {branch}") as batch:
        by = "" if mode == "off" else model
        message = f"rewritten {style} by {by or 'tone'}\n\nRewrite-Style: {style}\nRewrite-Model: {by or 'none'}"
        commit = batch.write(after, message, [root.id])
        batch.start(branch, commit)
    changed = len(found.delta.upserts["turns"]) if found.delta else 0
    fallbacks = sum(found.fallbacks.values())
    if output.json:
        content = {"branch": branch, "commit": commit, "changed": changed, "asked": found.asked}
        output.document("memento.rewrite/1", content | {"replayed": found.replayed, "fallbacks": found.fallbacks})
        return
    output.message(f"Branch {branch} at {short(commit)}: {plural(changed, 'turn')} rewritten")
    output.message(
        f"{plural(found.asked, 'answer')} asked for, {found.replayed:,} from the record, {fallbacks:,} by tone"
    )
    for why, count in found.fallbacks.items():
        output.line(f"  {count:,} by tone: {why}")
