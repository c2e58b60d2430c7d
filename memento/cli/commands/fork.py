"""``memento fork``."""

from __future__ import annotations

import click

from memento.cli.arguments import instant_of, instant_options
from memento.cli.completion import revisions
from memento.cli.completion import settings as parameters
from memento.cli.context import Context, define, json_option
from memento.cli.output import Column, plural
from memento.cli.present import short
from memento.cli.progress import Progress
from memento.errors import UsageError
from memento.world.values import format_time

_SHOWN = 20


@define(
    """
    memento fork main trial
    memento fork main early --at main~3
    memento fork main early --at ~3
    memento fork main what-if --at-session SESSION_ID
    memento fork main what-if --at-time 2026-03-16T09:00:00Z
    memento fork main trial -n 100
    memento fork main tune --sweep patterns.recency.weight=0:1:5 --sweep topics.stickiness=0.2,0.6
    memento fork main tune --sweep memories.births_per_session=0.1:10:4:log --at-time 2026-03-16 --dry-run
    """
)
@click.argument("base", metavar="BASE", shell_complete=revisions)
@click.argument("new", metavar="NEW")
@click.option(
    "--at",
    "at",
    metavar="REV",
    shell_complete=revisions,
    help="Start at this past state of BASE; ~3 is three commits before its tip.",
)
@instant_options
@click.option(
    "-n", "--count", metavar="N", type=click.IntRange(1, 1_000_000), help="Start N branches: NEW-1, NEW-2 and so on."
)
@click.option(
    "--sweep", "sweeps", metavar="KEY=VALUES", multiple=True, shell_complete=parameters,
    help="Simulate BASE again at every value, LOW:HIGH:COUNT, LOW:HIGH:COUNT:log or A,B,C; repeat for a grid.",
)  # fmt: skip
@click.option("-w", "--workers", metavar="W", type=click.IntRange(1, 256), help="Processes of a sweep.")
@click.option("--dry-run", is_flag=True, help="Say how many branches a sweep would make, and about how many bytes.")
@click.option("-s", "--switch", "switch", is_flag=True, help="Make the new branch the current one.")
@json_option
def command(
    context: Context,
    base: str,
    new: str,
    at: str | None,
    session: str | None,
    time: str | None,
    count: int | None,
    sweeps: tuple[str, ...],
    workers: int | None,
    dry_run: bool,
    switch: bool,
) -> None:
    """Start one or many branches from a world.

    NEW begins as BASE is now, or was at REV, and from then on changes on its own. A fork costs the
    same for any size of world.

    With --at-session or --at-time NEW begins as the world of BASE was at that instant of its own time,
    by its records: what came later is not there, what was retired later lives. It parts from the last
    commit before the instant, with a commit of its own where that is inside a week.

    With --sweep there is a branch for every point of a grid of scenario parameters: the world of BASE
    simulated again with them, by common random numbers, from the start or from --at-session or
    --at-time on. Branches are called NEW-DIGITS by their content; worlds that come out equal are one.
    `memento expand BASE --verify` makes them again.
    """
    output, repository = context.output, context.workspace.repository
    if sweeps:
        if count is not None or switch:
            raise UsageError(
                "--sweep makes its own branches, without -n and --switch", "`memento switch BRANCH` goes to one"
            )
        start = base if at is None else _past(context, base, at, new)
        since = "" if session is None and time is None else format_time(instant_of(context, start, session, time))
        _sweep(context, start, new, sweeps, since, workers or 1, dry_run)
        return
    if dry_run or workers is not None:
        raise UsageError("--dry-run and --workers go with --sweep", "see `memento fork --help`")
    if session is not None or time is not None:
        if at is not None or count is not None:
            raise UsageError(
                "--at-session and --at-time go without --at and -n", f"fork NEW again: `memento fork {new} trial -n 9`"
            )
        _in_time(context, base, new, instant_of(context, base, session, time), switch)
        return
    if switch and count is not None:
        raise UsageError(
            "--switch goes with one branch, not with -n", f"`memento fork {base} {new} --switch` starts one"
        )
    revision = base if at is None else _past(context, base, at, new)
    commit = repository.resolve(revision)
    names = repository.fork(revision, new, count, switch)
    if output.json:
        output.document("memento.fork/1", {"base": base, "commit": commit, "branches": names})
    if count is None:
        output.message(f"Branch {names[0]} starts at {revision} ({short(commit)})")
        output.hint(
            f"`memento show {names[0]} --table memories` lists what can be changed, `memento edit --help` says how"
        )
    else:
        span = names[0] if len(names) == 1 else f"{names[0]} … {names[-1]}"
        start = plural(len(names), "branch starts", "branches start")
        output.message(f"{start} at {revision} ({short(commit)}): {span}")
        output.hint(f"`memento branch '{new}-*'` lists them")


