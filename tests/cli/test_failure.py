"""Whatever goes wrong ends in one line, a way out, and the right exit code."""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import time
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


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("log >/dev/full", 4), ("log --json >/dev/full", 4), ("show nowhere --json >/dev/full", 2),
        ("log 2>/dev/full", 0), ("show nowhere 2>/dev/full", 2), ("show nowhere --json >/dev/full 2>/dev/full", 2),
        ("log >&-", 0), ("log --json >&-", 0), ("log 2>&-", 0), ("show nowhere >&- 2>&-", 2), ("log <&- >&- 2>&-", 0),
        ("tag one 2>/dev/full", 4), ("tag two >&- 2>&-", 0), ("edit main --file - <&-", 2),
    ],
)  # fmt: skip
def test_streams_that_are_full_or_closed(tiny_repository, tmp_path, line, code):
    if not os.path.exists("/dev/full"):
        pytest.skip("needs /dev/full")
    shutil.copytree(tiny_repository, tmp_path / "w")
    command = f"{sys.executable} {ROOT}/cli.py -C {tmp_path}/w {line}; echo $? >code"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert "Traceback" not in done.stderr
    assert int((tmp_path / "code").read_text()) == code, done.stderr
    if "2>" not in line and ">/dev/full" in line:
        assert done.stderr.startswith("Error: ")


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


@pytest.mark.parametrize("wait", [0.6, 1.5])
def test_an_interrupt_of_many_processes_is_told_once(tiny_repository, tmp_path, wait):
    """Ctrl-C reaches every process of the terminal; workers end without a word, at any time of their start."""
    shutil.copytree(tiny_repository, tmp_path / "w")
    line = [
        sys.executable,
        ROOT / "cli.py",
        "-C",
        tmp_path / "w",
        "expand",
        "main",
        "-o",
        "tone",
        "-k",
        "3000",
        "-w",
        "2",
    ]
    process = subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)
    time.sleep(wait)
    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode in (130, -signal.SIGINT)  # before it is up, it ends without a word
    assert "Traceback" not in said
    assert said in ("", "Error: interrupted; the repository is as it was\n") or "expanding" in said


def test_what_was_done_before_an_interrupt_is_told(world, monkeypatch):
    from memento.cli.output import Output

    def stop(self, text):
        raise KeyboardInterrupt

    memory = f"memory:{world.ids('memories')[0]}"
    monkeypatch.setattr(Output, "message", stop)
    result = world("edit", "main", memory, "importance=0.9", code=130)
    assert result.err == (
        f"Error: interrupted after this was done: edit main: set importance=0.9 of {memory}\n"
        "Hint: `memento undo` takes it back\n"
    )
    result = world("edit", "main", memory, "importance=0.9", code=130)
    assert "the repository is as it was" in result.err


def test_a_full_stdout_does_not_hide_what_was_done(world):
    if not os.path.exists("/dev/full"):
        pytest.skip("needs /dev/full")
    memory = f"memory:{world.ids('memories')[0]}"
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, ROOT / "cli.py", "edit", "main", memory, "importance=0.9"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert done.returncode == 4
    assert "cannot write the output: No space left on device, after this was done: edit main" in done.stderr
    assert "as it was" not in done.stderr


def test_running_out_of_memory_after_a_change_says_so(capsys):
    assert failure.guard(fails(MemoryError()), [], Output(), lambda: "fork main to a") == 4
    assert "after this was done: fork main to a" in capsys.readouterr().err


def test_an_interrupt_while_modules_load_ends_without_a_traceback():
    code = (
        "import os, runpy, signal, sys\n"
        "class Finder:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'memento.cli.main':\n"
        "            os.kill(os.getpid(), signal.SIGINT)\n"
        "sys.meta_path.insert(0, Finder())\n"
        "sys.argv[1:] = ['scenarios']\n"
        "runpy.run_path('cli.py', run_name='__main__')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert (done.returncode, done.stdout, done.stderr) == (-signal.SIGINT, "", "")


def test_an_interrupt_that_is_ignored_stays_ignored():
    code = (
        "import os, signal, sys\n"
        "from memento.__main__ import run\n"
        "signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
        "from memento.cli import main\n"
        "main.Group.invoke = lambda *_: os.kill(os.getpid(), signal.SIGINT)\n"
        "sys.argv[1:] = ['scenarios']\n"
        "run()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_entry_point_answers_for_interrupts_once_it_is_up(tiny_repository):
    code = (
        "import os, signal, sys\n"
        "from memento.cli import main\n"
        "main.Group.invoke = lambda *_: os.kill(os.getpid(), signal.SIGINT)\n"
        "from memento.__main__ import run\n"
        "sys.argv[1:] = ['scenarios']\n"
        "run()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert (done.returncode, done.stderr) == (130, "Error: interrupted; the repository is as it was\n")


@pytest.mark.parametrize(
    "arguments",
    [
        ["undo", "--list", "--redo"],
        ["branch", "-d", "-m", "a"],
        ["merge", "trial", "--ours", "--theirs"],
        ["show", "main", "--where", "importance=high"],
        ["edit", "main", "memory:x", "importance=0.9"],
        ["edit", "main", "--file", "nowhere.jsonl"],
        ["tag", "v1", "-m", "\x00"],
        ["log", "main~99"],
    ],
)
def test_no_mistake_is_without_a_way_out(world, arguments):
    result = world(*arguments, code=2)
    assert result.hint
    assert world.json(*arguments, code=2)["hint"] == result.hint


def test_an_interrupt_after_the_last_word_changes_no_exit_code():
    code = (
        "import atexit, os, signal, sys\n"
        "atexit.register(lambda: os.kill(os.getpid(), signal.SIGINT))\n"
        "from memento.__main__ import run\n"
        "sys.argv[1:] = ['scenarios']\n"
        "run()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0
    assert "Traceback" not in done.stderr


def test_an_interrupt_that_python_wrapped_is_one_all_the_same(capsys):
    def run():
        try:
            raise KeyboardInterrupt
        except KeyboardInterrupt as error:
            raise RuntimeError("Error calling __set_name__") from error

    assert failure.guard(run, [], Output()) == 130
    assert capsys.readouterr().err == "Error: interrupted; the repository is as it was\n"
