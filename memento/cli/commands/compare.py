"""``memento compare``."""

from __future__ import annotations

from pathlib import Path

import click

from memento.cli import completion
from memento.cli.context import Context, define, json_option
from memento.cli.filtering import metrics as metric_names
from memento.cli.output import Column
from memento.cli.picturing import PICTURES, picture_option, write_picture
from memento.cli.present import short
from memento.cli.writing import force_option, ready_if_asked, size_words


@define(
    """
    memento compare 1f2e3d 4a5b6c
    memento compare 1f2e3d 4a5b6c --metric ndcg --metric canary.recency
    memento compare --of main --over-seeds -o runs.html
    """
)
@click.argument("ids", metavar="[RUN...]", nargs=-1, shell_complete=completion.run_ids)
@click.option("--of", "revision", metavar="REV", help="All runs in the history of a revision.")
@click.option(
    "--metric",
    "metrics",
    metavar="NAME",
    multiple=True,
    shell_complete=metric_names,
    help="A figure to show; may be given again.",
)
@click.option("--over-seeds", is_flag=True, help="Runs that differ in their seed alone are one, with the mean.")
@picture_option("Draw figures and how training went")
@force_option
@json_option
def command(
    context: Context,
    ids: tuple[str, ...],
    revision: str | None,
    metrics: tuple[str, ...],
    over_seeds: bool,
    out: Path | None,
    force: bool,
) -> None:
    """Compare runs: their figures side by side, and how training went.

    RUN is the id of a run, as memento runs lists it; the others are held to the first. Intervals of
    differences take runs as independent, which is wider than need be where both were judged on the same
    sessions.
    """
    from memento import __version__
    from memento.errors import UsageError
    from memento.measure.compare import compare, told

    if not ids and revision is None:
        raise UsageError(
            "name runs, or a revision whose runs to compare", "`memento compare --of main`, `memento runs`"
        )
    ready_if_asked(out, force)
    runs = context.workspace.runs
    chosen = [runs.one(one) for one in ids] + (runs.of(revision) if revision is not None else [])
    records = list({record.id: record for record in chosen}.values())
    found = compare(records, metrics, over_seeds)
    if out is not None:
        from memento.measure import compare_page

        write_picture(out, lambda: compare_page.page(found, __version__), lambda: compare_page.image(found))
    output = context.output
    if output.json:
        output.document("memento.compare/1", {**found.to_map(), "file": str(out) if out else None})
        return
    from memento.history.runs import title_of
    from memento.measure.compare_page import words

    titles = list(map(title_of, found.metrics))
    columns = [Column("run", style="yellow"), Column("commit", style="yellow"), Column("model")]
    columns += [Column(name, right=True) for name in (*titles, *found.options)]
    output.table(
        columns,
        (
            [row.name, short(row.records[0].commit), row.records[0].model]
            + [words(row.figures.get(name)) for name in found.metrics]
            + told(row, found.options)
            for row in found.rows
        ),
    )
    output.line()
    output.table(
        [Column("less the first's", style="yellow"), *(Column(name, right=True) for name in titles)],
        (
            [row.name, *(words(row.differences.get(name), sign=True) for name in found.metrics)]
            for row in found.rows[1:]
        ),
    )
    if found.apart:
        output.warning(found.apart)
    if out is not None:
        output.message(f"Wrote {out} ({size_words(out)})")
    else:
        output.hint(f"-o runs.html draws how training went; a name that ends in {PICTURES[-1]} gives one picture")
