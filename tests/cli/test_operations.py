"""Every command that changes references is exactly one operation, which undo and redo take back and forth exactly.

Whoever adds a command adds it to one of the three tables below; the first test fails until then.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

from memento.cli.commands import COMMANDS
from memento.history import Repository

LOG = "refs/memento/operations"

READS = {
    "scenarios": ["scenarios tiny"],
    "oplog": ["oplog", "oplog show"],
    "status": ["status"],
    "log": ["log", "log --all", "log main -- memory:MEMORY"],
    "show": ["show", "show memory:MEMORY"],
    "diff": ["diff main~1 main"],
    "effect": ["effect main~1 main"],
    "gallery": ["gallery -o gallery.html"],
    "expressivity": ["expressivity --steps 1 -t parity -c mingru"],
    "describe": ["describe main", "describe main -o world.html"],
    "export": ["export main --format chat -o main.jsonl"],
    "value": ["value main"],
    "data-saving": ["data-saving --real main --split 0.9 --synthetic main~3 --sizes 0 -m linear --seeds 1 -e 1"],
    "tstr": ["tstr --real main --split 0.9 --synthetic main~3 -m linear --seeds 1 -e 1"],
    "fit": ["fit main", "fit main -o twin.toml"],
    "explain": ["explain candidate:CANDIDATE"],
    "conflicts": ["conflicts"],
    "runs": ["runs"],
    "compare": ["compare --of main !2"],
    "matrix": ["matrix main main~1 -m linear -e 1"],
    "gc": ["gc --dry-run", "gc"],
    "fsck": ["fsck", "fsck --full"],
    "query": ["query all()"],
    "blame": ["blame main memory:MEMORY"],
    "bisect": ["bisect run main~3..main -- false"],
    "grep": ["grep the"],
    "search": ["search service"],
    "bundle": ["bundle create main.bundle"],
    "push": ["push peer main:there"],
    "render": ["render main --out r"],
    "verify": ["verify m.safetensors"],
    "serve-scorer": ["serve-scorer m.safetensors"],
    "models": ["models main -m linear -e 1"],
    "snr": ["snr main -m linear -e 1 --levels 0"],
    "deploy-sim": ["deploy-sim m.safetensors main --no-retrain"],
    "recipes": ["recipes main --try augment=crop -n 1 -e 1 -m linear"],
}
"""Commands that leave all references as they are, each with lines that are run."""

WRITES: Mapping[str, list[tuple[str, ...]]] = {
    "generate": [("generate tiny --branch other --set time.days=14",)],
    "import": [("import chat.json --format locomo --branch real",)],
    "fork": [
        ("fork main a",),
        ("fork main early --at ~1",),
        ("fork main many -n 100",),
        ("fork main there --switch",),
        ("fork main then --at-time 2026-03-11T10:00:00Z --switch",),
        ("fork main tune --sweep patterns.recency.weight=0:1:3 --sweep topics.stickiness=0.2,0.6",),
    ],
    "expand": [("expand main -o jitter,drop -k 6 -d 2",)],
    "extend": [("extend main --days 2",)],
    "regenerate": [("regenerate main -b told --epochs 1",)],
    "replay": [("replay main busier --at-time 2026-03-17 --set memories.births_per_session=1.2",)],
    "branch": [
        ("branch -m main trunk",),
        ("fork main t -n 40", "branch -d t-*"),
    ],
    "prune": [("fork main t -n 40", "prune t-* --keep 3"), ("fork main a", "prune --where name('a')")],
    "switch": [("fork main a", "switch a")],
    "edit": [
        ("edit main memory:MEMORY importance=0.123",),
        ("edit main memory:MEMORY pinned=yes memory:OTHER pinned=yes",),
    ],
    "tag": [("tag v1",), ("tag v1 -m words",), ("tag v1 -m words", "tag -d v1")],
    "undo": [("fork main a", "undo"), ("fork main a", "tag v1", "edit main memory:MEMORY importance=0.1", "undo 3")],
    "redo": [("fork main a", "undo", "redo"), ("fork main a", "tag v1 -m words", "undo 2", "redo 2")],
    "merge": [
        ("fork main a", "edit a memory:MEMORY importance=0.1", "merge a"),
        ("fork main a", "edit a memory:MEMORY importance=0.1", "edit main memory:OTHER importance=0.2", "merge a"),
        ("fork main a", "edit a memory:MEMORY importance=0.1", "edit main memory:MEMORY importance=0.2",
         "merge a --ours"),
        ("fork main a", "edit a memory:MEMORY importance=0.1", "edit main memory:MEMORY importance=0.2",
         "merge a !1", "resolve --all --ours", "merge --continue"),
    ],
    "cherry-pick": [("fork main a", "edit a memory:MEMORY importance=0.1", "cherry-pick a")],
    "revert": [("edit main memory:MEMORY importance=0.1", "revert main")],
    "rebase": [("fork main a", "edit a memory:MEMORY importance=0.1", "edit main memory:OTHER importance=0.2",
                "switch a", "rebase main")],
    "squash": [("fork main a", "edit a memory:MEMORY importance=0.1", "edit a memory:OTHER importance=0.2",
                "squash a")],
    "fetch": [("remote add peer peer", "fetch peer")],
    "pull": [("-C peer edit main memory:MEMORY importance=0.1", "remote add peer peer", "fetch peer",
              "pull peer main")],
    "remote": [("remote add peer peer", "fetch peer", "remote remove peer")],
    "note": [("note main -m words",)],
    "rewrite": [("rewrite main -b casual --mode off --style casual",)],
    "population": [("population main -b agents --agents 2 --steps 3 --pool 8",)],
    "twin": [("twin main -b copy --copies 1 --sessions 5",)],
    "entigraph": [("entigraph main -b wider --pairs 3 --triples 1",)],
    "grow": [("grow main -b grown --count 3",)],
    "ab": [
        ("ab open one --turn TURN --text another",),
        ("ab open one --turn TURN --text another", "ab feed one --prefer b --count 3"),
        ("ab open one --turn TURN --text another", "ab close one --prefer b"),
    ],
    "curriculum": [("curriculum tiny --steps 1 --sessions 5 -m linear --out m2.safetensors",)],
    "train": [("train main --epochs 1 --out m2.safetensors",)],
    "report": [("report m.safetensors main -o report.html --no-canaries --no-contracts",)],
    "evaluate": [("evaluate m.safetensors main",)],
}  # fmt: skip
"""Commands that change references: lists of lines of which the last is the one under test.

