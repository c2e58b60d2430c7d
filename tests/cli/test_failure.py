"""Whatever goes wrong ends in one line, a way out, and the right exit code."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import click
import pytest

import memento as package
from memento.cli import failure
from memento.cli.output import Output
from memento.errors import ConflictError, CorruptRecord, InvalidFile, NotFound, RepositoryNotFound, StoreError

ROOT = Path(package.__file__).parent.parent


def fails(error: BaseException):
    def run():
        raise error

    return run


@pytest.mark.parametrize(
    ("error", "code", "says"),
    [
        (NotFound("branch", "mian", ["main"]), 2, "did you mean main?"),
        (InvalidFile("x.toml", ["a is bad", "b is worse"]), 2, "  - b is worse"),
        (ConflictError("2 conflicts are open", "memento conflicts"), 1, "Hint: memento conflicts"),
        (RepositoryNotFound("no repository here", "memento init"), 3, "no repository here"),
        (StoreError("it broke"), 4, "it broke"),
        (CorruptRecord("bad", "abc", "memories/01"), 4, "corrupt object abc (memories/01): bad"),
        (OSError(errno.ENOSPC, "No space left on device", "/x"), 4, "the disk is full"),
        (PermissionError(errno.EACCES, "Permission denied", "/x"), 4, "/x: Permission denied"),
        (MemoryError(), 4, "out of memory"),
        (KeyboardInterrupt(), 130, "interrupted; the repository is as it was"),
        (click.UsageError("Missing argument 'BASE'."), 2, "Error: missing argument 'BASE'\n"),
        (click.Abort(), 130, "interrupted"),
        (ZeroDivisionError("division by zero"), 70, "unexpected ZeroDivisionError: division by zero"),
    ],
)
def test_each_error_has_its_code_and_its_words(capsys, error, code, says):
    assert failure.guard(fails(error), [], Output()) == code
    captured = capsys.readouterr()
    assert says in captured.err
    assert captured.err.startswith("Error: ")
    assert captured.out == ""
    assert "Traceback" not in captured.err


def test_verbose_shows_the_traceback_of_an_unexpected_error(capsys):
    assert failure.guard(fails(ZeroDivisionError()), ["-v"], Output(verbose=1)) == failure.FAULT
    assert "Traceback" in capsys.readouterr().err


def test_with_json_an_error_is_a_document_too(capsys):
    error = InvalidFile("x.toml", ["a is bad", "b is worse"], "mend it")
    assert failure.guard(fails(error), ["generate", "--json"], Output()) == 2
    captured = capsys.readouterr()
    assert json.loads(captured.out) == {
        "schema": "memento.error/1",
        "error": "x.toml: 2 faults\n  - a is bad\n  - b is worse",
        "hint": "mend it",
        "kind": "InvalidFile",
        "exit_code": 2,
        "faults": ["a is bad", "b is worse"],
    }
    assert "x.toml: 2 faults" in captured.err


def test_json_behind_two_dashes_is_not_an_option():
    assert failure.asks_for_json(["log", "--json"])
    assert not failure.asks_for_json(["log", "--", "--json"])


def test_what_a_command_returns_is_its_exit_code():
    assert failure.guard(lambda: 1, [], Output()) == 1
    assert failure.guard(lambda: None, [], Output()) == 0


def test_an_error_cannot_steer_the_terminal(capsys):
    failure.guard(fails(StoreError("no \x1b[31mred\x07")), [], Output())
    assert "no \\x1b[31mred\\x07" in capsys.readouterr().err


def test_a_closed_pipe_ends_quietly(tiny_repository):
    shown = f"{sys.executable} {ROOT}/cli.py -C {tiny_repository} show --table turns"
    command = f"{shown} | head -n 1; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True)
    assert done.stderr == ""
    assert done.stdout.splitlines()[-1] in ("0", "141")


def test_a_full_stdout_is_an_error(tiny_repository):
    if not os.path.exists("/dev/full"):
        pytest.skip("needs /dev/full")
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, ROOT / "cli.py", "-C", tiny_repository, "log"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert done.returncode == 4
    assert "No space left" in done.stderr


def test_an_interrupt_exits_with_130(tmp_path):
    code = (
        "import os, signal, sys\nfrom memento.cli import main\n"
        "main.Group.invoke = lambda *_: os.kill(os.getpid(), signal.SIGINT)\n"
        "main.cli.main(['scenarios'])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 130
    assert done.stderr == "Error: interrupted; the repository is as it was\n"
    assert signal.SIGINT.name not in done.stderr
