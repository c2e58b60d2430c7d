"""What every command has at hand: the folder it works in, the repository, and its output."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from memento.cli.output import Output

if TYPE_CHECKING:
    from memento.workspace import Workspace


_LAST = "refs/memento/operations"
_COUNT = re.compile(r"-[1-9][0-9]*")


@dataclass
class Context:
    """One run of the command line. `directory` is where the search for the repository starts."""

    directory: Path | None = None
    output: Output = field(default_factory=Output)
    _begin: str = field(default="", init=False, repr=False)

    @cached_property
    def workspace(self) -> Workspace:
        """The repository, opened on first use; raises `RepositoryNotFound`."""
        from memento.workspace import Workspace

        workspace = Workspace.open(self.directory)
        workspace.gate.tell = self.output.message
        self._begin = workspace.repository.refs.read(_LAST)
        at = workspace.repository.refs.read("HEAD")
        branch = at.removeprefix("refs/heads/")
        self.output.detail(f"Repository {workspace.repository.path}, {'branch' if branch != at else 'at'} {branch}")
        return workspace

    def done(self) -> str:
        """The last change of the repository since it was opened, in words; empty where there was none."""
        from memento.errors import MementoError

        if "workspace" not in self.__dict__:
            return ""
        repository = self.workspace.repository
        try:
            if repository.refs.read(_LAST) != self._begin:
                return next(operation.description for operation in repository.operations(1))
        except (MementoError, OSError, StopIteration):
            pass
        return ""


class Command(click.Command):
    """A command of memento: an example in its help, and global options accepted after its name."""

    def __init__(self, *args: Any, examples: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.examples = [line.strip() for line in examples.strip().splitlines()]
        taken = {name for parameter in self.params for name in (*parameter.opts, *parameter.secondary_opts)}
        self.params += [option for option in _global_options() if not taken & {*option.opts, *option.secondary_opts}]

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Also takes ``-5`` for ``-n 5``, where there is such an option."""
        if any("-n" in parameter.opts for parameter in self.params):
            taking = {
                name for option in self.params if isinstance(option, click.Option)
                if not option.is_flag and not option.count for name in option.opts
            }  # fmt: skip
            args = [
                part for before, word in pairwise(["", *args])
                for part in (("-n", word[1:]) if _COUNT.fullmatch(word) and before not in taking else (word,))
            ]  # fmt: skip
        if not ctx.resilient_parsing:
            self._refuse_odd_values(ctx, args)
        return super().parse_args(ctx, args)

    def _refuse_odd_values(self, ctx: click.Context, args: list[str]) -> None:
        """Raises `click.BadParameter` for a value that is empty or blank, and for a number that is not finite.

        What stands behind ``--`` is another program's business.
        """
        own = args[: args.index("--")] if "--" in args else list(args)
        given, _, _ = self.make_parser(ctx).parse_args(own)
        for parameter in self.params:
            value = given.get(parameter.name or "")
            for word in value if isinstance(value, list | tuple) else (value,):
                if not isinstance(word, str):
                    continue
                if not word.strip() and parameter.name not in _MAY_BE_BLANK:
                    raise click.BadParameter("it is empty.", ctx, parameter)
                if isinstance(parameter.type, click.types.FloatParamType) and not _finite(word):
                    raise click.BadParameter(f"{word!r} is not a finite number.", ctx, parameter)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        if self.examples:
            with formatter.section("Examples"):
                formatter.write("".join(f"{'':{formatter.current_indent}}{line}\n" for line in self.examples))
        super().format_epilog(ctx, formatter)


_MAY_BE_BLANK = frozenset({"message", "value", "pattern"})
"""Words for people, what a setting is set to, and what is looked for."""


def _finite(word: str) -> bool:
    """Whether a word is a finite number, or none at all, which its type refuses."""
    try:
        return math.isfinite(float(word))
    except ValueError:
        return True


def define(examples: str, **settings: Any) -> Callable[[Callable[..., Any]], click.Command]:
    """Makes a function a command whose first argument is the `Context`; `examples` end its help.

    Its docstring is the help, the first line the summary. What it returns is the exit code.
    """

    def make(function: Callable[..., Any]) -> click.Command:
        return click.command(cls=Command, examples=examples, **settings)(click.pass_obj(function))

    return make


json_option = click.option(
    "--json", "as_json", is_flag=True, expose_value=False, callback=lambda c, p, v: set_json(c, v), is_eager=True,
    help="Print one JSON document on stdout and nothing else.",
)  # fmt: skip


def set_json(ctx: click.Context, value: bool) -> None:
    if value:
        ctx.ensure_object(Context).output.json = True


def set_global(ctx: click.Context, parameter: click.Parameter, value: Any) -> None:
    """Applies a global option wherever on the line it stands."""
    context = ctx.ensure_object(Context)
    if value in (None, False, 0) and parameter.name != "global_color":
        return
    if parameter.name == "global_directory":
        if not value.strip():
            raise click.BadParameter("it is empty.", ctx, parameter)
        context.directory = Path(value)
    elif parameter.name == "global_quiet":
        context.output.quiet = True
    elif parameter.name == "global_verbose":
        context.output.verbose = int(value)
    elif value is not None:
        context.output.color = value
        ctx.color = value


_HELP = {
    "C": "Use the repository in DIR or above it [MEMENTO_DIR].",
    "q": "Only what was asked for: no messages, progress or hints.",
    "v": "Say more; a traceback for unexpected errors.",
    "color": "Colour always or never [NO_COLOR, FORCE_COLOR].",
}


def _global_options(hidden: bool = True) -> list[click.Option]:
    """The options that stand before a command's name, or hidden from its help after it."""
    shared: dict[str, Any] = {"callback": set_global, "expose_value": False, "hidden": hidden, "is_eager": True}
    return [
        click.Option(["-C", "global_directory"], metavar="DIR", help=_HELP["C"], **shared),
        click.Option(["-q", "--quiet", "global_quiet"], is_flag=True, help=_HELP["q"], **shared),
        click.Option(["-v", "--verbose", "global_verbose"], count=True, help=_HELP["v"], **shared),
        click.Option(["--color/--no-color", "global_color"], default=None, help=_HELP["color"], **shared),
    ]


def global_options() -> list[click.Option]:
    """The options of ``memento`` itself."""
    return _global_options(hidden=False)
