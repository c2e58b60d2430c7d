"""``memento expand``."""

from __future__ import annotations

import fnmatch
from dataclasses import asdict

import click

from memento.cli.arguments import seed_option
from memento.cli.completion import operators, revisions
from memento.cli.context import Context, define, json_option
from memento.cli.failure import CONFLICT
from memento.cli.output import Column, plural
from memento.cli.present import short
from memento.cli.progress import Progress
from memento.errors import UsageError


@define(
    """
    memento expand main --operators tone,paraphrase,reschedule:to=night --fanout 4 --depth 3
    memento expand main --operators jitter,drop:share=0.2
    memento expand main --ledger
    memento expand main --operators shift --fanout 1000 --dry-run
    memento expand main --verify
    memento expand --list
    """
)
@click.argument("base", metavar="[BASE]", default="HEAD", shell_complete=revisions)
@click.option(
    "-o", "--operators", "words", metavar="OP[,OP]...", multiple=True, shell_complete=operators,
    help="Operators that the children of a world take in turn; OP:key=value gives a parameter.",
)  # fmt: skip
@click.option("-d", "--depth", metavar="D", type=click.IntRange(1), default=1, show_default=True, help="Levels.")
@click.option(
    "-k", "--fanout", metavar="K", type=click.IntRange(1), default=4, show_default=True, help="Children of each world."
)
@seed_option("Seed of every draw.")
@click.option("--name", "prefix", metavar="PREFIX", default="", help="Branches are PREFIX-DIGITS; BASE if left out.")
@click.option(
    "-w", "--workers", metavar="W", type=click.IntRange(1, 256), default=1, show_default=True, help="Processes."
)
@click.option("--dry-run", is_flag=True, help="Say how many variants there would be, and about how many bytes.")
@click.option("--verify", is_flag=True, help="Make all variants of BASE again from their parents, and compare.")
@click.option("--no-check", is_flag=True, help="Commit what is not what its operator promises, too.")
@click.option("--ledger", is_flag=True, help="List what made every variant of BASE.")
@click.option("--list", "listing", is_flag=True, help="List the operators and their parameters.")
@json_option
def command(
    context: Context,
    base: str,
    words: tuple[str, ...],
    depth: int,
    fanout: int,
    seed: int,
    prefix: str,
    workers: int,
    dry_run: bool,
    verify: bool,
    no_check: bool,
    ledger: bool,
    listing: bool,
) -> int:
    """Make a tree of variants of a world, each a branch of its own.

    Every world has K children, D levels deep, each made from its parent by an operator. The same
    worlds, operators and seed give the same branches on every machine and with any number of
    workers. Branches are named by their content; worlds that come out equal are one branch. All of it
    is one operation. Every variant is held to what its operator promises: a synonym changes no label, a
    supersession raises none, names and numbers stay. What is not consistent is told and not committed.
    What made a variant stands in its commit: --ledger lists it, and --verify makes it again.
    """
    from memento.vary import expand, parse

    output, repository = context.output, context.workspace.repository if not listing else None
    if sum((dry_run, verify, ledger, listing)) > 1:
        raise UsageError("--dry-run, --verify, --ledger and --list exclude each other")
    if repository is None:
        return _list(context)
    base = repository.head if base == "HEAD" else base
    if verify:
        return _verify(context, base, prefix, workers)
    if ledger:
        return _ledger(context, base, prefix)
    made = parse(words)
    if dry_run:
        told = expand.estimate(repository, base, made, depth, fanout, seed, prefix)
        if output.json:
            content = {"variants": told.variants, "names": list(told.names), "bytes": told.bytes}
            output.document("memento.expand/1", {"base": base, "dry_run": True} | content)
        output.message(f"At most {plural(told.variants, 'variant')}, about {told.bytes / 1e6:,.1f} MB")
        output.lines(f"  {name}" for name in told.names)
        output.lines(["  …"] if told.variants > len(told.names) else [])
        return 0
    with Progress(output, f"expanding {base}") as progress:
        report = progress.report
        found = expand.expand(repository, base, made, depth, fanout, seed, prefix, workers, report, not no_check)
    if output.json:
        fields = ("name", "commit", "tree", "parent", "operator", "depth")
        rows = [{name: getattr(variant, name) for name in fields} for variant in found.variants]
        content = {"base": base, "variants": rows, "identical": found.identical, "known": found.known}
        content["rejected"] = [asdict(one) for one in found.rejected]
        output.document("memento.expand/1", content)
        return 0
    output.message(
        f"{plural(len(found.variants), 'variant')} of {base}, {plural(found.identical, 'identical world')} left out"
    )
    if found.rejected:
        output.warning(f"{plural(len(found.rejected), 'variant')} not consistent and not committed")
        output.lines(f"  {one.operator} of {one.parent}: {one.why}" for one in found.rejected[:5])
        if len(found.rejected) > 5:
            output.line(f"  and {len(found.rejected) - 5:,} more")
    if found.known:
        output.message(f"{plural(found.known, 'branch', 'branches')} there already")
    for variant in found.variants[:5]:
        output.line(f"  {variant.name}  {short(variant.commit)}  {variant.operator} of {variant.parent}")
    if len(found.variants) > 5:
        output.line(f"  and {len(found.variants) - 5:,} more")
    output.hint(f"`memento branch '{prefix or base}-*'` lists them, `memento expand {base} --verify` makes them again")
    return 0


