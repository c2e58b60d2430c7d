"""``memento fit``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from memento.cli.arguments import REVISION
from memento.cli.context import Context, define, json_option
from memento.cli.output import Column, plural
from memento.cli.writing import force_option, out_option, ready_if_asked
from memento.errors import UsageError

if TYPE_CHECKING:
    from memento.synthesis.fit import Fit
    from memento.world.world import World


@define(
    """
    memento fit main
    memento fit real -o twin.toml
    memento fit real -o twin.toml && memento generate ./twin.toml
    memento fit commuter --costs main
    """
)
@click.argument("revision", metavar="[REV]", type=REVISION, default="HEAD")
@out_option("The scenario to write, a TOML file.")
@click.option(
    "--costs", "base", metavar="BASE", type=REVISION,
    help="Tell the six costs by which the chain of topics differs from that of BASE.",
)  # fmt: skip
@force_option
@json_option
def command(context: Context, revision: str, out: Path | None, base: str | None, force: bool) -> None:
    """Estimate the scenario that a world's history tells of.

    Arrivals, topics, importance, access counts, births, supersession and the weights of relevance,
    each with a 95% interval. The worlds that `memento generate` makes of the file are twins of the
    one that was fitted: they share its laws and none of its records. For a simulated world the true
    values stand beside the estimates.
    """
    from memento.files import write_text
    from memento.synthesis.fit.fit import fit, interval, planted, shown

    output, workspace = context.output, context.workspace
    revision = workspace.repository.head if revision in ("HEAD", "@") else revision
    ready_if_asked(out, force)
    world = workspace.world_at(revision)
    if base is not None:
        if out is not None:
            raise UsageError("--costs tells figures, and -o writes a scenario", "leave out one of them")
        _costs(context, revision, world, base)
        return
    found = fit(world, revision)
    truths = planted(world, found)
    if out is not None:
        write_text(out, found.to_toml())
    if output.json:
        output.document("memento.fit/1", _document(world, revision, out, found))
        return
    rows = []
    for key, estimate in found.estimates.items():
        true = truths.get(key)
        beside = (shown(true[0]), "yes" if true[1] else "no") if true else ("", "")
        rows.append((key, shown(estimate.value), interval(estimate), *beside, f"{estimate.n:,} {estimate.of}"))
    columns = [Column("parameter", style="bold"), Column("estimate"), Column("95% interval")]
    columns += [Column("planted"), Column("inside")]
    keep = [0, 1, 2, 3, 4, 5] if truths else [0, 1, 2, 5]
    columns.append(Column("from", long=True))
    output.table([columns[place] for place in keep], [tuple(row[place] for place in keep) for row in rows])
    if truths:
        inside = sum(held for _, held in truths.values())
        output.message(f"{inside} of {plural(len(truths), 'planted value')} inside the interval of its estimate")
    if out is None:
        output.hint(f"write it: `memento fit {revision} -o twin.toml`")
    else:
        output.message(f"Wrote {out}: {plural(len(found.values()), 'parameter')}")
        name = out if out.is_absolute() else f"./{out}"
        output.hint(f"make a twin: `memento generate {name}`")


def _costs(context: Context, revision: str, world: World, base: str) -> None:
    from memento.simulate.markov import COSTS
    from memento.synthesis.fit.costs import costs

    output = context.output
    found = costs(world, context.workspace.world_at(base))
    rows = [
        {"cost": name, "value": float(value), "error": float(error)}
        for name, value, error in zip(COSTS, found.costs, found.errors, strict=True)
    ]
    if output.json:
        content = {"revision": revision, "base": base, "transitions": found.transitions, "costs": rows}
        output.document("memento.fit/1", content | {"log_likelihood": found.likelihood})
        return
    columns = [Column("cost of", style="bold"), Column("nats", right=True), Column("standard error", right=True)]
    output.table(columns, [(row["cost"], f"{row['value']:+.3f}", f"{row['error']:.3f}") for row in rows])
    output.message(f"From {found.transitions:,} moves of {revision}, beside the chain of {base}; costs have mean 0")


def _document(world: World, revision: str, out: Path | None, found: Fit) -> dict[str, Any]:
    from memento.synthesis.fit.fit import planted

    truths = planted(world, found)
    estimates = []
    for key, estimate in found.estimates.items():
        row: dict[str, Any] = {"key": key, "value": estimate.value, "low": estimate.low, "high": estimate.high}
        row |= {"n": estimate.n, "of": estimate.of}
        if key in truths:
            row |= {"planted": truths[key][0], "inside": truths[key][1]}
        estimates.append(row)
    return {"revision": revision, "file": str(out) if out else None, "estimates": estimates, "fixed": dict(found.fixed)}
