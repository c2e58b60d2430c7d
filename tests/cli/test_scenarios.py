from __future__ import annotations

import tomllib


def test_lists_every_shipped_scenario(memento):
    listed = memento.json("scenarios")["scenarios"]
    names = [row["name"] for row in listed]
    assert len(names) >= 5
    assert "tiny" in names
    assert all(row["summary"] for row in listed)
    text = memento("scenarios").out
    assert all(name in text for name in names)


def test_the_parameters_of_one(memento):
    rows = memento.json("scenarios", "tiny")["parameters"]
    assert all(row["doc"] and row["range"] for row in rows)
    days = next(row for row in rows if row["key"] == "time.days")
    assert days["unit"] == "days"
    assert days["value"] >= 21
    text = memento("scenarios", "tiny").out
    assert "[time]\n" in text
    assert f"  days = {days['value']} " in text


def test_all_parameters(memento):
    every = {row["key"] for row in memento.json("scenarios", "--parameters")["parameters"]}
    assert every >= {row["key"] for row in memento.json("scenarios", "tiny")["parameters"]}


def test_the_file_of_one_makes_the_same_world(memento):
    text = memento("scenarios", "--show", "tiny").out
    assert tomllib.loads(text)["format"] == 1
    assert memento.json("scenarios", "--show", "tiny")["toml"].rstrip() == text.rstrip()
    (memento.folder / "tiny.toml").write_text(text)
    memento("init")
    commits = [
        memento.json("generate", name, "--branch", b)["commit"] for name, b in (("tiny", "a"), ("./tiny.toml", "b"))
    ]
    assert commits[0] == commits[1]


def test_an_unknown_one_is_told_with_the_nearest(memento):
    assert "did you mean tiny" in memento("scenarios", "tny", code=2).hint
    memento("scenarios", "--show", code=2)
