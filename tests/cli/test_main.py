"""The entry point: help, lazy loading, unknown commands, global options."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import time
from pathlib import Path

import click
import pytest

import memento as package
from memento.cli import habits
from memento.cli.commands import COMMANDS, SECTIONS
from memento.cli.main import cli

ROOT = Path(package.__file__).parent.parent
HEAVY = {"torch", "networkx", "matplotlib", "numpy", "dulwich", "rich", "scipy", "sklearn"}


def modules_after(*lines: str) -> set[str]:
    """The top-level packages in `sys.modules` after some command lines in one fresh interpreter."""
    code = (
        "import sys\nfrom memento.cli.main import cli\n"
        f"for line in {lines!r}:\n"
        "    try:\n        cli.main(line.split())\n    except SystemExit as stop:\n        assert not stop.code, line\n"
        "print('MODULES', *sorted({name.partition('.')[0] for name in sys.modules}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    return set(done.stdout.rpartition("MODULES ")[2].split())


def test_help_imports_no_heavy_package():
    assert not modules_after("--help", "--version") & HEAVY


def test_the_help_of_every_command_is_light_too():
    heavy = {"torch", "networkx", "matplotlib", "dulwich", "rich"}
    assert not modules_after(*(f"{name} --help" for name in COMMANDS)) & heavy


def test_help_takes_no_longer_than_a_few_bare_interpreters():
    def best(*command: str) -> float:
        times = []
        for _ in range(5):
            start = time.perf_counter()
            subprocess.run([sys.executable, *command], check=True, capture_output=True, cwd=ROOT)
            times.append(time.perf_counter() - start)
        return min(times)

    assert best("cli.py", "--help") < 4 * best("-c", "import click") + 0.05


def test_help_lists_every_command_once_in_its_section(memento):
    text = memento("--help").out
    for section, rows in SECTIONS.items():
        assert not rows or f"{section}:" in text
        for name, row in rows.items():
            assert sum(line.split()[:1] == [name] for line in text.splitlines()) == 1
            assert row.summary.rstrip(".")[:40] in text


def test_no_arguments_and_the_word_help_show_help(memento):
    text = memento("--help").out
    assert memento().out == text
    assert memento("help").out == text
    assert memento("help", "log").out == memento("log", "--help").out


def test_version(memento):
    assert memento("--version").out == f"memento {package.__version__}\n"


def test_every_file_of_commands_has_a_row_and_every_row_a_file():
    files = {path.stem for path in (ROOT / "memento/cli/commands").glob("*.py")} - {"__init__"}
    assert {row.target.partition(":")[0].rpartition(".")[2] for row in COMMANDS.rows.values()} == files


@pytest.mark.parametrize("name", list(COMMANDS))
def test_a_command_is_described_as_its_row_says(name):
    command = cli.get_command(click.Context(cli), name)
    assert command is not None
    assert (command.help or "").partition("\n")[0] == COMMANDS.rows[name].summary


@pytest.mark.parametrize("name", list(COMMANDS))
def test_every_command_has_help_with_an_example_and_json(memento, name):
    text = memento(name, "--help").out
    assert f"memento {name}" in text.partition("Examples:")[2]
    assert "--json" in text


@pytest.mark.parametrize("name", list(COMMANDS))
def test_every_option_has_help(name):
    command = cli.get_command(click.Context(cli), name)
    assert command is not None
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, f"{name} {parameter.opts}"


def test_heavy_packages_are_imported_inside_functions_only():
    for path in (ROOT / "memento/cli").rglob("*.py"):
        for node in ast.parse(path.read_text()).body:
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not {name.partition(".")[0] for name in names} & HEAVY - {"numpy"}, path


def test_every_habit_is_answered_with_commands_that_there_are():
    for name, words in [*habits.WORDS.items(), *((name, words) for (name, _), words in habits.OPTIONS.items())]:
        called = re.findall(r"`memento ([a-z][a-z-]*)", words)
        assert set(called) <= set(COMMANDS), name
    assert not set(habits.WORDS) & set(COMMANDS)
    for name, option in habits.OPTIONS:
        assert option not in {opt for parameter in COMMANDS[name].params for opt in parameter.opts}, (name, option)


@pytest.mark.parametrize(
    ("line", "hint"),
    [("switch -c new", "memento fork"), ("log -p", "memento diff"), ("push -f", "--force-with-lease")],
)
def test_an_option_of_git_is_answered_with_what_does_it(memento, line, hint):
    result = memento(*line.split(), code=2)
    assert "no such option" in result.err
    assert hint in result.hint


@pytest.mark.parametrize(
    ("typed", "hint"),
    [
        ("mrege", "merge"),
        ("forkk", "fork"),
        ("commit", "memento edit"),
        ("checkout", "memento switch"),
        ("chekout", "memento switch"),
        ("reflog", "`memento oplog`"),
        ("completion", "_MEMENTO_COMPLETE"),
        ("zzz", "--help"),
    ],
)
def test_an_unknown_command_is_answered_with_the_nearest_one(memento, typed, hint):
    result = memento(typed, code=2)
    assert f"no command named '{typed}'" in result.err
    assert hint in result.hint
    assert result.out == ""


def test_an_unknown_option_is_a_usage_error(memento):
    result = memento("log", "--grpah", code=2)
    assert "--grpah" in result.err
    assert "--graph" in result.err


def test_the_repository_is_found_by_option_variable_and_from_below(world, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    head = world.json("log")["commits"][0]["id"]
    below = world.folder / "a" / "b"
    below.mkdir(parents=True)
    world.cd(below)
    assert world.json("log")["commits"][0]["id"] == head
    world.cd(elsewhere)
    world("log", code=3)
    assert world.json("-C", world.folder, "log")["commits"][0]["id"] == head
    assert world.json("log", "-C", world.folder)["commits"][0]["id"] == head
    world.setenv("MEMENTO_DIR", str(world.folder))
    assert world.json("log")["commits"][0]["id"] == head
    assert world("-C", elsewhere, "log", code=None).code in (0, 3)


WITHOUT = ("init", "scenarios", "demo", "clone", "git-setup", "gallery", "serve-scorer", "expressivity")
"""Commands that need no repository."""


@pytest.mark.parametrize("name", [n for n in COMMANDS if n not in WITHOUT])
def test_without_a_repository_the_exit_code_is_3_or_usage(memento, name):
    arguments = {
        "generate": ["tiny"], "import": ["x.json", "--format", "locomo"], "fork": ["a", "b"], "switch": ["a"],
        "edit": ["main", "memory:a", "importance=1"], "merge": ["a"], "resolve": ["--all", "--ours"],
        "blame": ["memory:a"], "thread": ["session:a"], "grep": ["x"], "search": ["x"],
        "cherry-pick": ["a"], "revert": ["a"], "rebase": ["a"], "bundle": ["create", "x.bundle"],
        "twin": ["-b", "x"],
        "data-saving": ["--real", "a", "--test", "b", "--synthetic", "c"],
        "tstr": ["--real", "a", "--test", "b", "--synthetic", "c"],
        "value": ["a"], "rewrite": ["-b", "x"], "entigraph": ["-b", "x"], "grow": ["-b", "x"],
        "population": ["-b", "x"], "recipes": ["a"], "models": ["a"], "snr": ["a"], "curriculum": ["-o", "x"],
        "compare": ["a", "b"], "matrix": ["a", "b"],
        "export": ["a", "--format", "chat", "-o", "x"],
        "extend": ["a", "--days", "1"], "regenerate": ["a", "-b", "c"], "effect": ["a", "b"],
        "explain": ["a", "b"], "replay": ["a", "b", "--at-time", "2026-03-02"],
        "query": ["all()"], "bisect": ["a..b", "--metric", "ndcg", "--below", "1"],
    }  # fmt: skip
    if name in ("render", "train", "report", "evaluate", "verify", "import", "deploy-sim"):
        return
    result = memento(name, *arguments.get(name, []), code=3)
    assert "no memento repository" in result.err
    assert "memento init" in result.hint
    assert result.out == ""


def test_quiet_says_no_more_than_the_error(memento):
    assert memento("-q", "log", code=3).err.startswith("Error: ")
    assert "Hint" not in memento("-q", "log", code=3).err
    assert memento("-q", "init").err == ""
    assert memento("init", "again", "-q").err == ""


def test_verbose_says_which_repository(world):
    assert f"Repository {world.folder}/.memento, branch main" in world("-v", "log").err
    assert "Repository" not in world("log").err


def test_help_in_a_checkout_and_as_a_module():
    done = subprocess.run([sys.executable, ROOT / "cli.py", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == f"memento {package.__version__}\n"


def test_json_before_the_command_is_told_where_it_belongs(memento):
    assert memento("--json", "log", code=2).hint == "write it behind the command: `memento log --json`"


def test_every_command_line_in_a_message_exists():
    """Whatever stands in backticks after ``memento`` in the sources names a command and its options."""
    wrong = []
    for path in sorted((ROOT / "memento").rglob("*.py")):
        for line in re.findall(r"`memento ([^`]*)`", path.read_text()):
            words = line.split()
            if not words or not words[0].isalpha() or words[0].isupper() or "{" in words[0]:
                continue
            command = COMMANDS.rows.get(words[0]) and COMMANDS[words[0]]
            if command is None:
                wrong.append(f"{path.name}: memento {line}")
                continue
            known = {option for p in (*command.params, *cli.params) for option in (*p.opts, *p.secondary_opts)}
            wrong += [
                f"{path.name}: memento {line}"
                for word in words[1:]
                if re.fullmatch(r"--?[a-z][a-z-]*", word) and word not in known | {"--help"}
            ]
    assert not wrong


def test_quiet_changes_say_nothing(world):
    memory = f"memory:{world.ids('memories')[0]}"
    for arguments in (
        ["fork", "main", "trial"],
        ["edit", "trial", memory, "importance=0.9"],
        ["edit", "main", memory, "pinned=yes"],
        ["merge", "trial"],
        ["undo"],
        ["redo"],
        ["tag", "v1"],
        ["switch", "trial"],
        ["branch", "-m", "trial", "kept"],
    ):
        result = world(*arguments, "-q")
        assert (result.out, result.err) == ("", ""), arguments
    assert world("log", "-q").out


def test_a_head_that_git_detached_is_told_and_set_again(world):
    path = world.folder / ".memento"
    head = world.json("log")["commits"][0]["id"]
    (path / "HEAD").write_text(f"{head}\n")
    assert world.json("log")["commits"][0]["id"] == head
    assert world("show", "main").out
    assert world("-v", "log").err.startswith("Repository ")
    result = world("status", code=2)
    assert "HEAD names no branch" in result.err
    assert "`memento switch main`" in result.hint
    world("switch", "main")
    assert world.json("status")["branch"] == "main"