def _past(context: Context, base: str, at: str, new: str) -> str:
    """The revision that --at names. Raises `UsageError` for one that is not in the history of `base`."""
    revision = base + at if at[0] in "~^" else at
    if not context.workspace.repository.is_ancestor(revision, base):
        raise UsageError(
            f"{at} is not in the history of {base}",
            f"`memento log {base}` lists it; or start there: `memento fork {at} {new}`",
        )
    return revision


def _sweep(
    context: Context, base: str, new: str, words: tuple[str, ...], since: str, workers: int, dry_run: bool
) -> None:
    from memento.history.names import check_name
    from memento.vary.sweep import estimate, sweep

    output, repository = context.output, context.workspace.repository
    check_name(new)
    commit = repository.resolve(base)
    if dry_run:
        told = estimate(repository, base, new, words, since)
        if output.json:
            content = {"points": told.variants, "names": list(told.names), "bytes": told.bytes}
            output.document("memento.fork/1", {"base": base, "commit": commit, "dry_run": True} | content)
        output.message(f"At most {plural(told.variants, 'branch', 'branches')}, about {told.bytes / 1e6:,.1f} MB")
        output.lines(f"  {name}" for name in told.names)
        output.lines(["  …"] if told.variants > len(told.names) else [])
        return
    with Progress(output, f"sweeping {base}") as progress:
        done = sweep(repository, base, new, words, since, workers, progress.report)
    made = done.made
    if output.json:
        points = [{"parameters": dict(point.values), "branch": point.branch} for point in done.points]
        content = {"branches": [variant.name for variant in made.variants], "points": points, "since": since}
        more = {"identical": made.identical, "known": made.known, "without_a_say": list(done.silent)}
        output.document("memento.fork/1", {"base": base, "commit": commit} | content | more)
        return
    output.message(f"{plural(len(made.variants), 'branch', 'branches')} for {plural(len(done.points), 'point')}")
    if made.identical:
        output.message(f"{plural(made.identical, 'point')} came out as another or as {base}, and share a branch")
    if made.known:
        output.message(f"{plural(made.known, 'branch', 'branches')} there already")
    if done.silent:
        output.message(f"{', '.join(done.silent)} shapes the start of a world alone, and has no say from there on")
    keys = list(done.points[0].values)
    output.table(
        [*(Column(key, right=True) for key in keys), Column("branch", style="bold")],
        [(*(point.values[key] for key in keys), point.branch) for point in done.points[:_SHOWN]],
    )
    if len(done.points) > _SHOWN:
        output.line(f"  and {len(done.points) - _SHOWN:,} more; --json lists all")
    output.hint(
        f"`memento evaluate MODEL BRANCH` judges a scorer on one, `memento query 'name(\"{new}-*\")'` finds them all"
    )


def _in_time(context: Context, base: str, new: str, instant: int, switch: bool) -> None:
    output, repository = context.output, context.workspace.repository
    made = context.workspace.timelines.fork(base, new, instant, switch)
    commit = repository.resolve(new)
    if output.json:
        content = {"base": base, "commit": commit, "branches": [new], "parent": made.parent, "instant": instant}
        output.document("memento.fork/1", content)
    parts = f"parts from {short(made.parent)}" if made.parent else "begins before the first commit, with none before it"
    output.message(f"Branch {new} ({short(commit)}) is {base} at {format_time(instant)}; it {parts}")
    output.hint(f"`memento edit {new} memory:ID FIELD=VALUE` changes it, `memento extend {new} --days 7` goes on")
