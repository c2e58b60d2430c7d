"""How the command line names records, pairs of revisions, and seeds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource
from click.shell_completion import CompletionItem

from memento.cli import completion
from memento.errors import InvalidFile, UsageError

if TYPE_CHECKING:
    from memento.cli.context import Context

    _Text = click.ParamType[str]
else:
    _Text = click.ParamType


class _Revision(_Text):
    name = "revision"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        return completion.revisions(ctx, param, incomplete)


REVISION = _Revision()
"""The type of an argument that names one commit."""


def seed_option(words: str, default: int | None = 0) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """``--seed``, whatever it is the seed of."""
    numbers = click.IntRange(0, 2**63 - 1)
    shown = default is not None
    return click.option("-s", "--seed", metavar="N", type=numbers, default=default, show_default=shown, help=words)


def instant_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """``--at-session`` (or ``--from-session``) and ``--at-time``: an instant of simulated time."""
    session = click.option(
        "--at-session", "--from-session", "session", metavar="SESSION", shell_complete=completion.sessions,
        help="The world just before this session starts.",
    )  # fmt: skip
    time = click.option(
        "--at-time", "time", metavar="TIME", help="The world at this time, such as 2026-03-02T09:30:00Z."
    )
    return session(time(function))


def instant_of(context: Context, base: str, session: str | None, time: str | None) -> int:
    """The instant, s UTC, that `instant_options` name in a world. Raises `UsageError` for none or both."""
    from memento.world.values import parse_time

    if (session is None) == (time is None):
        raise UsageError("give one of --at-session and --at-time", f"`memento show {base} --table sessions` lists them")
    if time is not None:
        return parse_time(time, "--at-time")
    return context.workspace.timelines.instant(base, str(session).removeprefix("session:"))


def free_branch(context: Context, name: str) -> str:
    """A name that a new branch can have; checked before any work is done for it. Raises `UsageError`."""
    from memento.history.names import Taken

    Taken(context.workspace.repository.branch_names()).add(name)
    return name


def overrides(settings: Sequence[str], hint: str, own: Sequence[str] = (), option: str = "--set") -> dict[str, str]:
    """The parameters that ``--set KEY=VALUE`` changes, each once; those in `own` are options.

    `option` is where they were given. Raises `InvalidFile` with every fault.
    """
    found: dict[str, str] = {}
    faults: list[str] = []
    for setting in settings:
        key, _, value = (part.strip() for part in setting.partition("="))
        if not key or not value:
            faults.append(f"{setting!r} is not KEY=VALUE")
        elif key in found:
            faults.append(f"{key} is set twice")
        elif key in own:
            faults.append(f"{key} has an option of its own: --{key} {value}")
        found[key] = value
    if faults:
        raise InvalidFile(option, faults, hint)
    return found


@dataclass(frozen=True, slots=True)
class RecordName:
    """A record as the command line names it. `table` is the plural name, `revision` may be empty."""

    table: str
    key: str
    revision: str = ""

    def __str__(self) -> str:
        from memento.world.records import TABLES

        return f"{TABLES[self.table].singular}:{self.key}"


def is_record(text: str) -> bool:
    """Whether an argument names a record; a revision has a colon in ``:/WORDS`` and in braces alone."""
    kind, colon, _ = text.partition(":")
    return bool(kind and colon) and "{" not in kind


def record_name(text: str) -> RecordName:
    """The record that ``memory:ID`` or ``memory:ID@REV`` names.

    Raises `UsageError` for another shape, `NotFound` for a kind of record that there is not.
    """
    from memento.world.records import schema_of

    kind, colon, rest = text.partition(":")
    key, at, revision = rest.partition("@")
    if not colon or not kind or not key or (at and not revision):
        raise UsageError(f"{text!r} names no record", "write it as memory:ID or memory:ID@REV")
    return RecordName(schema_of(kind).name, key, revision)


def split_records(arguments: Sequence[str]) -> tuple[list[str], list[RecordName]]:
    """Arguments parted into revisions and records."""
    revisions = [text for text in arguments if not is_record(text)]
    return revisions, [record_name(text) for text in arguments if is_record(text)]


def two_worlds(context: Context, revisions: Sequence[str]) -> tuple[str, str]:
    """The two revisions that ``A B``, ``A..B`` or ``A...B`` compares, as git reads them.

    One revision is compared with the current branch, none shows the last commit's change. An end
    left out of ``A..`` is HEAD. ``A...B`` is what B changed since it parted from A.
    """
    if len(revisions) > 2:
        raise UsageError(f"a comparison takes two revisions, not {len(revisions)}", "see `memento diff --help`")
    if len(revisions) == 2:
        return revisions[0], revisions[1]
    if not revisions:
        return "HEAD~1", "HEAD"
    old, dots, new = revisions[0].partition("...")
    if dots:
        old, new = old or "HEAD", new or "HEAD"
        bases = context.workspace.repository.merge_bases(old, new)
        if not bases:
            raise UsageError(
                f"{old} and {new} have no commit in common", f"compare them as they are: `memento diff {old} {new}`"
            )
        return bases[0], new
    old, dots, new = revisions[0].partition("..")
    return old or "HEAD", new or "HEAD"


def refuse_unused(parameters: Sequence[str], why: str) -> None:
    """Raises `UsageError` for those of some parameters that were given, though they have no use here."""
    ctx = click.get_current_context()
    given = {name for name in parameters if ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE}
    flags = [
        max(parameter.opts, key=len) if isinstance(parameter, click.Option) else (parameter.metavar or "").strip("[]")
        for parameter in ctx.command.params
        if parameter.name in given
    ]
    if flags:
        one = len(flags) == 1
        raise UsageError(
            f"{', '.join(flags)} {'has' if one else 'have'} no use {why}", f"leave {'it' if one else 'them'} out"
        )
