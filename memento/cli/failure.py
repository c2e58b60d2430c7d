"""Errors as a user meets them: ``Error:`` and ``Hint:`` on stderr, and an exit code.

| code | meaning |
| ---- | ------- |
| 0 | done |
| 1 | a merge stopped at conflicts or violations, or a check did not hold |
| 2 | usage: bad input, an unknown name, an invalid file |
| 3 | no repository here |
| 4 | the store or the machine failed |
| 70 | a fault of memento itself |
| 130 | interrupted |
| 141 | nobody reads the output any more |

With ``--json`` a failed command also prints one document ``memento.error/1`` on stdout, so that
stdout holds JSON whatever happens.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from typing import Any

import click

from memento.cli.commands import COMMANDS
from memento.cli.habits import OPTIONS
from memento.cli.output import Output, clean
from memento.errors import Interrupted, InvalidFile, MementoError

_UNDO = "`memento undo` takes it back"
OK, CONFLICT, USAGE, NO_REPOSITORY, STORE, FAULT, INTERRUPTED, PIPE = 0, 1, 2, 3, 4, 70, 130, 141


def guard(
    run: Callable[[], Any], arguments: Sequence[str], output: Output, done: Callable[[], str] = lambda: ""
) -> int:
    """Runs a command; turns what it returns or raises into an exit code, and says what went wrong.

    `output` says how loud to be where the command line could not be read; `done` what had been
    changed in the repository by then.
    """
    output.json = output.json or asks_for_json(arguments)
    try:
        code = run()
        sys.stdout.flush()
        return code if isinstance(code, int) else OK
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except (KeyboardInterrupt, EOFError, click.exceptions.Abort) as stop:
        return _interrupted(output, done, _way_on(stop))
    except BrokenPipeError:
        _silence_stdout()
        return PIPE
    except click.ClickException as error:
        return _say(output, USAGE, _lower(error.format_message()), _usage_hint(error, arguments))
    except MementoError as error:
        faults = list(error.faults) if isinstance(error, InvalidFile) else []
        hint = error.hint or (_help(arguments) if error.exit_code == USAGE else "")
        return _say(output, error.exit_code, error.message, hint, kind=type(error).__name__, faults=faults)
    except OSError as error:
        what, hint = describe_os_error(error)
        was = done()
        if was:
            what, hint = f"{what}, after this was done: {was}", _UNDO
        return _say(output, STORE, what, hint, kind="StoreError")
    except MemoryError:
        was = done()
        if was:
            return _say(output, STORE, f"out of memory after this was done: {was}", _UNDO, kind="StoreError")
        return _say(output, STORE, "out of memory; the repository is as it was", kind="StoreError")
    except Exception as error:
        if _comes_from_interrupt(error):
            return _interrupted(output, done)
        if output.verbose or "-v" in arguments:
            traceback.print_exc()
        what = f"unexpected {type(error).__name__}: {error}".rstrip(": ")
        hint = "this is a fault of memento, not yours; run it again with -v and report the traceback"
        return _say(output, FAULT, what, hint, kind=type(error).__name__)


def _interrupted(output: Output, done: Callable[[], str], hint: str = "") -> int:
    was = done()
    if was:
        return _say(output, INTERRUPTED, f"interrupted after this was done: {was}", hint or _UNDO)
    return _say(output, INTERRUPTED, "interrupted; the repository is as it was", hint)


def _way_on(error: BaseException | None) -> str:
    """How to go on after an interrupt, where it says so; click raises an error of its own from it."""
    while error is not None and not isinstance(error, Interrupted):
        error = error.__cause__ or error.__context__
    return error.hint if error is not None else ""


def _comes_from_interrupt(error: BaseException | None) -> bool:
    """Whether an interrupt is behind an error; Python 3.11 wraps one that comes while a class is made."""
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__cause__ or error.__context__
    return error is not None


def asks_for_json(arguments: Sequence[str]) -> bool:
    """Whether ``--json`` stands among the arguments, before any ``--``."""
    given = list(arguments)
    return "--json" in (given[: given.index("--")] if "--" in given else given)


def describe_os_error(error: OSError) -> tuple[str, str]:
    """What and where an error of the system is, and the way out."""
    full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    where = f"{error.filename}: " if error.filename else "cannot write the output: " if full else ""
    why = error.strerror or str(error) or type(error).__name__
    hints = {
        errno.ENOSPC: "the disk is full; free some space and run it again, the repository is as it was",
        errno.EDQUOT: "your quota is used up; free some space and run it again, the repository is as it was",
        errno.EACCES: "you may not read or write there; check who owns it",
        errno.EPERM: "you may not read or write there; check who owns it",
        errno.EROFS: "that file system is read-only",
        errno.EMFILE: "too many files are open; raise the limit (ulimit -n)",
        errno.ENOENT: "check the path",
        errno.EISDIR: "give a file, not a folder",
        errno.ENOTDIR: "give a folder, not a file",
    }
    return f"{where}{why}", hints.get(error.errno or 0, "")


def _say(output: Output, code: int, message: str, hint: str = "", kind: str = "", faults: Sequence[str] = ()) -> int:
    """Tells an error on both streams, each as far as anybody takes it, and returns its exit code."""
    try:
        if output.json:
            content = {"error": message, "hint": hint or None, "kind": kind or None, "exit_code": code}
            output.document("memento.error/1", content | ({"faults": list(faults)} if faults else {}))
        sys.stdout.flush()
    except OSError:
        _silence_stdout()
    with contextlib.suppress(OSError):
        output.error(message)
        if hint:
            output.hint("\n".join(clean(line) for line in hint.splitlines()))
    return code


def _lower(message: str) -> str:
    """Click's sentence in the manner of memento's own: no capital, no full stop."""
    message = message.strip()
    if message.endswith(".") and message.count(". ") == 0:
        message = message[:-1]
    return message[:1].lower() + message[1:]


def _help(arguments: Sequence[str]) -> str:
    """The way out where an error names none: the help of the command."""
    command = next((word for word in arguments if word in COMMANDS), "")
    return f"see `memento {command} --help`" if command else ""


def _usage_hint(error: click.ClickException, arguments: Sequence[str]) -> str:
    context = getattr(error, "ctx", None)
    if isinstance(error, click.NoSuchOption) and error.option_name == "--json":
        return "write it behind the command: `memento log --json`"
    if isinstance(error, click.NoSuchOption) and context is not None:
        known = OPTIONS.get((context.info_name or "", error.option_name))
        if known:
            return known
    given = getattr(error, "hint", "")
    return given or (f"see `{context.command_path} --help`" if context else _help(arguments) or "see `memento --help`")


def _silence_stdout() -> None:
    """Keeps the interpreter from complaining about stdout once more when it ends."""
    try:
        devnull = os.open(os.devnull, os.O_WRONLY)
        os.dup2(devnull, sys.stdout.fileno())
    except (OSError, ValueError, AttributeError):
        pass
