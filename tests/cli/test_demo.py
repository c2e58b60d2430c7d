"""``memento demo``: run once on a small scenario, then looked at from all sides."""

from __future__ import annotations

import json
import re
import shutil
import subprocess

import pytest
from click.testing import CliRunner

from memento.cli.main import cli
from memento.demo.folder import FILES
from memento.train import checkpoint

QUICK = ("--scenario", "tiny", "--epochs", "2", "--episodes", "20")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A folder with a demonstration in it, and what was printed."""
    folder = tmp_path_factory.mktemp("demo place")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        done = CliRunner().invoke(cli, ["demo", "my demo", *QUICK], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return folder / "my demo", done.stdout


@pytest.fixture
def copied(memento, made):
    """The command line beside a copy of that folder."""
    shutil.copytree(made[0], memento.folder / "my demo")
    return memento


def commands(text):
    """The command lines of the numbered steps, as words."""
    import shlex

    steps = text.partition("What to try next")[0]
    return [shlex.split(line) for line in re.findall(r"^ +\$ (.*)$", steps, re.MULTILINE)]


def test_leaves_what_it_says(made):
    folder, text = made
    assert {path.name for path in folder.iterdir()} == set(FILES)
    for name in FILES:
        assert f"my demo/{name}" in text
    assert json.loads((folder / "demo.json").read_text())["complete"] is True


def test_tells_the_whole_story(made):
    text = made[1]
    words = (
        "stopped at one conflict",
        "no contradictions",
        "digest ",
        "validation NDCG@10",
        "ceiling",
        "canaries passed",
    )
    assert all(word in text for word in words)
    assert text.index("ceiling") < text.index("CANARY") < text.index("bit for bit") < text.index("What to try next")
    assert "peak_hour" in text


def test_its_commands_make_the_same_commits_and_files(made, memento):
    folder, text = made
    lines = commands(text)
    assert [line[1] for line in lines if line[0] == "memento"][:3] == ["init", "generate", "fork"]
    for line in lines:
        if line[0] == "cd":
            memento.cd(line[1])
        else:
            memento(*line[1:], code=1 if line[1:3] == ["merge", "night-shift"] else 0)
    again = memento.folder / "my demo"
    theirs, ours = (memento.json("-C", place, "branch")["branches"] for place in (folder, again))
    assert {b["name"]: b["commit"] for b in theirs} == {b["name"]: b["commit"] for b in ours}
    for name in ("main.safetensors", "model.safetensors", "signet.safetensors"):
        assert (folder / name).read_bytes() == (again / name).read_bytes()


def test_what_to_try_next_works(copied, made):
    lines = [line for _, line in json.loads((made[0] / "demo.json").read_text())["next"]]
    assert all(f"$ {line}" in made[1] for line in lines)
    copied.cd("my demo")
    import shlex

    for line in lines:
        for part in line.split(" && "):
            words = shlex.split(part)
            if words[0] == "memento":
                copied(*words[1:], *(["--epochs", "1"] if words[1] == "train" else []))
            elif shutil.which("git"):
                done = subprocess.run(words, capture_output=True, text=True, check=True)
                assert "Merge night-shift into early-bird" in done.stdout


def test_the_repository_is_one_that_git_accepts(made):
    if shutil.which("git"):
        subprocess.run(["git", "--git-dir", made[0] / ".memento", "fsck", "--strict"], check=True, capture_output=True)


def test_the_record_names_what_lies_beside_it(made):
    folder, _ = made
    found = json.loads((folder / "demo.json").read_text())
    assert found["schema"] == "memento.demo/1"
    run = checkpoint.load(folder / "model.safetensors")
    assert found["trained"][0]["loss"] == [epoch.loss for epoch in run.history]
    assert found["rendered"]["digest"] == run.sources[0].digest
    assert found["merged"]["findings"] == 0
    assert found["merged"]["chosen"] == found["merged"]["theirs"] != found["merged"]["ours"]
    assert found["verified"] is True
    assert {point["level"] for point in found["noise"]} == {20, 10, 0, -10}


def test_again_and_with_json_gives_the_same_report(copied, made):
    report = (made[0] / "report.html").read_bytes()
    (copied.folder / "my demo" / "note.txt").write_text("mine")
    done = copied("demo", "my demo", *QUICK, code=2)
    assert "former demo" in done.err
    assert "--force" in done.hint
    found = copied.json("demo", "my demo", *QUICK, "--force")
    assert found["schema"] == "memento.demo/1"
    assert (copied.folder / "my demo" / "report.html").read_bytes() == report
    assert (copied.folder / "my demo" / "note.txt").read_text() == "mine"


class TestRefuses:
    def test_a_folder_with_other_things(self, memento):
        (memento.folder / "mine").mkdir()
        (memento.folder / "mine" / "thesis.txt").write_text("all of it")
        for options in ([], ["--force"]):
            done = memento("demo", "mine", *options, code=2)
            assert "not empty" in done.err
            assert "memento demo DIR" in done.hint
        assert [path.name for path in (memento.folder / "mine").iterdir()] == ["thesis.txt"]

    def test_a_file_a_missing_folder_and_an_unknown_scenario(self, memento):
        (memento.folder / "file").write_text("")
        assert "is a file" in memento("demo", "file", code=2).err
        assert "mkdir -p" in memento("demo", "no/such", code=2).hint
        assert "tiny" in memento("demo", "x", "--scenario", "tyny", code=2).hint
        assert "KEY=VALUE" in memento("demo", "y", "--set", "days", code=2).err

    def test_a_faulty_scenario_before_any_folder_is_made(self, memento):
        memento("demo", "x", "--scenario", "tyny", code=2)
        memento("demo", "x", "--scenario", "tiny", "--set", "time.days=-1", code=2)
        assert not list(memento.folder.iterdir())


def test_one_that_was_cut_short_can_be_run_anew(memento, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("memento.demo.edits.plan", interrupt)
        memento("demo", "cut", *QUICK, code=130)
    assert "former demo" in memento("demo", "cut", *QUICK, code=2).err
    memento("demo", "cut", *QUICK, "--force")


def test_takes_a_scenario_of_ones_own(memento, made):
    """A file, a seed, and the folder of -C; the commands printed name the file from anywhere."""
    from memento.scenario import library

    shutil.copy(library() / "tiny.toml", "mine.toml")
    (memento.folder / "inner").mkdir()
    options = ("--scenario", "./mine.toml", "--set", "time.days=21", "--epochs", "1", "--episodes", "5")
    done = memento("-C", "inner", "demo", "d", *options, "--seed", "5")
    assert f"memento generate {memento.folder / 'mine.toml'} --seed 5 --set time.days=21" in done.out
    assert (memento.folder / "inner" / "d" / "report.html").is_file()
