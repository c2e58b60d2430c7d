"""``memento data-saving``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from memento.cli.arguments import seed_option
from memento.cli.context import Context, define, json_option
from memento.cli.learning import figure_words
from memento.cli.output import Column, Output, plural
from memento.cli.picturing import page_option
from memento.cli.progress import Progress
from memento.cli.protocol import options_of, role_options, roles, training_options, turns
from memento.cli.writing import force_option, ready_if_asked, size_words
from memento.errors import UsageError

if TYPE_CHECKING:
    from memento.validate.saving import Saving


def _sizes(ctx: click.Context, param: click.Parameter, value: str | None) -> list[float] | None:
    if value is None:
        return None
    parts = [part.strip() for part in value.split(",")]
    if not all(part.removesuffix("%").isdecimal() and len(part) < 10 for part in parts):
        raise UsageError(
            f"--sizes {value!r} is not a list of whole numbers or percents", "write it as --sizes 0,50,33%"
        )
    shares = [int(part[:-1]) / 100 for part in parts if part.endswith("%")]
    if any(share > 1 for share in shares):
        raise UsageError(f"--sizes {value!r} names more than 100%", "name at most all sessions: 100%")
    return [*(int(part) for part in parts if not part.endswith("%")), *shares]


@define(
    """
    memento data-saving --real talk1 --real talk2 --test talk3 --synthetic twin1 --synthetic twin2 -o saving.html
    memento data-saving --real main --split 0.7 --synthetic twin --sizes 0,20,50 --seeds 3
    memento data-saving -r talk1 -r talk2 -r talk3 -y twin1 -y twin2 -y twin3 --in-turns --sizes 0,33%
    """
)
@role_options
@training_options
@click.option(
    "--in-turns",
    is_flag=True,
    help="In place of --test: each real revision is the test in turn, the others train, and every synthetic one "
    "that does not know the test.",
)
@click.option(
    "--sizes",
    metavar="N,N,...",
    callback=_sizes,
    help="Numbers of real sessions, or percents of them; all of them come last.",
)
@click.option(
    "--synthetic-epochs", metavar="N", type=click.IntRange(1, 10_000), help="Passes over synthetic sessions at most."
)
@page_option("Write a page with the curve")
@force_option
@seed_option("Seed of subsets, intervals and the first training.")
@json_option
def command(
    context: Context, real: tuple[str, ...], test: tuple[str, ...], synthetic: tuple[str, ...], split: float | None,
    in_turns: bool, model: str, sizes: list[float] | None, seeds: int, epochs: int | None, patience: int | None,
    synthetic_epochs: int | None, settings: tuple[str, ...], dimension: int, context_kind: str,
    out: Path | None, force: bool, seed: int,
) -> None:  # fmt: skip
    """Draw the curve of real sessions needed, with and without synthetic ones.

    For ever more real sessions a scorer is trained on them alone, and another, trained on synthetic
    sessions first, is trained on with them at a quarter of the rate. Told is how many real sessions the
    second needs to reach what all of them alone give, with an interval. Sets of real sessions are nested.
    Training that knows the test is refused, as by memento tstr. With --in-turns figures are over the sessions of
    all tests, and a table has each test by itself.
    """
    from memento import __version__
    from memento.files import write_text
    from memento.validate.saving import Turn
    from memento.validate.saving import in_turns as over

    output = context.output
    options = options_of(epochs, patience, settings)
    path = ready_if_asked(out, force)
    if in_turns and (test or split is not None):
        raise UsageError("--in-turns takes no --test and no --split", "every --real REV is the test in its turn")
    with Progress(output, "rendering"):
        if in_turns:
            given = turns(context, real, synthetic, dimension, context_kind)
        else:
            named = roles(context, real, test, synthetic, split, dimension, context_kind)
            given = [Turn("", named.real, named.test, named.synthetic)]
    first: dict[str, Any] = {"epochs": synthetic_epochs} if synthetic_epochs else {}
    with Progress(output, "training") as progress:

        def show(done: int, total: int, note: str) -> None:
            progress.update(done, total, note)

        found, each = over(given, sizes, model, seeds, seed, show, first=first, **options)
    each = each if in_turns else {}
    if path is not None:
        from memento.report.saving_page import page

        tested = "each real one in turn" if in_turns else f"the last {1 - (split or 0):.0%} of each"
        named_roles = [("real", real), ("test", test or (tested,)), ("synthetic", synthetic)]
        write_text(path, page(found, named_roles, __version__, each))
    if output.json:
        content = {"real": list(real), "test": list(test), "synthetic": list(synthetic), "split": split}
        turned = {"turns": {name: one.to_map() for name, one in each.items()}} if in_turns else {}
        file = {"file": str(path) if path else None}
        output.document("memento.data-saving/1", content | found.to_map() | turned | file)
        return
    curve(output, found)
    if each:
        by_test(output, each)
    if path is not None:
        output.message(f"Wrote {path} ({size_words(path)})")


def by_test(output: Output, each: Mapping[str, Saving]) -> None:
    """Each test by itself: what all real sessions alone give, and every point of the other curve."""
    from memento.report.saving_page import turn_rows

    heads, rows = turn_rows(each)
    output.table([Column(head, right=place > 0) for place, head in enumerate(heads)], rows)


def curve(output: Output, found: Saving) -> None:
    """The two curves, and what is needed, in words."""
    from memento.report.saving_page import count, figure_cell, verdict

    columns = [Column("real sessions", right=True), Column("real alone", right=True)]
    columns += [Column(name, right=True) for name in ("synthetic first", "gain", "over all real alone")]
    output.table(columns, [
        (count(p.sessions), figure_words(p.alone) if p.alone else "", figure_words(p.pretrained),
         figure_cell(p.gain, sign=True), figure_cell(p.margin, sign=True))
        for p in found.points
    ])  # fmt: skip
    output.line(verdict(found))
    beside = ", ".join(f"{name} {figure_words(value)}" for name, value in found.beside.items())
    output.line(
        f"{found.model}, {plural(found.seeds, 'seed')}, {plural(found.tested, 'real session')} tested on, "
        f"{plural(found.synthetic, 'synthetic session')}; NDCG@10, 95% intervals; {beside}"
    )
