"""``memento grep``."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import click

from memento.cli.arguments import REVISION
from memento.cli.completion import tables, text_fields
from memento.cli.context import Context, define, json_option
from memento.cli.output import Output, clean
from memento.errors import UsageError

if TYPE_CHECKING:
    from memento.find.grep import Match

NONE = 1
"""The exit code where nothing matches, as that of git grep."""


@define(
    """
    memento grep deploy
    memento grep -i 'deploy.*(prod|staging)' main~3 --table memories
    memento grep -F 'us-east (old)' --field text -l
    memento grep -c region --all-branches
    """
)
@click.argument("pattern", metavar="PATTERN")
@click.argument("revision", metavar="[REV]", type=REVISION, required=False)
@click.option("-t", "--table", "table", metavar="TABLE", multiple=True, shell_complete=tables,
              help="Only records of this table; repeatable.")  # fmt: skip
@click.option("-f", "--field", "field", metavar="FIELD", multiple=True, shell_complete=text_fields,
              help="Only this field, such as text; repeatable.")  # fmt: skip
@click.option("-i", "--ignore-case", is_flag=True, help="Upper and lower case are one.")
@click.option("-l", "--files-with-matches", "--names", "names", is_flag=True, help="Print only which records match.")
@click.option("-c", "--count", is_flag=True, help="Print only how many lines match, by table and field.")
@click.option("-F", "--fixed-strings", "fixed", is_flag=True, help="PATTERN is plain text.")
@click.option(
    "-E", "--extended-regexp", "extended", is_flag=True, help="PATTERN is a regular expression (the default)."
)
@click.option("--all-branches", "everywhere", is_flag=True, help="Look through the tips of all branches.")
@json_option
def command(
    context: Context,
    pattern: str,
    revision: str | None,
    table: tuple[str, ...],
    field: tuple[str, ...],
    ignore_case: bool,
    names: bool,
    count: bool,
    fixed: bool,
    extended: bool,
    everywhere: bool,
) -> int:
    """Find records whose texts match a pattern.

    Every text field of every record at REV (the current branch if left out) is looked through, line by
    line; what matches is printed as memory:ID.field: text. PATTERN is a regular expression as Python
    has them. One that could take exponential time is refused: a repeat inside a repeat, a repeat of
    alternatives that may begin alike, a reference back to a group; and matching that lasts over 10 s
    is given up. The exit code is 1 where nothing matches.
    """
    if fixed and extended:
        raise UsageError("-F and -E exclude each other")
    if everywhere and revision:
        raise UsageError("--all-branches goes without a revision")
    from memento.find.grep import Grep, text_fields
    from memento.language.matching import compile_pattern

    output, repository = context.output, context.workspace.repository
    grep = Grep(repository.objects, compile_pattern(pattern, fixed, ignore_case), text_fields(table, field))
    if everywhere:
        where = {branch.name: repository.tree_of(branch.commit) for branch in repository.branches()}
    else:
        where = {revision or "HEAD": repository.tree_of(revision or "HEAD")}
    found = {name: grep.matches(tree) for name, tree in where.items()}
    total = sum(map(len, found.values()))
    if output.json:
        maps = [_map(match, name) for name, some in found.items() for match in some]
        content = {"pattern": pattern, "revisions": list(where), "count": total}
        output.document("memento.grep/1", content | ({} if count else {"matches": maps}))
    for name, matches in found.items():
        lead = f"{name}:" if everywhere else ""
        if count:
            counted = Counter(f"{match.table}.{match.field}" for match in matches)
            output.lines(f"{output.paint(lead, fg='cyan')}{what}: {number}" for what, number in counted.items())
        elif names:
            output.lines(f"{output.paint(lead, fg='cyan')}{m}" for m in dict.fromkeys(_name(m) for m in matches))
        else:
            output.lines(f"{output.paint(lead, fg='cyan')}{_line(output, match)}" for match in matches)
    if not total:
        output.message("Nothing matches")
    return 0 if total else NONE


def _name(match: Match) -> str:
    return match.place.removesuffix(f".{match.field}")


def _map(match: Match, revision: str) -> dict[str, Any]:
    return {
        "revision": revision,
        "record": _name(match),
        "table": match.table,
        "key": match.key,
        "field": match.field,
        "line": match.line,
        "text": match.text,
        "spans": [list(span) for span in match.spans],
    }


def _line(output: Output, match: Match) -> str:
    """A match on one line; on a terminal, a window of a long text around the first place."""
    lead = f"{output.paint(match.place, fg='magenta')}: "
    text, start = match.text, 0
    if output.terminal and len(text) > 4 * output.width:
        first = match.spans[0][0] if match.spans else 0
        start = max(0, first - output.width)
        text = text[start : start + 4 * output.width]
    parts, at = ["…" if start else ""], 0
    for low, high in match.spans:
        low, high = max(low - start, 0), min(high - start, len(text))
        if low < high:
            parts += [clean(text[at:low]), output.paint(clean(text[low:high]), fg="red", bold=True)]
            at = high
    end = "…" if start + len(text) < len(match.text) else ""
    return lead + "".join([*parts, clean(text[at:]), end])
