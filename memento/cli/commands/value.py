"""``memento value``."""

from __future__ import annotations

import fnmatch
from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from memento.cli.arguments import REVISION, refuse_unused, seed_option
from memento.cli.completion import branches
from memento.cli.context import Context, define, json_option
from memento.cli.output import Column
from memento.cli.progress import Progress
from memento.errors import NotFound, UsageError
from memento.models import require_learner

if TYPE_CHECKING:
    from memento.measure.value import Value
    from memento.render import Rendering


@define(
    """
    memento value 'main-*' --base main
    memento value 'main-*' --base main --against held-out
    memento value 'main-*' --base main --against held-out --curve
    memento value 'main-*' --json
    """
)
@click.argument("patterns", metavar="PATTERN...", nargs=-1, required=True, shell_complete=branches)
@click.option("--base", metavar="REV", type=REVISION, default="HEAD", help="What variants are compared with.")
@click.option("--against", metavar="REV", type=REVISION, help="Train, and tell the gain on this held-out revision.")
@click.option("--model", metavar="NAME", default="linear", show_default=True, help="The model that is trained for it.")
@click.option(
    "--epochs", metavar="N", type=click.IntRange(1), help="Epochs at most; the model's own number if left out."
)
@click.option("--curve", is_flag=True, help="Tell the NDCG over the number of worlds that were trained on.")
@seed_option("Seed of training and of intervals.")
@json_option
def command(
    context: Context,
    patterns: tuple[str, ...],
    base: str,
    against: str | None,
    model: str,
    epochs: int | None,
    curve: bool,
    seed: int,
) -> None:
    """Rank variants by what they are worth.

    By novelty: how far their sessions lie from the nearest ones of the base and of other variants, and how
    many of their words' runs are new. With --against also by what training on base and variant together
    gains on a revision that neither has seen, with an interval. memento prune --by value lets the least
    valuable go. With --curve models are trained on ever more variants together, and a plateau less a
    mixture of exponentials is fitted to what they reach on that revision.
    """
    output = context.output
    require_learner(model)
    if not against and not curve:
        refuse_unused(("model", "epochs"), "without --against, which trains")
    names = matching(context, patterns)
    if curve:
        if not against:
            raise UsageError("a curve needs a revision to judge by", "--against REV, one that no variant comes of")
        _curve(context, names, base, against, model, epochs, seed)
        return
    with Progress(output, "valuing") as progress:
        found = ranked(context, names, base, against or "", model, epochs, seed, progress)
    if output.json:
        fields = ("name", "features", "text", "gain", "low", "high")
        rows = [{f: getattr(v, f) for f in fields} | {"novelty": v.novelty, "worth": v.worth} for v in found]
        output.document("memento.value/1", {"base": base, "against": against, "variants": rows})
        return
    from memento.validate.intervals import between

    columns = [Column("variant", style="bold"), Column("novelty", right=True), Column("features", right=True)]
    columns += [Column("text", right=True)]
    if against:
        columns += [Column(f"gain on {against}", right=True), Column("95% interval")]
    rows_ = []
    for v in found:
        cells: tuple[object, ...] = (v.name, f"{v.novelty:.3f}", f"{v.features:.3f}", f"{v.text:.3f}")
        if against and v.gain is not None:
            cells += (f"{v.gain:+.4f}", between(v.low, v.high, "+.4f"))
        rows_.append(cells)
    output.table(columns, rows_)
    output.hint(f"`memento prune {patterns[0]!r} --keep {max(1, len(found) // 2)} --by value --base {base} --dry-run`")


def _curve(
    context: Context, names: list[str], base: str, against: str, model: str, epochs: int | None, seed: int
) -> None:
    from memento.measure.scaling import scaling

    output = context.output
    with Progress(output, "training") as progress:
        found = scaling(names, base, _renderer(context, base), against, model, epochs, seed, progress.report)
    fitted = found.curve.at([point.worlds for point in found.points]).tolist()
    if output.json:
        rows = [asdict(point) | {"fitted": value} for point, value in zip(found.points, fitted, strict=True)]
        content = {"base": base, "against": against, "points": rows, "plateau": found.curve.plateau}
        output.document("memento.value/1", content | {"error": found.curve.error})
        return
    from memento.validate.intervals import between

    columns = [
        Column("worlds", right=True), Column(f"NDCG@10 on {against}", right=True), Column("95% interval"),
        Column("fitted", right=True),
    ]  # fmt: skip
    output.table(columns, [
        (f"{point.worlds:,}", f"{point.ndcg:.3f}", between(point.low, point.high), f"{value:.3f}")
        for point, value in zip(found.points, fitted, strict=True)
    ])  # fmt: skip
    output.line(f"plateau {found.curve.plateau:.3f}, off by {found.curve.error:.4f} on average")


def matching(context: Context, patterns: tuple[str, ...]) -> list[str]:
    """The branches that match any pattern. Raises `NotFound` for a pattern that none does."""
    names = context.workspace.repository.branch_names()
    for pattern in patterns:
        if not fnmatch.filter(names, pattern):
            raise NotFound("branch", pattern, names, "`memento branch` lists them")
    return [name for name in names if any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)]


def ranked(
    context: Context,
    names: list[str],
    base: str,
    against: str,
    model: str,
    epochs: int | None,
    seed: int,
    progress: Progress,
) -> list[Value]:
    """The values of some branches, the most valuable first."""
    from memento.measure.value import rank

    repository = context.workspace.repository
    return rank(repository, names, base, _renderer(context, base), against, model, epochs, seed, progress.report)


def _renderer(context: Context, base: str) -> Callable[[str], Rendering]:
    """What renders revisions as the base is labelled."""
    from memento.measure.value import spec_of

    spec = spec_of(context.workspace.labels_of(base))

    def rendered(revision: str) -> Rendering:
        try:
            return context.workspace.rendering_at(revision, spec)
        except NotFound:
            raise
        except UsageError as error:
            raise UsageError(
                f"{revision}: {error.message}", f"compare worlds that are labelled as the base is: {spec.labels}"
            ) from None

    return rendered
