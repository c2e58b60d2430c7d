"""``memento export``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from memento.cli.arguments import REVISION
from memento.cli.context import Context, define, json_option
from memento.cli.learning import trained_scorer
from memento.cli.output import Output, plural
from memento.cli.present import short
from memento.cli.writing import force_option, out_option, ready, size_words
from memento.errors import UsageError

FORMATS = ("chat", "preference", "sgpt")


@define(
    """
    memento export main --format chat -o conversations.jsonl
    memento export main --format preference -o pairs.jsonl
    memento export --experiments --format preference -o pairs.jsonl
    memento export model.safetensors --format sgpt -o predictor.ckpt
    """
)
@click.argument("revision", metavar="[REV|CKPT]", type=REVISION, default="HEAD")
@click.option("--format", "form", type=click.Choice(FORMATS), required=True, help="What to write.")
@click.option("--experiments", is_flag=True, help="Write the pairs of closed A/B experiments, not those of REV.")
@out_option("The file to write.", required=True)
@force_option
@json_option
def command(context: Context, revision: str, form: str, experiments: bool, out: Path, force: bool) -> None:
    """Write a world, or a trained scorer, in a format of the outside.

    chat writes the main line of every session as messages, with the memories that were used, for
    fine-tuning; preference writes prompt, chosen and rejected for every pair of alternatives that state
    a preference. One JSON object a line; the same world gives the same bytes.

    sgpt takes a checkpoint of the signet model instead of REV, and writes what Signet's own sidecar loads
    with --checkpoint.
    """
    from memento.files import write_text
    from memento.formats import write

    output = context.output
    if experiments and form != "preference":
        raise UsageError("--experiments are pairs", "write them with --format preference")
    if form == "sgpt":
        _sgpt(output, Path(revision), ready(out, force))
        return
    workspace = context.workspace
    commit = workspace.repository.resolve(revision)
    ready(out, force)
    lines: Iterator[str] = workspace.experiments.pairs() if experiments else write(form, workspace.world_at(revision))
    written = list(lines)
    if not written:
        what = (
            "closed experiments"
            if experiments
            else "alternatives with preferences"
            if form == "preference"
            else "turns"
        )
        raise UsageError(
            f"there is nothing to write: no {what}",
            "`memento expand main --operators alternative` gives answers alternatives with a planted quality"
            if form == "preference"
            else "export a revision with conversations",
        )
    write_text(out, "\n".join(written) + "\n")
    if output.json:
        content = {"file": str(out), "format": form, "revision": revision, "commit": commit, "lines": len(written)}
        output.document("memento.export/1", content)
        return
    of = "closed experiments" if experiments else short(commit)
    output.message(f"Wrote {plural(len(written), 'line')} of {form} from {of} to {out} ({size_words(out)})")


def _sgpt(output: Output, checkpoint: Path, out: Path) -> None:
    """Writes the signet model of a checkpoint as Signet's sidecar loads it."""
    from memento.formats import sgpt

    model = trained_scorer(checkpoint).scorer
    sgpt.write(model, out)
    dimension = int(model.config["dimension"])
    if output.json:
        content = {"file": str(out), "format": "sgpt", "checkpoint": str(checkpoint), "dimension": dimension}
        output.document("memento.export/1", content)
        return
    output.message(f"Wrote the {model.name} model of {checkpoint} as SGPT to {out} ({size_words(out)})")
    if dimension != 768:
        output.hint(
            f"the sidecar loads it when it is started with --native-dim {dimension}; "
            "train on --dimension 768 for a daemon as it comes"
        )
