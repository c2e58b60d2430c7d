"""``memento tstr``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from memento.cli.arguments import refuse_unused, seed_option
from memento.cli.context import Context, define, json_option
from memento.cli.learning import figure_words
from memento.cli.output import Column, Output, plural
from memento.cli.progress import Progress
from memento.cli.protocol import options_of, role_options, roles, training_options

if TYPE_CHECKING:
    from memento.validate.fidelity import Fidelity
    from memento.validate.tstr import Outcome


@define(
    """
    memento tstr --real talk1 --real talk2 --test talk3 --synthetic twin1 --synthetic twin2
    memento tstr --real main --split 0.7 --synthetic twin --seeds 3
    memento tstr --real talk1 --test talk3 --synthetic twin1 --fidelity --json
    """
)
@role_options
@training_options
@click.option("--fidelity", "faithful", is_flag=True, help="Also tell how like the real sessions the synthetic are.")
@click.option(
    "--steps", metavar="N", type=click.IntRange(1, 100_000), default=2_000, show_default=True,
    help="Steps of the judges of --fidelity that learn.",
)  # fmt: skip
@seed_option("Seed of subsets, intervals and the first training.")
@json_option
def command(
    context: Context, real: tuple[str, ...], test: tuple[str, ...], synthetic: tuple[str, ...], split: float | None,
    model: str, seeds: int, epochs: int | None, patience: int | None,
    settings: tuple[str, ...], faithful: bool, steps: int, dimension: int,
    context_kind: str, seed: int,
) -> None:  # fmt: skip
    """Train on synthetic and test on real sessions, and the other three ways.

    TRTR trains and tests on real sessions, TSTR trains on synthetic ones, TRTS and TSTS test on later
    synthetic ones. Trainings have equally many sessions; where synthetic ones are more, all of them are
    tried too. Figures are NDCG@10 with 95% intervals over sessions and seeds. A training set that knows
    the test, by commit, session, question or memory, is refused, and told what leaks.
    """
    options = options_of(epochs, patience, settings)
    if not faithful:
        refuse_unused(("steps",), "here: they are those of --fidelity, and --epochs are training's")
    with Progress(context.output, "rendering"):
        named = roles(context, real, test, synthetic, split, dimension, context_kind)
    from memento.validate.fidelity import fidelity
    from memento.validate.tstr import tstr

    output = context.output
    with Progress(output, "training") as progress:

        def show(done: int, total: int, note: str) -> None:
            progress.update(done, total, note)

        found = tstr(named.real, named.test, named.synthetic, model, seeds, seed, show, **options)
    alike: Fidelity | None = None
    if faithful:
        from memento.validate.fidelity.rows import joined

        with Progress(output, "comparing"):
            alike = fidelity(joined(named.real), joined(named.synthetic), steps, seed)
    if output.json:
        content: dict[str, Any] = {"real": list(real), "test": list(test), "synthetic": list(synthetic), "split": split}
        content |= found.to_map() | {"fidelity": alike.to_map() if alike else None}
        output.document("memento.tstr/1", content)
        return
    tables(output, found)
    if alike is not None:
        output.line()
        fidelity_table(output, alike)


def tables(output: Output, found: Outcome) -> None:
    """The four figures, what they are beside, and their ratios."""
    meaning = {
        "TRTR": "real", "TSTR": "synthetic", "TSTR, all": "synthetic", "TRTS": "real", "TSTS": "synthetic",
    }  # fmt: skip
    rows = [
        (name, meaning[name], f"{found.trained[name]:,}", "synthetic" if name.endswith("TS") else "real",
         figure_words(found.rows[name]))
        for name in meaning if name in found.rows
    ]  # fmt: skip
    rows += [(name, "nothing", "", "real", figure_words(figure)) for name, figure in found.beside.items()]
    columns = [Column("", style="bold"), Column("trained on"), Column("sessions", right=True), Column("tested on")]
    output.table([*columns, Column("NDCG@10", right=True)], rows)
    for name, figure in found.ratio.items():
        output.line(f"{name}: {figure_words(figure)}")
    for name, figure in found.difference.items():
        output.line(f"{name}: {figure.words('+.3f') or '-'}")
    output.line(
        f"{found.model}, {plural(found.seeds, 'seed')}, {plural(found.tested, 'real session')} and "
        f"{plural(found.asked, 'synthetic session')} tested on; 95% intervals over sessions and seeds"
    )


def fidelity_table(output: Output, found: Fidelity) -> None:
    """Every measure beside its goal and what two halves of the real sessions show."""
    from memento.validate.fidelity import GOALS

    columns = [Column("measure", style="bold"), Column("synthetic", right=True), Column("real halves", right=True)]
    columns += [Column("best", right=True), Column("what it is", long=True)]
    rows = [
        (name, f"{found.measures[name]:.3f}", f"{found.calibration[name]:.3f}", goal, words)
        for name, (goal, words) in GOALS.items()
    ]
    output.table(columns, rows)
    worst = sorted(found.columns.items(), key=lambda item: item[1])[:4]
    told = ", ".join(f"{name} {score:.2f}" for name, score in worst)
    output.line(f"{plural(found.sessions, 'session')} of each compared; least alike are {told}")
