"""``memento matrix``."""

from __future__ import annotations

from pathlib import Path

import click

from memento.cli.arguments import REVISION, seed_option
from memento.cli.context import Context, define, json_option
from memento.cli.output import Column
from memento.cli.picturing import picture_option, write_picture
from memento.cli.progress import Progress
from memento.cli.writing import force_option, ready_if_asked, size_words
from memento.errors import UsageError
from memento.models import LEARNERS


@define(
    """
    memento matrix main trial
    memento matrix main trial yard --model linear --epochs 20
    memento matrix main 'main~8' trial -o matrix.png
    """
)
@click.argument("revisions", metavar="REV REV...", nargs=-1, required=True, type=REVISION)
@click.option(
    "-m", "--model", type=click.Choice(LEARNERS), default="interaction", show_default=True, help="What is trained."
)
@click.option(
    "-e", "--epochs", metavar="N", type=click.IntRange(1, 10_000),
    help="Passes at most; the model's own number if left out.",
)  # fmt: skip
@click.option(
    "--metric",
    metavar="NAME",
    default="ndcg",
    show_default=True,
    help="ndcg, mrr, recall, share, skill, or margin.BASELINE.",
)
@seed_option("Seed of weights, order and intervals.")
@picture_option("Draw the matrix")
@force_option
@json_option
def command(
    context: Context,
    revisions: tuple[str, ...],
    model: str,
    epochs: int | None,
    metric: str,
    seed: int,
    out: Path | None,
    force: bool,
) -> None:
    """Train on each revision, and test on each.

    A row is what was trained on, a column what was tested on: the last fifth of its sessions, which no
    training on it looks at, less those that this training has seen. Chance and the ceiling stand below.
    Figures are kept by world and settings, so that one more revision costs only its own row and column.
    """
    from memento import __version__
    from memento.history.runs import title_of
    from memento.measure import matrix_page
    from memento.measure.matrix import matrix
    from memento.measure.trials import Settings
    from memento.train.config import Config

    output = context.output
    ready_if_asked(out, force)
    Config.of(model, {"epochs": epochs, "seed": seed})
    settings = Settings(model, epochs, seed)
    with Progress(output, "training and testing") as progress:
        found = matrix(
            context.workspace.repository, revisions, settings, metric,
            lambda done, total, note: progress.update(done, total, note),
        )  # fmt: skip
    if not found.cells:
        told = "; ".join(dict.fromkeys(found.faults.values()))
        raise UsageError(f"nothing could be tested: {told}", "name revisions of more sessions")
    if out is not None:
        write_picture(out, lambda: matrix_page.page(found, settings, __version__), lambda: matrix_page.image(found))
    if output.json:
        output.document("memento.matrix/1", {**found.to_map(), "file": str(out) if out else None})
        return
    columns = [Column("trained on", style="bold"), *(Column(name, right=True) for name in found.names)]
    output.table(columns, matrix_page.rows(found))
    for (one, other), why in found.faults.items():
        output.message(f"{found.names[one]} on {found.names[other]}: {why}")
    output.message(f"{title_of(metric)} on the last sessions of each, by {settings}; 95% intervals over sessions")
    if out is not None:
        output.message(f"Wrote {out} ({size_words(out)})")
    else:
        output.hint("-o matrix.png draws it")
