"""The reference page of the command line: ``python -m memento.cli.docs > docs/cli.md``."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import click

from memento.cli.commands import COMMANDS, SECTIONS
from memento.cli.context import Command
from memento.cli.main import cli

_PREFACE = """\
# The command line

Made by `python -m memento.cli.docs > docs/cli.md`; do not edit by hand.

```
memento [GLOBAL OPTIONS] COMMAND [OPTIONS] [ARGUMENTS]
```

Every command works on the repository in the current folder or the nearest one above it; `-C DIR` and the
variable `MEMENTO_DIR` name another. `memento COMMAND --help` shows what stands here.

## How things are named

| written | is |
| --- | --- |
| `main`, `v1` | a branch, a tag |
| `3f2a1c9e`, `3f2a` | a commit, by its id or the beginning of it |
| `HEAD`, `@` | the current branch (`memento switch`); a revision left out means this one |
| `main~3`, `main^` | three commits before `main`, its first parent |
| `@{1}`, `main@{2}` | a branch before its last moves; `HEAD@{1}`: where HEAD was before it moved |
| `main@{2026-03-02}` | the last commit along first parents whose world's clock is at or before that time |
| `@{-1}` | the branch that was current before the last switch |
| `:/words`, `main^{/words}` | the newest commit whose message matches, of all branches or of `main` |
| `memory:ID`, `session:ID`, `candidate:SESSION/MEMORY` | a record, as it is on the branch at hand |
| `memory:ID@main~3` | a record as it was |
| `A..B`, `A...B`, `^A`, `A^!` | for `log`: a range of commits, as git reads it; see [finding](finding.md) |
| `A B`, `A..B` | for `diff`: from A to B |
| `A...B` | for `diff`: what B changed since it parted from A |

Kinds of record: `entity`, `aspect`, `dependency`, `memory`, `session`, `turn`, `candidate`. Times are UTC, written
`2026-03-02T09:30:00Z`, or seconds since 1970; in JSON they are seconds.

## What comes out where

Results go to stdout; messages, warnings, hints and progress go to stderr. On a terminal tables are cut to its width and
long lists stop early; piped, they are plain and whole. Anything that lasts over a second shows a bar on a terminal, and
a line now and then when piped.

With `--json` stdout holds exactly one JSON document, whose `schema` is `memento.COMMAND/1`; the number grows when a key
changes its meaning or goes. A failed command prints `{"schema": "memento.error/1", "error": "…", "hint": "…",
"kind": "…", "exit_code": 2}` there (and the words on stderr), so that stdout can always be parsed. A merge that stops
at conflicts has not failed: it prints its own document and exits with 1. Where objects of a commit are corrupt, `show`
prints what it can read, names the rest under `faults` and exits with 4.

| exit code | meaning |
| --- | --- |
| 0 | done |
| 1 | a merge stopped at conflicts or violations, or a check did not hold |
| 2 | usage: bad input, an unknown name, an invalid file |
| 3 | no repository here |
| 4 | the store or the machine failed: a corrupt object, a full disk, a lock held; the repository is as it was |
| 70 | a fault of memento itself; `-v` shows the traceback |
| 130 | interrupted; the repository is as it was, or the message says what was done before |
| 141 | the reader of a pipe went away |

| variable | effect |
| --- | --- |
| `MEMENTO_DIR` | the folder to look for the repository in, and above |
| `NO_COLOR`, `FORCE_COLOR` | no colour, colour even when piped |
| `VISUAL`, `EDITOR` | the editor of `edit --editor` |

## Completion

Commands, options, branches, tags, record ids, field names, scenarios and open conflicts complete in the shell:

```
eval "$(_MEMENTO_COMPLETE=bash_source memento)"    # in ~/.bashrc
eval "$(_MEMENTO_COMPLETE=zsh_source memento)"     # in ~/.zshrc
_MEMENTO_COMPLETE=fish_source memento | source     # in ~/.config/fish/config.fish
```
"""


def reference() -> str:
    """The page, as Markdown."""
    lines = [_PREFACE, "## Global options", "", *_options(cli.params), ""]
    for section, rows in SECTIONS.items():
        if rows:
            lines += [f"## {section}", ""]
            for name in rows:
                lines += _command(name)
    return "\n".join(lines).rstrip() + "\n"


def _command(name: str) -> Iterator[str]:
    command: click.Command = COMMANDS[name]
    ctx = click.Context(command, info_name=name, parent=click.Context(cli, info_name="memento"))
    usage = " ".join(command.collect_usage_pieces(ctx))
    yield from (f"### memento {name}", "", "```", f"memento {name} {usage}", "```", "")
    for paragraph in (command.help or "").split("\n\n"):
        yield from (" ".join(paragraph.split()), "")
    yield from _options(command.params)
    yield ""
    if isinstance(command, Command) and command.examples:
        yield from ("```", *command.examples, "```", "")


def _options(params: list[click.Parameter]) -> Iterator[str]:
    yield from ("| option | meaning |", "| --- | --- |")
    for option in params:
        if isinstance(option, click.Option) and not option.hidden:
            names = ", ".join(f"`{name}`" for name in (*option.opts, *option.secondary_opts))
            value = "" if option.is_flag or option.count else f" {option.metavar or (option.name or '').upper()}"
            words = (option.help or "").replace("|", "\\|")
            yield f"| {names}{value} | {words} |"


if __name__ == "__main__":
    sys.stdout.write(reference())
