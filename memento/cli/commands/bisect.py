"""``memento bisect``."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from memento.cli.arguments import seed_option
from memento.cli.completion import revisions
from memento.cli.context import Context, define, json_option
from memento.cli.failure import CONFLICT, OK
from memento.cli.filtering import metrics
from memento.cli.learning import episodes_option
from memento.cli.output import Column, plural
from memento.cli.present import commit_lines, commit_map, short
from memento.errors import UsageError
from memento.models import LEARNERS

if TYPE_CHECKING:
    from memento.measure.bisect import Outcome


@define(
    """
    memento bisect run main~20..main -- ./check.sh
    memento bisect run --good v1 --bad main -- python check.py
    memento bisect main~20..main --metric canary.recency --below 0.9
    memento bisect --good v1 --metric ndcg --below 0.8 --checkpoint model.safetensors
    """
)
@click.argument("words", metavar="[run] [GOOD..BAD] [-- CMD...]", nargs=-1, shell_complete=revisions)
@click.option(
    "--good", "good", metavar="REV", multiple=True, shell_complete=revisions, help="A good commit; repeatable."
)
@click.option("--bad", metavar="REV", shell_complete=revisions, help="The bad commit, if not the current branch.")
@click.option(
    "--metric",
    metavar="NAME",
    shell_complete=metrics,
    help="Judge by a metric, such as ndcg or canary.recency, in place of CMD.",
)
@click.option("--below", metavar="X", type=float, help="The metric is bad below X.")
@click.option("--above", metavar="X", type=float, help="The metric is bad above X.")
@click.option("--checkpoint", metavar="FILE", type=click.Path(path_type=Path), help="Judge this scorer on each commit.")
@click.option(
    "-m",
    "--model",
    type=click.Choice(LEARNERS),
    default="interaction",
    show_default=True,
    help="Without --checkpoint, the model to train on each commit.",
)
@click.option("-e", "--epochs", metavar="N", type=click.IntRange(1, 10_000), help="For how many epochs at most.")
@episodes_option
@seed_option("Seed of training, canaries and intervals.")
@json_option
def command(
    context: Context,
    words: tuple[str, ...],
    good: tuple[str, ...],
    bad: str | None,
    metric: str | None,
    below: float | None,
    above: float | None,
    checkpoint: Path | None,
    model: str,
    epochs: int | None,
    episodes: int,
    seed: int,
) -> int:
    """Find the commit that made something bad, by halving.

    CMD is run for one commit after the other with its id in MEMENTO_REV and the repository in
    MEMENTO_DIR. Exit code 0 says good, 125 that it cannot be told, 1 to 127 else bad; anything above
    stops. With --metric a scorer is trained and judged at each step, or the one of --checkpoint is
    judged; figures are kept, so that the same search again costs nothing. No branch is moved.
    The exit code is 1 where skipped commits leave it open which one it is.
    """
    output, workspace = context.output, context.workspace
    from memento.measure.bisect import Bisection, Command, Judge, Measure, bisect
    from memento.measure.trials import Settings

    repository = workspace.repository
    line, starts, end = _ends(words, good, bad)
    if bool(line) == (metric is not None):
        raise UsageError(
            "judge by a command or by --metric, one of them",
            "`memento bisect run GOOD..BAD -- CMD`, `memento bisect GOOD..BAD --metric ndcg --below 0.8`",
        )
    if metric is None and (below is not None or above is not None or checkpoint is not None):
        raise UsageError("--below, --above and --checkpoint go with --metric", "see `memento bisect --help`")
    goods, worst = [repository.resolve(one) for one in starts], repository.resolve(end)
    bisection = Bisection(repository.walker, goods, worst)
    judge: Judge
    if metric is None:
        judge = Command(repository, line, silent=output.json)
    else:
        scorer = None
        if checkpoint is not None:
            from memento.cli.learning import trained_scorer

            scorer = trained_scorer(checkpoint)
        settings = Settings(model, epochs, seed, episodes)
        judge = Measure(repository, metric, below, above, settings, scorer, output.message)
        judge.check_ends(goods, worst)

    def tell(commit: str, left: int) -> None:
        subject = repository.commit_of(commit).subject
        steps = plural(max(1, math.ceil(math.log2(left))), "step")
        output.message(f"{plural(left, 'commit')} left, about {steps}; trying {short(commit)} {subject}")

    return _tell(context, bisect(bisection, judge, tell))


def _ends(words: tuple[str, ...], good: tuple[str, ...], bad: str | None) -> tuple[list[str], list[str], str]:
    """The command, the good revisions and the bad one."""
    line = list(words[1:] if words[:1] == ("run",) else words)
    starts, end = list(good), bad
    if not starts and bad is None and line and ".." in line[0]:
        first, dots, end = line.pop(0).partition("..")
        if end.startswith("."):
            raise UsageError(f"{first}.{dots}{end[1:]!r} has three dots", "write it as GOOD..BAD")
        starts = [first or "HEAD"]
    if not starts:
        raise UsageError("name a commit that is good", "`memento bisect run GOOD..BAD -- CMD`, or --good REV")
    return line, starts, end or "HEAD"


def _tell(context: Context, outcome: Outcome) -> int:
    from memento.cli.changes import stat_lines

    output, workspace = context.output, context.workspace
    repository = workspace.repository
    first = repository.commit_of(outcome.first_bad) if outcome.first_bad else None
    diff = workspace.diff(first.parents[0], first.id) if first and first.parents else None
    if output.json:
        content: dict[str, Any] = {
            "first_bad": commit_map(first) if first else None,
            "changes": diff.stat() if diff is not None else None,
            "suspects": list(outcome.suspects),
            "steps": [{"commit": s.commit, "verdict": s.verdict, "found": s.words} for s in outcome.steps],
        }
        output.document("memento.bisect/1", content)
        return OK if first else CONFLICT
    rows = ((short(s.commit), s.verdict, s.words, repository.commit_of(s.commit).subject) for s in outcome.steps)
    if outcome.steps:
        columns = [Column("commit", style="yellow"), Column("verdict"), Column("found"), Column("subject", long=True)]
        output.table(columns, rows)
        output.line()
    if first is None:
        output.line(f"One of these {len(outcome.suspects)} commits is the first bad one; no more could be told:")
        output.lines(f"  {short(commit)}  {repository.commit_of(commit).subject}" for commit in outcome.suspects)
        return CONFLICT
    output.line(f"{short(first.id)} is the first bad commit, found in {plural(len(outcome.steps), 'step')}")
    output.lines(commit_lines(output, first))
    if diff:
        output.line()
        output.lines(f"  {line}" for line in stat_lines(diff.stat(), diff.manifest_changed))
    output.hint(f"`memento diff {short(first.id)}~1 {short(first.id)}` shows what it changed")
    return OK
