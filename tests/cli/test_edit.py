from __future__ import annotations

import json

import pytest


@pytest.fixture
def memory(world):
    return f"memory:{world.ids('memories')[0]}"


def test_sets_fields_and_commits(world, memory):
    before = world.json("log")["commits"]
    done = world.json("edit", "main", memory, "importance=0.9", "text=We moved to Berlin", "-m", "they moved")
    commits = world.json("log")["commits"]
    assert len(commits) == len(before) + 1
    assert commits[0]["id"] == done["commit"]
    assert commits[0]["message"] == "they moved"
    assert done["changed"] is True
    record = world.json("show", memory)["record"]
    assert (record["importance"], record["text"]) == (0.9, "We moved to Berlin")


def test_says_what_changed_and_how_to_take_it_back(world, memory):
    result = world("edit", "main", memory, "importance=0.9")
    assert "Committed" in result.err
    assert "memento undo" in result.hint
    assert "→ 0.9" in result.out


def test_the_branch_may_be_left_out(world, memory):
    world("fork", "main", "trial", "--switch")
    world("edit", memory, "importance=0.9")
    assert world.json("show", f"{memory}@trial")["record"]["importance"] == 0.9
    assert world.json("show", f"{memory}@main")["record"]["importance"] != 0.9


def test_values_that_are_there_already_make_no_commit(world, memory):
    world("edit", "main", memory, "importance=0.9")
    before = world.json("log")
    assert "Nothing changed" in world("edit", "main", memory, "importance=0.9").err
    assert world.json("edit", "main", memory, "importance=0.9")["changed"] is False
    assert world.json("log") == before


def test_many_records_in_one_commit(world):
    a, b = (f"memory:{m}" for m in world.ids("memories")[:2])
    world("edit", "main", a, "importance=0.9", b, "importance=0.8", "pinned=yes")
    assert world.json("diff")["stat"] == {"memories": {"added": 0, "removed": 0, "changed": 2}}


def test_every_kind_of_record(world):
    entity, session, turn = (world.ids(table)[0] for table in ("entities", "sessions", "turns"))
    world(
        "edit", "main", f"entity:{entity}", "name=Renamed", f"session:{session}", "score=0.5", f"turn:{turn}", "text=hi"
    )
    assert world.json("show", f"entity:{entity}")["record"]["name"] == "Renamed"
    assert world.json("show", f"session:{session}")["record"]["score"] == 0.5
    assert world.json("show", f"turn:{turn}")["record"]["text"] == "hi"


def test_add(world):
    fields = ["text=Prefers tea", "created_at=2026-02-02T10:00:00Z"]
    world("edit", "main", "memory:my-own-id", *fields, "--add")
    assert world.json("show", "memory:my-own-id")["record"]["text"] == "Prefers tea"
    before = set(world.ids("memories"))
    world("edit", "main", "memory:new", "text=Prefers coffee", "created_at=2026-02-02T10:00:00Z")
    assert len(set(world.ids("memories")) - before) == 1


def test_delete(world, memory):
    world("edit", "main", memory, "--delete", "--cascade")
    assert "no memory named" in world("show", memory, code=2).err


def test_supersede(world, memory):
    world("edit", "main", memory, "--supersede", "text=Now it is otherwise")
    old = world.json("show", memory)["record"]
    assert old["deleted"] is True
    new = world.json("show", f"memory:{old['superseded_by']}")["record"]
    assert new["text"] == "Now it is otherwise"
    assert new["entity"] == old["entity"]


def test_a_batch_file_and_stdin(world):
    a, b = world.ids("memories")[:2]
    lines = [{"set": f"memory:{a}", "values": {"importance": 0.9}}, {"set": f"memory:{b}", "values": {"pinned": True}}]
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (world.folder / "batch.jsonl").write_text(text)
    assert world.json("edit", "main", "--file", "batch.jsonl")["stat"]["memories"]["changed"] == 2
    world("undo")
    world("edit", "main", "--file", "-", input=text)
    assert world.json("show", f"memory:{a}")["record"]["importance"] == 0.9


def test_the_editor(world, memory):
    world.setenv("EDITOR", "sed -i 's/^importance.*/importance = 0.77/'")
    world("edit", "main", memory, "--editor")
    assert world.json("show", memory)["record"]["importance"] == 0.77
    before = world.json("log")
    world.setenv("EDITOR", "true")
    assert "Nothing to change" in world("edit", "main", memory, "--editor").err
    assert world.json("log") == before