def _ledger(context: Context, base: str, prefix: str) -> int:
    from memento.vary import expand

    output, repository = context.output, context.workspace.repository
    names = repository.containing(base)
    if prefix:
        names = [name for name in names if fnmatch.fnmatchcase(name, f"{prefix}-*")]
    entries = expand.ledger(repository, names)
    if output.json:
        output.document("memento.expand/1", {"base": base, "ledger": [asdict(entry) for entry in entries]})
        return 0
    if not entries:
        output.message(f"No branch holds a variant of {base}")
        return 0
    columns = [
        Column("branch", style="bold"),
        Column("of"),
        Column("operator"),
        Column("draw"),
        Column("parameters", long=True),
    ]
    rows = [
        (entry.name, short(entry.parent), entry.operator, f"{entry.seed}/{entry.child}",
         " ".join(f"{key}={value}" for key, value in entry.parameters.items() if value != ""))
        for entry in entries
    ]  # fmt: skip
    output.table(columns, rows)
    return 0


def _verify(context: Context, base: str, prefix: str, workers: int) -> int:
    from memento.vary import expand

    output, repository = context.output, context.workspace.repository
    names = repository.containing(base)
    if prefix:
        names = [name for name in names if fnmatch.fnmatchcase(name, f"{prefix}-*")]
    with Progress(output, "making again") as progress:
        checked = expand.verify(repository, names, workers, progress.report)
    wrong = [one for one in checked if one.why]
    if output.json:
        rows = [{"name": one.name, "commit": one.commit, "why": one.why} for one in wrong]
        output.document("memento.expand/1", {"base": base, "verified": len(checked) - len(wrong), "wrong": rows})
    elif not checked:
        output.message(f"No branch holds a variant of {base}")
    else:
        output.lines(f"{one.name}: {one.why}" for one in wrong)
        output.message(f"{plural(len(checked) - len(wrong), 'variant')} of {len(checked):,} made again, byte for byte")
    return CONFLICT if wrong else 0


def _list(context: Context) -> int:
    from memento.vary import CATALOG

    output = context.output
    rows = [(name, CATALOG[name], row.summary) for name, row in CATALOG.rows.items()]
    if output.json:
        fields = ("name", "default", "doc", "unit", "low", "high", "kind")
        content = {
            name: {"summary": said, "formula": made.formula}
            | {"parameters": [{f: getattr(spec, f) for f in fields} for spec in made.parameters()]}
            for name, made, said in rows
        }
        output.document("memento.expand/1", {"operators": content})
        return 0
    columns = [
        Column("operator", style="bold"),
        Column("parameter"),
        Column("default", right=True),
        Column("meaning", long=True),
    ]
    cells: list[tuple[object, ...]] = []
    for name, made, said in rows:
        cells.append((name, "", "", said))
        for spec in made.parameters():
            bounds = f", from {spec.low:g} to {spec.high:g} {spec.unit}".rstrip() if spec.kind != "text" else ""
            cells.append(("", spec.name, spec.default, f"{spec.doc}{bounds}"))
    output.table(columns, cells)
    return 0
