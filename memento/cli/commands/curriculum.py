"""``memento curriculum``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from memento.cli.arguments import refuse_unused, seed_option
from memento.cli.commands.recipes import recipes_table
from memento.cli.context import Context, define, json_option
from memento.cli.learning import run_words
from memento.cli.output import Column, Output, plural
from memento.cli.progress import Progress
from memento.cli.writing import force_option, out_option, ready_if_asked, size_words
from memento.errors import UsageError
from memento.models import require_learner

if TYPE_CHECKING:
    from memento.measure.phases import Course
    from memento.measure.recipes import Comparison
    from memento.render.rendering import Rendering


@define(
    """
    memento curriculum --out scorer.safetensors
    memento curriculum --steps 50000 --out scorer.safetensors
    memento curriculum easy medium hard --ends 0.3,0.6 --out scorer.safetensors
    memento curriculum --steps 2000 --compare --seeds 5
    """
)
@click.argument("phases", metavar="[SCENARIO]...", nargs=-1)
@click.option(
    "--ends",
    metavar="SHARE,...",
    help="Where each phase but the last ends, as shares of all steps; evenly if left out.",
)
@out_option("The checkpoint to write.")
@click.option(
    "--steps", metavar="N", type=click.IntRange(1, 10_000_000), default=5000, show_default=True,
    help="Steps in all; 50000 are the seed's.",
)  # fmt: skip
@click.option(
    "--sessions", metavar="N", type=click.IntRange(1, 1_000_000), default=400, show_default=True,
    help="Sessions of each phase, in as many worlds as it takes.",
)  # fmt: skip
@click.option("-m", "--model", metavar="NAME", default="interaction", show_default=True, help="The model to train.")
@click.option(
    "--compare", is_flag=True,
    help="Also train on all phases at once and on the last alone, and tell the gain on the last.",
)  # fmt: skip
@click.option(
    "-n", "--seeds", metavar="N", type=click.IntRange(1, 1000), default=5, show_default=True, help="Seeds of --compare."
)
@seed_option("Seed of worlds and training.")
@force_option
@json_option
def command(
    context: Context,
    phases: tuple[str, ...],
    ends: str | None,
    out: Path | None,
    steps: int,
    sessions: int,
    model: str,
    compare: bool,
    seeds: int,
    seed: int,
    force: bool,
) -> None:
    """Train one scorer through phases of ever harder worlds.

    Simulates worlds of each scenario on branches of their own, trains on one phase after the other, and
    judges the scorer after each on fresh worlds of all. Without SCENARIO these are the seed's four phases,
    curriculum-1 to curriculum-4, which end after 10, 30 and 60% of the steps.
    """
    from memento.measure import phases as course
    from memento.render.rendering import Spec
    from memento.scenario import load

    if out is None and not compare:
        raise UsageError("no file is named for the scorer", "--out FILE, or --compare to measure alone")
    require_learner(model)
    if not compare:
        refuse_unused(("seeds",), "here: they are those of --compare")
    names = phases or course.PHASES
    scenarios = [load(name) for name in names]
    if len({scenario.name for scenario in scenarios}) < len(scenarios):
        raise UsageError("a scenario stands among the phases twice", "name each of them once")
    shares = _ends(ends, len(scenarios), tuple(course.ENDS) if not phases else ())
    path = ready_if_asked(out, force, "--out FILE")
    output, workspace = context.output, context.workspace
    there = set(workspace.repository.branch_names())
    with Progress(output, "simulating", total=len(scenarios)) as progress:
        branches = course.grow(workspace.repository, scenarios, sessions, seed, progress.report)
    spec = Spec()
    groups = {
        scenario.name: [workspace.rendering_at(branch, spec) for branch in group]
        for scenario, group in zip(scenarios, branches, strict=True)
    }
    flat = [branch for group in branches for branch in group]
    try:
        course.options(list(groups.values()), shares, steps, model)
    except UsageError:
        if not set(flat) <= there:
            workspace.repository.undo()
        raise
    held = {scenario.name: course.held_out(scenario, max(200, sessions // 2), seed, spec) for scenario in scenarios}
    found: Course | None = None
    if path is not None:
        from memento.train.checkpoint import save

        with Progress(output, f"training {model}") as progress:
            found = course.run(groups, flat, held, shares, steps, seed, model, progress.report)
        save(found.run, path)
    compared = _compared(output, groups, held, shares, steps, seeds, seed, model) if compare else None
    if output.json:
        document: dict[str, Any] = {"phases": [s.name for s in scenarios], "ends": list(shares), "branches": branches}
        document["file"] = str(path) if path else None
        document["stages"] = [stage.to_map() for stage in found.stages] if found else []
        document["bounds"] = {n: {"chance": a, "ceiling": b} for n, (a, b) in found.bounds.items()} if found else {}
        output.document("memento.curriculum/1", document | {"compared": compared.to_map() if compared else None})
        return
    if found is not None:
        output.line(run_words(found.run))
        _stages(output, found)
        output.message(f"Wrote {path} ({size_words(path)})" if path else "")
    if compared:
        recipes_table(output, compared)
        output.line(
            f"on fresh sessions of {scenarios[-1].name}; {model}, {plural(seeds, 'seed')}; 95% intervals over both"
        )


def _ends(text: str | None, phases: int, otherwise: tuple[float, ...]) -> tuple[float, ...]:
    """Shares of the run from a text; those of the seed, or even ones, without any."""
    if text is None:
        return otherwise or tuple((number + 1) / phases for number in range(phases - 1))
    try:
        found = tuple(float(part) for part in text.split(","))
    except ValueError:
        found = ()
    if len(found) != phases - 1 or sorted(found) != list(found) or not all(0 < share < 1 for share in found):
        raise UsageError(
            f"--ends {text} does not part the run into {plural(phases, 'phase')}",
            "rising shares of the run, one less than phases: --ends 0.1,0.3,0.6",
        )
    return found


def _compared(
    output: Output,
    groups: dict[str, list[Rendering]],
    held: dict[str, list[Rendering]],
    ends: tuple[float, ...],
    steps: int,
    seeds: int,
    seed: int,
    model: str,
) -> Comparison:
    """All phases at once, in order, and the last alone, all in as many steps."""
    from memento.measure import phases as course
    from memento.measure.recipes import Arm, compare

    together = [(rendering, 1.0) for group in groups.values() for rendering in group]
    last = list(groups)[-1]
    ordered = course.options(list(groups.values()), ends, steps, model)
    mixed = {name: value for name, value in ordered.items() if name != "mix"}
    alone = course.options([groups[last]], (), steps, model)
    arms = {
        "all at once": Arm(together, mixed),
        "in order": Arm(together, ordered),
        f"{last} alone": Arm([(rendering, 1.0) for rendering in groups[last]], alone),
    }
    with Progress(output, "comparing", total=len(arms) * seeds) as progress:
        return compare(arms, held[last], seeds, seed, model, progress.report)


def _stages(output: Output, course: Course) -> None:
    """NDCG@10 after each phase on every phase's fresh worlds."""
    columns = [Column("after"), Column("epochs", right=True), *(Column(name, right=True) for name in course.bounds)]
    rows: list[tuple[str, ...]] = [
        (stage.phase, str(stage.epochs), *(_words(stage.figures[name].value) for name in course.bounds))
        for stage in course.stages
    ]
    rows.append(("ceiling", "", *(_words(top) for _, top in course.bounds.values())))
    rows.append(("chance", "", *(_words(low) for low, _ in course.bounds.values())))
    output.table(columns, rows)
    output.line("NDCG@10 on fresh worlds of each phase")


def _words(value: float) -> str:
    return "-" if value != value else f"{value:.3f}"
