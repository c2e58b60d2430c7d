"""The entry point. Commands are imported when they are called, so that help and completion are quick."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any, NoReturn

import click

import memento
from memento.cli.commands import COMMANDS, SECTIONS
from memento.cli.context import Context, global_options
from memento.cli.failure import guard
from memento.cli.habits import WORDS
from memento.cli.output import Output
from memento.errors import nearest


class Group(click.Group):
    """The command group: commands from the catalogue, in sections, and errors as exit codes."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        found: click.Command = COMMANDS[cmd_name]
        found.name = cmd_name
        return found

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if name not in COMMANDS and not name.startswith("-"):
            raise _UnknownCommand(name, ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        width = max(map(len, COMMANDS))
        for title, rows in SECTIONS.items():
            if rows:
                with formatter.section(title):
                    formatter.write_dl([(f"{name:{width}}", row.summary.rstrip(".")) for name, row in rows.items()])

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        **extra: Any,
    ) -> Any:
        """Runs one command line and exits with its code (see `memento.cli.failure`)."""
        arguments = list(sys.argv[1:] if args is None else args) or ["--help"]
        if arguments[0] == "help":
            arguments = [*arguments[1:], "--help"]
        if "_MEMENTO_COMPLETE" in os.environ:
            import_module("memento.cli.completion")
        if not standalone_mode or "_MEMENTO_COMPLETE" in os.environ:
            return super().main(arguments, "memento", complete_var, standalone_mode, **extra)
        _tolerate_encoding()
        context = Context(output=Output(color=_color_from_environment()))

        def run() -> Any:
            _answer_interrupts()
            with self.make_context("memento", arguments, obj=context, color=context.output.color, **extra) as ctx:
                return self.invoke(ctx)

        sys.exit(guard(run, arguments, context.output, context.done))


class _UnknownCommand(click.UsageError):
    def __init__(self, name: str, ctx: click.Context) -> None:
        super().__init__(f"no command named {name!r}", ctx)
        near = nearest(name, COMMANDS)
        word = name if name in WORDS or near else next(iter(nearest(name, WORDS)), name)
        if word in WORDS:
            self.hint = WORDS[word]
        elif near:
            self.hint = f"did you mean {' or '.join(near)}?"
        else:
            self.hint = "`memento --help` lists the commands"


def _answer_interrupts() -> None:
    """Makes Ctrl-C an exception again, which `memento.__main__` held back while modules were loaded."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_DFL:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _color_from_environment() -> bool | None:
    """Colour as https://no-color.org asks for: never with NO_COLOR, always with FORCE_COLOR."""
    if os.environ.get("NO_COLOR"):
        return False
    return True if os.environ.get("FORCE_COLOR") else None


def _tolerate_encoding() -> None:
    """Writes out what a terminal's encoding lacks, where it would else be an error."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


@click.group(
    cls=Group,
    params=[*global_options()],
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="memento COMMAND --help shows a command's options and examples.",
)
@click.version_option(memento.__version__, "--version", message="memento %(version)s")
def cli() -> None:
    """git for synthetic agent worlds.

    Fork, edit, diff and merge what an agent knows and did, and turn any revision into tensors.
    """


def _open_streams() -> None:
    """Gives each standard stream that is closed the null device, so that no file of ours takes its number."""
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
        if getattr(sys, name) is None:
            setattr(sys, name, open(number, mode, encoding="utf-8", closefd=False))  # noqa: SIM115


def run() -> NoReturn:
    """Runs one command line and exits with its code."""
    _open_streams()
    cli.main()
    raise SystemExit(0)
