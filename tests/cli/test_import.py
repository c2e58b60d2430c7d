from __future__ import annotations

import json

import pytest


@pytest.fixture
def conversation(memento):
    """A repository and a small LoCoMo conversation beside it, one piece of evidence malformed."""
    memento("init")
    content = {
        "speaker_a": "Ann", "speaker_b": "Bob",
        "session_1_date_time": "1:56 pm on 8 May, 2023",
        "session_1": [
            {"speaker": "Ann", "dia_id": "D1:1", "text": "I moved to Lisbon last week."},
            {"speaker": "Bob", "dia_id": "D1:2", "text": "How is the new flat?"},
        ],
        "session_2_date_time": "2:10 pm on 20 May, 2023",
        "session_2": [{"speaker": "Ann", "dia_id": "D2:1", "text": "I adopted a dog called Rex."}],
    }  # fmt: skip
    questions = [
        {"question": "Where does Ann live?", "answer": "Lisbon", "evidence": ["D1:1"], "category": 1},
        {"question": "What is the dog called?", "answer": "Rex", "evidence": ["D2:1", "nonsense"], "category": 1},
    ]
    sample = [{"sample_id": "conv-1", "conversation": content, "qa": questions}]
    (memento.folder / "conv 1.json").write_text(json.dumps(sample))
    return memento


def test_brings_a_conversation_in(conversation):
    document = conversation.json("import", "conv 1.json", "--format", "locomo")
    assert document["branch"] == "main"
    assert document["counts"]["turns"] + document["counts"]["memories"] > 0
    assert document["counts"]["sessions"] >= 2
    assert conversation.json("show")["manifest"]["source"] == "imported"
    relevance = [c["relevance"] for c in conversation.json("show", "-t", "candidates")["candidates"]]
    assert any(relevance)


def test_oddities_are_counted_and_told(conversation):
    result = conversation("import", "conv 1.json", "--format", "locomo")
    assert "Warning:" in result.err
    assert result.out == ""
    assert conversation.json("import", "conv 1.json", "--format", "locomo", "-b", "again")["notes"]


def test_a_second_import_takes_the_files_name(conversation):
    conversation("import", "conv 1.json", "--format", "locomo")
    assert conversation.json("import", "conv 1.json", "--format", "locomo")["branch"] == "conv-1"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["gone.json", "--format", "locomo"], "gone.json"),
        (["conv 1.json", "--format", "locmo"], "did you mean locomo"),
        (["conv 1.json"], "--format"),
        (["empty.json", "--format", "locomo"], "empty.json"),
        (["list.json", "--format", "locomo"], "list.json"),
        (["conv 1.json", "--format", "signet"], "conv 1.json"),
        (["gone.db", "--format", "signet"], "gone.db"),
    ],
)
def test_bad_input_changes_nothing(conversation, arguments, says):
    (conversation.folder / "empty.json").write_text("")
    (conversation.folder / "list.json").write_text("[1, 2]")
    result = conversation("import", *arguments, code=2)
    assert says in result.err
    assert conversation.json("branch")["branches"] == []
    assert not (conversation.folder / "gone.db").exists()