``!1`` at the end of a line is the exit code that it must have.
"""

APART = {
    "init": "makes the repository, before which there is nothing to go back to",
    "demo": "takes its tour in a repository of its own, many commands after each other",
    "config": "reads and writes settings, which are no references",
    "git-setup": "tells git of memento, in its own settings",
    "clone": "makes a repository of its own",
    "rerere": "forgets answers, which are kept beside the references",
    "thread": "shows alternatives, and chooses one by an edit: see test_thread.py",
    "resolve": "decides conflicts of a merge, which moves nothing before merge --continue",
}
"""Commands that are neither, and why."""

CHAT = [
    {
        "sample_id": "c1",
        "conversation": {
            "speaker_a": "Ann", "speaker_b": "Bob",
            "session_1_date_time": "1:56 pm on 8 May, 2023",
            "session_1": [
                {"speaker": "Ann", "dia_id": "D1:1", "text": "I adopted a cat."},
                {"speaker": "Bob", "dia_id": "D1:2", "text": "What is its name?"},
            ],
        },
        "qa": [{"question": "What did Ann adopt?", "answer": "A cat", "evidence": ["D1:1"], "category": 4}],
    }
]  # fmt: skip


def test_every_command_is_in_one_table():
    tables = [set(READS), set(WRITES), set(APART)]
    assert set.union(*tables) == set(COMMANDS), "add the new command to READS or WRITES"
    assert sum(map(len, tables)) == len(COMMANDS)


@pytest.fixture
def ready(trained, monkeypatch):
    monkeypatch.setenv("MEMENTO_DURABILITY", "fast")
    Path("chat.json").write_text(json.dumps(CHAT))
    first, second = trained.ids("memories")[:2]
    shutil.copytree(".memento", "peer/.memento")
    offered = trained.json("show", "main", "--table", "candidates", "--limit", "1")["candidates"][0]
    candidate = f"{offered['session']}/{offered['memory']}"
    named = {"MEMORY": first, "OTHER": second, "CANDIDATE": candidate, "TURN": trained.ids("turns")[1]}

    def run(line: str) -> None:
        words = line.split()
        code = int(words.pop()[1:]) if words[-1].startswith("!") else 0
        for name, value in named.items():
            words = [word.replace(name, value) for word in words]
        trained(*words, code=code)

    return run


def refs() -> dict[str, str]:
    """Every reference but the log itself, HEAD too."""
    with Repository.open(os.getcwd()) as repository:
        found = {**repository.refs.values("refs/"), "HEAD": repository.refs.read("HEAD")}
    found.pop(LOG, None)
    return found


def count() -> int:
    with Repository.open(os.getcwd()) as repository:
        return sum(1 for _ in repository.operations())


@pytest.mark.parametrize("lines", [lines for rows in WRITES.values() for lines in rows], ids=lambda lines: lines[-1])
def test_a_write_is_one_operation_that_goes_back_and_forth(ready, lines):
    for line in lines[:-1]:
        ready(line)
    before, done = refs(), count()
    ready(lines[-1])
    after = refs()
    assert count() == done + 1
    assert after != before
    back, forth = ("redo", "undo") if lines[-1].startswith("undo") else ("undo", "redo")
    many = lines[-1].partition(" ")[2] if lines[-1].split()[0] in ("undo", "redo") else ""
    ready(f"{back} {many}")
    assert refs() == before
    ready(f"{forth} {many}")
    assert refs() == after
    assert count() == done + 3


@pytest.mark.parametrize("line", [line for lines in READS.values() for line in lines])
def test_a_read_leaves_every_reference(ready, line):
    before, done = refs(), count()
    ready(line)
    assert refs() == before
    assert count() == done
