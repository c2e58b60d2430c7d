from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memento.errors import UsageError
from memento.language.choices import mixed
from memento.language.grammar import KINDS, OUTCOMES, Grammar, outcome_of
from memento.language.lexicon import DOMAINS

KEYS = st.integers(0, 2**64 - 1)
GRAMMARS = {name: Grammar(name) for name in DOMAINS}
FACTS = [
    ("m-1", "payments-api", "deploy target", "Fly.io"),
    ("m-2", "payments-api", "language", "Go"),
    ("m-3", "payments-api", "mascot", "a heron"),
]


@pytest.mark.parametrize("name", DOMAINS)
@pytest.mark.parametrize("kind", [*KINDS, "superseding"])
def test_every_index_is_another_sentence_that_keeps_its_facts(name: str, kind: str) -> None:
    grammar = GRAMMARS[name]
    for aspect in grammar.domain.aspects_by_name:
        count = grammar.count(aspect, kind)
        assert count >= 20
        told = [grammar.unrank(index, "QQname", aspect, "QQvalue", kind, "QQold") for index in range(count)]
        assert len(set(told)) == count
        for sentence in told:
            assert sentence.count("QQname") == 1
            assert sentence.count("QQvalue") == 1
            assert "{" not in sentence
            assert "  " not in sentence
            assert sentence[-1] == "."
            assert sentence[0].isupper()
    with pytest.raises(IndexError):
        grammar.unrank(grammar.count("owner", kind), "a", "owner", "b", kind)


@given(key=KEYS, aspect=st.sampled_from(["deploy target", "a new aspect", ""]), kind=st.sampled_from(KINDS))
def test_a_key_picks_by_its_remainder(key: int, aspect: str, kind: str) -> None:
    grammar = GRAMMARS["software"]
    count = grammar.count(aspect, kind)
    assert grammar.memory(key, "x", aspect, "y", kind) == grammar.unrank(key % count, "x", aspect, "y", kind)


def test_braces_in_facts_stay() -> None:
    assert "{v} and {e}" in GRAMMARS["software"].memory(3, "{e}", "owner", "{v} and {e}", "attribute")


def test_names_that_are_identifiers_keep_their_case() -> None:
    grammar = GRAMMARS["software"]
    starts = {grammar.unrank(index, "payments-api", "language", "Go").split(" ")[0] for index in range(4)}
    assert "Payments-api" not in starts
    assert grammar.unrank(0, "the orders database", "owner", "Maya Chen").startswith(("Maya", "The"))


def test_a_batch_is_the_single_sentences() -> None:
    grammar = GRAMMARS["support"]
    keys = [mixed(5, row) for row in range(20)]
    columns = (["Ada"] * 20, ["plan", "language"] * 10, ["v"] * 20, ["attribute", "episode"] * 10)
    rows = zip(keys, *columns, strict=True)
    assert grammar.memories(keys, *columns) == [grammar.memory(*row) for row in rows]


@given(key=KEYS, facts=st.integers(0, 3), learned=st.integers(0, 2), outcome=st.sampled_from(OUTCOMES))
def test_turns_alternate_and_cite_the_facts(key: int, facts: int, learned: int, outcome: str) -> None:
    grammar = GRAMMARS["software"]
    turns = grammar.turns(key, "payments-api", FACTS[:facts], outcome, FACTS[:learned])
    roles = [turn.role for turn in turns]
    assert roles == ["user", "assistant"] * (len(turns) // 2)
    assert [cite for turn in turns for cite in turn.cites] == [fact[0] for fact in FACTS[:facts]]
    for turn in turns:
        assert turn.text.strip() == turn.text
        assert "{" not in turn.text
        assert not turn.cites or turn.role == "assistant"
    for memory, entity, _, value in FACTS[:facts]:
        citing = next(turn for turn in turns if turn.cites == (memory,))
        assert entity in citing.text
        assert value in citing.text
    assert turns == grammar.turns(key, "payments-api", FACTS[:facts], outcome, FACTS[:learned])


@given(key=KEYS)
def test_a_fact_that_goes_leaves_the_words_of_all_others(key: int) -> None:
    grammar = GRAMMARS["software"]
    more = [*FACTS, ("m-9", "ledger-api", "port", "3007")]
    whole = grammar.turns(key, "t", more, "solved", more[:2])
    less = grammar.turns(key, "t", [more[0], *more[2:]], "solved", more[1:2])
    known = 2 * len(more)
    assert less == whole[:2] + whole[4:known] + whole[known + 2 :]
    assert grammar.turns(key, "t", more, "unsolved", more[:2])[:-2] == whole[:-2]


def test_conversations_are_counted_and_unranked() -> None:
    grammar = GRAMMARS["software"]
    count = grammar.count_turns("t", FACTS[:1])
    assert grammar.count_turns("t", FACTS) > 10**9
    told = {tuple(grammar.unrank_turns(index, "t", FACTS[:1])) for index in range(0, count, count // 997)}
    assert len(told) == len(range(0, count, count // 997))
    with pytest.raises(IndexError):
        grammar.unrank_turns(count, "t", FACTS[:1])


def test_unknown_kinds_and_outcomes_are_refused() -> None:
    grammar = GRAMMARS["software"]
    with pytest.raises(UsageError, match="kind 'wish'"):
        grammar.memory(1, "a", "owner", "b", "wish")
    with pytest.raises(UsageError, match="outcome 'fine'"):
        grammar.turns(1, "t", [], "fine")


def test_outcomes_of_scores() -> None:
    assert [outcome_of(score) for score in (1.0, 0.6, 0.4, 0.0, None, float("nan"))] == [
        "solved", "solved", "partial", "unsolved", "partial", "partial",
    ]  # fmt: skip


def test_words_do_not_change_between_versions() -> None:
    grammar = GRAMMARS["software"]
    assert (
        grammar.memory(mixed(7, 0), "payments-api", "deploy target", "Fly.io")
        == "payments-api deploys to Fly.io, according to the last check."
    )
