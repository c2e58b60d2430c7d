"""``memento recipes``."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import click

from memento.cli.arguments import REVISION, seed_option
from memento.cli.commands.train import settings_of
from memento.cli.context import Context, define, json_option
from memento.cli.learning import labels_option, spec_of
from memento.cli.output import Column, Output, plural
from memento.cli.progress import Progress
from memento.errors import UsageError

if TYPE_CHECKING:
    from memento.measure.recipes import Comparison

TRIED = (
    "curriculum=candidates,snr",
    "negatives=fenrec",
    "augment=slide-window",
    "augment=slide-window,subset-split",
)
"""What is tried where nothing is named."""
_OWN = ("seed", "model")


@define(
    """
    memento recipes --list
    memento recipes main --against held --seeds 5
    memento recipes main --try augment=crop --try 'augment=crop negatives=fenrec:warmup=5'
    memento recipes main --base augment=slide-window --try augment=slide-window,subset-split
    """
)
@click.argument("revisions", metavar="[REV[:WEIGHT]]...", nargs=-1, type=REVISION)
@click.option("--list", "listing", is_flag=True, help="List the parts of recipes with their parameters.")
@click.option(
    "--try", "tried", metavar="KEY=VALUE...", multiple=True,
    help=f"A recipe to compare, as options of training; without any: {'; '.join(TRIED)}.",
)  # fmt: skip
@click.option(
    "--base",
    metavar="KEY=VALUE...",
    default="",
    help="Options of all, and of what they are compared with; plain training if left out.",
)
@click.option(
    "--against", metavar="REV", type=REVISION,
    help="Judge on this revision; the last sessions of the first REV if left out.",
)  # fmt: skip
@click.option("-m", "--model", metavar="NAME", default="interaction", show_default=True, help="The model to train.")
@click.option("-n", "--seeds", metavar="N", type=click.IntRange(1, 1000), default=5, show_default=True, help="Seeds.")
@click.option("-e", "--epochs", metavar="N", type=click.IntRange(1, 10_000), help="Passes at most.")
@labels_option()
@seed_option("The first seed; the others follow it.")
@json_option
def command(
    context: Context,
    revisions: tuple[str, ...],
    listing: bool,
    tried: tuple[str, ...],
    base: str,
    against: str | None,
    model: str,
    seeds: int,
    epochs: int | None,
    labels: str | None,
    seed: int,
) -> None:
    """Measure what training recipes gain.

    Trains on REV with and without each recipe, under the same seeds, and judges on sessions that no
    training saw: NDCG@10, the gain over the plain training with an interval over sessions and seeds,
    and the same with hard negatives among the candidates. A recipe names curriculum, augment, stream, negatives,
    contrast, mix, opponent or targets, and other options of training, parted by spaces.
    """
    output = context.output
    if listing:
        _list(output)
        return
    if not revisions:
        raise UsageError("no revision is named to train on", "`memento recipes main`, or `memento recipes --list`")
    from memento.measure.recipes import Arm, compare
    from memento.train import parse
    from memento.train.config import Config

    shared = settings_of(base.split(), _OWN, "--base") | ({"epochs": epochs} if epochs else {})
    recipes: dict[str, dict[str, Any]] = {}
    for text in ("", *(tried or TRIED)):
        options = shared | settings_of(text.split(), _OWN, "--try")
        Config.of(model, options)
        recipes[text or base or "plain"] = options
    workspace = context.workspace
    weighted = [parse(revision) for revision in revisions]
    spec = spec_of(workspace, weighted[0][0], labels, 64, "query")
    sources = [(workspace.rendering_at(revision, spec), weight) for revision, weight in weighted]
    held = [workspace.rendering_at(against, spec)] if against else []
    arms = {name: Arm(sources, options) for name, options in recipes.items()}
    with Progress(output, "training", total=len(recipes) * seeds) as progress:
        found = compare(arms, held, seeds, seed, model, progress.report)
    if output.json:
        named = {"revisions": list(revisions), "against": against, "model": model, "seeds": seeds}
        output.document("memento.recipes/1", {**named, **found.to_map()})
        return
    recipes_table(output, found)
    judged = against or f"the last sessions of {weighted[0][0]}"
    output.line(f"on {judged}; {model}, {plural(seeds, 'seed')}; 95% intervals over sessions and seeds")


def recipes_table(output: Output, found: Comparison) -> None:
    """Each recipe beside the first; then chance and ceiling of the sessions it was judged on."""
    columns = [Column("recipe", style="bold"), Column("NDCG@10", right=True), Column("gain", right=True)]
    columns += [Column("relative", right=True), Column("with hard negatives", right=True), Column("gain", right=True)]
    columns += [Column("epochs to 99%", right=True)]
    rows = []
    for number, gain in enumerate(found.gains):
        first = number == 0
        relative = "" if first or math.isnan(gain.relative) else f"{gain.relative:+.1%}"
        reached = "-" if math.isnan(gain.reached) else f"{gain.reached:.1f}"
        own = (f"{gain.ndcg.value:.4f}", "" if first else gain.gain.words("+.4f"), relative)
        hard = (f"{gain.hard.value:.4f}", "" if first else gain.hard_gain.words("+.4f"))
        rows.append((gain.name, *own, *hard, reached))
    output.table(columns, rows)
    top = "none known" if math.isnan(found.ceiling) else f"{found.ceiling:.4f}"
    output.line(f"{found.sessions:,} sessions: chance {found.chance:.4f}, ceiling {top}")


def _list(output: Output) -> None:
    """Every part of a recipe, with its parameters and their defaults."""
    from memento.train.parts import KINDS

    described: dict[str, list[dict[str, Any]]] = {
        kind: [
            {
                "name": name,
                "summary": row.summary,
                "parameters": [
                    {"name": p.name, "default": p.default, "unit": p.unit, "meaning": p.doc}
                    for p in catalog[name].parameters()
                ],
            }
            for name, row in catalog.rows.items()
        ]
        for kind, (catalog, _, _) in KINDS.items()
    }
    if output.json:
        output.document("memento.recipes/1", {"parts": described})
        return
    for kind, parts in described.items():
        output.line(f"{kind}=")
        for part in parts:
            output.line(f"  {part['name']}: {part['summary']}")
            for p in part["parameters"]:
                unit = f" {p['unit']}" if p["unit"] else ""
                default = f"{p['default']}{unit}" if p["default"] != "" else "none"
                output.line(f"    {p['name']} ({default}): {p['meaning']}")