def test_an_editor_that_leaves_nonsense_changes_nothing(world, memory):
    before = world.json("log")
    world.setenv("EDITOR", "sed -i 's/^importance.*/importance = 7/'")
    assert "importance" in world("edit", "main", memory, "--editor", code=2).err
    world.setenv("EDITOR", "false")
    world("edit", "main", memory, "--editor", code=2)
    assert world.json("log") == before


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        (["importance=7"], "from 0 to 1"),
        (["importance=high"], "number"),
        (["improtance=0.5"], "did you mean importance"),
        (["entity=nothing"], "nothing"),
        (["importance"], "importance"),
        (["importance=7", "pinned=perhaps", "peak_hour=25"], "3 faults"),
        (["id=other"], "id"),
        ([], ""),
        (["--delete", "--supersede"], "exclude"),
        (["--cascade", "importance=1"], "--cascade"),
        (["--file", "x.jsonl"], "--file"),
    ],
)
def test_bad_input_changes_nothing(world, memory, fields, says):
    before = world.json("log")
    result = world("edit", "main", memory, *fields, code=2)
    assert says in result.err
    assert result.out == ""
    assert world.json("log") == before


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["mian", "memory:x", "importance=1"], "did you mean main"),
        (["main", "memry:x", "importance=1"], "did you mean memory"),
        (["main", "memory:nope", "importance=1"], "nope"),
        (["main"], "what to change"),
        ([], "what to change"),
        (["main", "--file", "gone.jsonl"], "gone.jsonl"),
        (["main", "importance=1"], "names no record"),
        (["main", "--editor"], "one record"),
    ],
)
def test_bad_words(world, arguments, says):
    assert says in world("edit", *arguments, code=2).err


def test_a_batch_file_with_faults_tells_all_of_them(world):
    memory = world.ids("memories")[0]
    lines = [f'{{"set": "memory:{memory}", "values": {{"importance": 7}}}}', "not json", '{"delete": "memory:nope"}']
    (world.folder / "bad.jsonl").write_text("\n".join(lines))
    before = world.json("log")
    assert "bad.jsonl" in world("edit", "main", "--file", "bad.jsonl", code=2).err
    assert world.json("log") == before


def test_a_deletion_that_others_need_is_refused_with_a_way_out(world):
    session = world.json("show", "-t", "candidates", "-n", "1")["candidates"][0]
    result = world("edit", "main", f"memory:{session['memory']}", "--delete", code=2)
    assert "cascade" in result.hint


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["importance=0.9", "pinned=yes"], "set importance=0.9 and pinned=yes of MEMORY"),
        (
            ["text=" + "many words " * 40, "importance=0.9", "kind=episode"],
            "set text, importance=0.9 and kind of MEMORY",
        ),
        (["created_at=2026-01-02T03:04:05Z"], "set created_at=2026-01-02T03:04:05Z of MEMORY"),
        (["--supersede", "text=newer"], "supersede MEMORY"),
        (["--delete", "--cascade"], "delete MEMORY and what needs it"),
    ],
)
def test_the_message_is_short_and_names_the_fields(world, memory, words, message):
    world("edit", "main", memory, *words)
    said = world.json("log", "-n", "1")["commits"][0]["message"]
    assert said == message.replace("MEMORY", memory)
    assert world.json("undo", "--list")["operations"][0]["description"] == f"edit main: {said}"


def test_the_message_of_an_addition_names_it(world):
    world("edit", "main", "entity:owl", "--add", "name=Owl")
    assert world.json("log", "-n", "1")["commits"][0]["message"] == "add entity:owl"
    world("edit", "main", "entity:new", "name=Lark")
    assert world.json("log", "-n", "1")["commits"][0]["message"] == "add an entity"


def test_a_message_of_many_fields_names_the_first(world, memory):
    fields = ["importance=0.9", "pinned=yes", "embedded=no", "prior_accesses=3", "peak_hour=4", "peak_weekday=2"]
    world("edit", "main", memory, *fields)
    message = world.json("log", "-n", "1")["commits"][0]["message"]
    assert message == f"set importance=0.9, pinned=yes, embedded=no, prior_accesses=3 and 2 more of {memory}"


def test_faults_of_stdin_are_told_as_such_and_with_the_form(world):
    result = world("edit", "main", "--file", "-", input="junk", code=2)
    assert result.err.startswith("Error: stdin: 1 fault")
    assert '{"set": "memory:ID"' in result.hint


def test_an_editor_that_does_not_start_is_told_with_the_way_out(world, memory):
    world.setenv("EDITOR", "/nowhere/editor")
    result = world("edit", "main", memory, "--editor", code=2)
    assert "/nowhere/editor" in result.err
    assert "EDITOR" in result.hint


def test_a_huge_bad_value_is_cut_out_of_the_error(world, memory):
    change = {"set": memory, "values": {"text": "y" * 3_000_000}}
    result = world("edit", "main", "--file", "-", input=json.dumps(change), code=2)
    assert len(result.err) < 2000
    assert "text" in result.err


def test_add_with_an_id_or_without(world):
    before = set(world.ids("memories"))
    world("edit", "main", "memory:mine-1", "--add", "text=Prefers tea")
    world("edit", "main", "memory:new", "--add", "text=Prefers cocoa")
    added = set(world.ids("memories")) - before
    assert len(added) == 2
    assert "mine-1" in added
    assert "new" not in added
    assert "- memory:mine-1 is there already" in world("edit", "memory:mine-1", "--add", "text=x", code=2).err
