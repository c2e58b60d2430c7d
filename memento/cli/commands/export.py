"""``memento export``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from memento.cli.arguments import REVISION
from memento.cli.context import Context, define, json_option
from memento.cli.exporting import FORMATS, LICENSE, Asked, export
from memento.cli.learning import CONTEXTS, LABELS
from memento.cli.writing import force_option


@define(
    """
    memento export main --format chat -o conversations.jsonl
    memento export main --format preference -o pairs.jsonl
    memento export --experiments --format preference -o pairs.jsonl
    memento export main --format signet -o memories.db
    memento export real --format signet --base ~/.agents/memory/memories.db -o memories.db
    memento export model.safetensors --format sgpt -o predictor.ckpt
    memento export main --format hf --labels clean -o dataset
    """
)
@click.argument("revision", metavar="[REV|CKPT]", type=REVISION, default="HEAD")
@click.option("--format", "form", type=click.Choice(FORMATS), required=True, help="What to write.")
@click.option("--experiments", is_flag=True, help="Write the pairs of closed A/B experiments, not those of REV.")
@click.option(
    "-l", "--labels", type=click.Choice(LABELS),
    help="Tables: what the labels are; signet: the relevance of injected rows. Planted, or observed, if left out.",
)  # fmt: skip
@click.option(
    "--context",
    "context_kind",
    type=click.Choice(CONTEXTS),
    help="Tables: what a session's vector is; query if left out.",
)
@click.option(
    "-d", "--dimension", metavar="N", type=click.IntRange(1, 4096),
    help="Numbers in an embedding; 64 in tables and 768, or that of --base, in a database, if left out.",
)  # fmt: skip
@click.option(
    "--base", metavar="FILE", type=click.Path(path_type=Path),
    help="signet: the database that REV was imported from; what REV did not change stays as it is there.",
)  # fmt: skip
@click.option(
    "--license",
    metavar="ID",
    help=f"Tables: the licence that the card states; {LICENSE}, or unknown for real records, if left out.",
)
@click.option(
    "-o", "--out", "out", metavar="FILE", type=click.Path(path_type=Path), required=True,
    help="The file to write; for hf a folder.",
)  # fmt: skip
@force_option
@json_option
def command(context: Context, revision: str, form: str, out: Path, force: bool, **options: Any) -> None:
    """Write a world, or a trained scorer, in a format of the outside.

    chat writes the main line of every session as messages, with the memories that were used, for
    fine-tuning; preference writes prompt, chosen and rejected for every pair of alternatives that state
    a preference. One JSON object a line.

    signet writes a database that Signet's train_from_db loads. With --base it is the daemon's own, with its
    vectors and all that a world has no place for, and with what REV changed, added and removed.

    sgpt takes a checkpoint of the signet model instead of REV, and writes what Signet's own sidecar loads
    with --checkpoint.

    parquet, npz, safetensors and jsonl write the columns and labels of a rendering as one file, with a card
    beside it that says where they come from; hf writes a folder for datasets.load_dataset, parted by time.
    The same world gives the same bytes.
    """
    output = context.output
    done = export(context, Asked(revision, form, out, force, options))
    if output.json:
        output.document("memento.export/1", done.content)
        return
    for warning in done.warnings:
        output.warning(warning)
    output.message(f"Wrote {done.words}")
    if done.hint:
        output.hint(done.hint)
