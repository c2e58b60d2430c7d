"""Operators on words, time and facts: what is their own."""

from __future__ import annotations

import re

import numpy as np
import pytest
import scipy.interpolate
from hypothesis import given
from hypothesis import strategies as st

from memento.language.grammar import Grammar
from memento.vary import parse
from memento.vary.consistency import Checker, applied, lost_of
from memento.vary.jitter import Jitter
from memento.vary.smooth import spline
from memento.vary.texts import NUMBER, Text, Texts, exchanged, negates, pieces
from memento.vary.tone import toned
from memento.vary.typos import mistyped
from memento.world.tree import Delta
from memento.world.world import World

HOUR = 3600


def made(world: World, word: str, key: int = 5) -> World:
    return applied(world, parse([word])[0].apply(world, key))


@pytest.mark.parametrize(
    ("tone", "before", "after"),
    [
        ("formal", "I don't get it, thanks!", "I do not obtain it, thank you."),
        ("casual", "I do not obtain it, thank you.", "I don't get it, thanks."),
        ("terse", "Note that the owner of payments-api is Ada.", "The owner of payments-api is Ada."),
    ],
)
def test_tones(tone: str, before: str, after: str) -> None:
    assert toned(Text(before, "user", ("payments-api", "Ada")), tone, 0) == after


def test_politeness_depends_on_who_speaks() -> None:
    assert toned(Text("Can you help me?", "user", ()), "polite", 0) == "Excuse me. Can you help me? Thank you."
    assert toned(Text("It is so.", "assistant", ()), "polite", 0) == "It is so. I hope that helps."
    assert toned(Text("It is so.", "", ()), "polite", 0) == "It is so."


def test_names_in_a_text_are_not_open() -> None:
    text = Text("The Get Team does not get 5 of them", "user", ("the Get Team",))
    assert toned(text, "formal", 0) == "The Get Team does not obtain 5 of them"
    assert [piece for piece, free in text.pieces() if not free] == ["The Get Team", "not", "5"]


NEGATIONS = re.compile(
    r"\b(?:no|not|never|none|nothing|nobody|without|neither|nor|cannot|\w+n't|\w+n’t)\b", re.IGNORECASE
)
SAID = ["no", "Not", "NEVER", "none", "nobody", "nothing", "without", "neither", "nor", "cannot", "isn't", "DON’T",
        "n't", "noted", "know", "wn", "can", "_", "'", "-", "\n", "3", "é", "İ", "ithout", "not_",
        "don't3"]  # fmt: skip


@given(st.lists(st.tuples(st.sampled_from(SAID), st.sampled_from(["", " ", "."]))).map(lambda p: "".join(sum(p, ()))))
def test_what_negates_is_found_as_by_one_plain_pattern(text: str) -> None:
    assert negates(text) == bool(NEGATIONS.search(text))
    if not NUMBER.search(text):
        assert [piece for piece, free in pieces(text, ()) if not free] == NEGATIONS.findall(text)


def test_a_mistyped_word_is_another_and_near() -> None:
    for state in range(400):
        typed = mistyped("Service", state)
        assert abs(len(typed) - len("Service")) <= 1
        assert sorted(set(typed.lower()) - set("service ")) in ([], *[[c] for c in "abdfghjklmnopqtuwxyz"])


def test_a_paraphrase_says_the_same_fact(tiny: World) -> None:
    after = made(tiny, "paraphrase:share=1")
    assert after.memories.replace(text=tiny.memories["text"]) == tiny.memories
    moved = after.memories["text"] != tiny.memories["text"]
    assert moved.mean() > 0.7
    assert (after.turns["text"] != tiny.turns["text"]).mean() > 0.5
    grammar = Grammar("software")
    for row in np.flatnonzero(moved)[:20]:
        text = Texts(tiny).memories[int(row)]
        for name in text.kept[:2]:
            said = after.memories["text"][row].casefold()
            assert (name.casefold() in text.text.casefold()) == (name.casefold() in said)
    assert grammar.rank(grammar.unrank(3, "core-api", "owner", "Ada"), "core-api", "owner", "Ada") == 3
    assert grammar.rank("no such sentence", "core-api", "owner", "Ada") is None


@pytest.mark.parametrize(("habit", "low", "high"), [("night", 18, 28), ("morning", 4, 12), ("evening", 15, 25)])
def test_a_schedule_moves_hours_and_keeps_the_order(tiny: World, habit: str, low: int, high: int) -> None:
    after = made(tiny, f"reschedule:to={habit}")
    hours = after.sessions["started_at"] % 86_400 / HOUR
    hours = np.where(hours < 4, hours + 24, hours)
    assert np.all((hours >= low) & (hours <= high))
    assert after.sessions["id"].tolist() == tiny.sessions["id"].tolist()
    length = tiny.sessions["ended_at"] - tiny.sessions["started_at"]
    np.testing.assert_array_equal(after.sessions["ended_at"] - after.sessions["started_at"], length)


def test_weekends_hold_the_sessions_of_their_week(tiny: World) -> None:
    after = made(tiny, "reschedule:to=weekend")
    weekday = (after.sessions["started_at"] // 86_400 + 3) % 7
    assert (weekday >= 5).mean() > 0.9


@pytest.mark.parametrize("word", ["smooth", "windowwarp:share=0.3"])
def test_warps_keep_order_ends_and_origins(tiny: World, word: str) -> None:
    after = made(tiny, word)
    old, new = tiny.sessions["started_at"], after.sessions["started_at"]
    assert after.sessions["id"].tolist() == tiny.sessions["id"].tolist()
    assert new[0] == old[0]
    assert abs(int(new[-1]) - int(old[-1])) <= 2 * HOUR
    assert np.any(new != old)
    left = np.flatnonzero(tiny.memories["origin"] != "")
    for row in left:
        at = after.sessions.row_of[after.memories["origin"][row]]
        assert after.memories["created_at"][row] == after.sessions["ended_at"][at]


def test_the_spline_is_the_natural_cubic_one() -> None:
    x, y = np.array([0.0, 1.0, 2.5, 4.0, 7.0]), np.array([0.0, 2.0, 1.0, 5.0, 3.0])
    at = np.linspace(0, 7, 50)
    expected = scipy.interpolate.CubicSpline(x, y, bc_type="natural")(at)
    np.testing.assert_allclose(spline(x, y, at), expected, atol=1e-12)


def test_a_window_doubles_or_halves_its_gaps(tiny: World) -> None:
    after = made(tiny, "windowwarp:share=0.3")
    ratio = np.diff(after.sessions["started_at"]) / np.diff(tiny.sessions["started_at"])
    levels = np.median(ratio[ratio > np.median(ratio) * 1.5]) if np.any(ratio > np.median(ratio) * 1.5) else None
    low = np.median(ratio[ratio < np.median(ratio) / 1.5]) if np.any(ratio < np.median(ratio) / 1.5) else None
    assert (levels is not None and levels / np.median(ratio) == pytest.approx(2, rel=0.1)) or (
        low is not None and low / np.median(ratio) == pytest.approx(0.5, rel=0.1)
    )


def test_a_counterfactual_is_said_wherever_the_fact_was(tiny: World) -> None:
    after = made(tiny, "counterfactual:share=0.5")
    moved = np.flatnonzero(after.memories["value"] != tiny.memories["value"])
    assert len(moved) > 5
    for row in moved:
        old, new = tiny.memories["value"][row], after.memories["value"][row]
        assert new
        assert new in after.memories["text"][row] or old not in tiny.memories["text"][row]
        cited = [
            at for at, cites in enumerate(after.turns["cites"].tolist()) if tiny.memories["id"][row] in cites.split()
        ]
        for at in cited:
            if old in tiny.turns["text"][at]:
                assert new in after.turns["text"][at]


def test_a_supersession_links_and_lowers(tiny: World) -> None:
    operator = parse(["supersede:share=1"])[0]
    delta = operator.apply(tiny, 3)
    assert isinstance(delta, Delta)
    after = applied(tiny, delta)
    fresh = set(after.memories["id"].tolist()) - set(tiny.memories["id"].tolist())
    assert fresh
    for key in fresh:
        newer = after.record("memories", key)
        older = next(r for r in after.memories.records() if r["superseded_by"] == key)
        assert older["deleted"]
        assert older["created_at"] < newer["created_at"]
        assert older["value"] != newer["value"]
        assert newer["value"] in newer["text"]


def test_alternatives_stand_beside_with_their_quality(tiny: World) -> None:
    after = made(tiny, "alternative:share=1:evade=1")
    fresh = [key for key in after.turns["id"].tolist() if key not in tiny.turns.row_of]
    assert fresh
    for key in fresh:
        other = after.record("turns", key)
        first = next(
            r for r in after.turns.records()
            if r["parent"] == other["parent"] and r["session"] == other["session"] and r["id"] != key and r["cites"]
        )  # fmt: skip
        assert first["preference"] > other["preference"]
        assert not other["cites"]


def test_drift_moves_what_came_later_further(tiny: World) -> None:
    after = made(tiny, "drift:importance=0.1")
    moved = np.abs(after.memories["importance"] - tiny.memories["importance"])
    start = int(tiny.sessions["started_at"].min())
    assert np.all(moved[tiny.memories["created_at"] <= start] == 0)
    assert moved[tiny.memories["created_at"] > start + 14 * 86_400].mean() > 0


def test_phrases_are_exchanged_all_at_once() -> None:
    assert exchanged("a cat, a dog and a catalogue", {"cat": "dog", "dog": "cat"}) == "a dog, a cat and a catalogue"
    assert exchanged("nothing", {}) == "nothing"


@pytest.mark.parametrize(
    ("after", "lost"),
    [("Ada owns 3 of it", ""), ("Eve owns 3 of it", "'Ada'"), ("Ada owns 4 of it", "a number"),
     ("Ada does not own 3 of it", "what it affirmed"), ("Adam owns 3 of it", "'Ada'")],
)  # fmt: skip
def test_what_a_text_may_lose(after: str, lost: str) -> None:
    assert lost_of("Ada owns 3 of it", after, ("Ada",)) == lost


class _Liar(Jitter):
    """Promises that labels stay, and removes a memory's hour and its replacement."""

    def apply(self, world: World, key: int) -> Delta:
        memories = world.memories
        hours = np.where(memories["peak_hour"] < 0, memories["peak_hour"], (memories["peak_hour"] + 12) % 24)
        return Delta({"memories": memories.replace(peak_hour=hours)})


def test_what_breaks_a_promise_is_told(tiny: World) -> None:
    checker = Checker(tiny)
    why = checker.inconsistency(_Liar().apply(tiny, 1), _Liar())
    assert "labels that must stay moved" in why
    gone = tiny.memories.replace(superseded_by=tiny.memories["id"])
    why = checker.inconsistency(Delta({"memories": gone}), parse(["drop"])[0])
    assert "supersede" in why
    turns = tiny.turns.take(np.flatnonzero(tiny.turns["cites"] != "")[:1])
    why = checker.inconsistency(Delta({"turns": turns.replace(text=np.array(["nothing"], object))}), parse(["tone"])[0])
    assert "lost" in why


def test_a_synonym_is_the_same_throughout_a_variant(tiny: World) -> None:
    after = made(tiny, "synonym:share=1")
    assert (after.turns["text"] != tiny.turns["text"]).mean() > 0.3
    pairs: dict[str, set[str]] = {}
    for old, new in zip(tiny.turns["text"].tolist(), after.turns["text"].tolist(), strict=True):
        a, b = old.split(), new.split()
        if len(a) == len(b):
            for x, y in zip(a, b, strict=True):
                if x.isalpha() and x != y and x.lower() not in ("a", "an"):
                    pairs.setdefault(x.lower(), set()).add(y.lower().strip(".,?!"))
    assert pairs
    assert all(len(found) == 1 for found in pairs.values()), pairs


@pytest.mark.parametrize("key", [1, 2, 3])
def test_renaming_back_gives_the_world_to_the_byte(tiny: World, key: int) -> None:
    operator = parse(["rename"])[0]
    after = applied(tiny, operator.apply(tiny, key))
    assert after != tiny
    assert not set(after.entities["name"]) & set(tiny.entities["name"])
    back = operator.inverse(tiny, key)
    assert back is not None
    assert applied(after, back.apply(after, 0)) == tiny


def test_renaming_refuses_what_has_no_way_back(tiny: World) -> None:
    from memento.errors import InvalidFile, UsageError
    from memento.vary.rename import Rename

    first, second = tiny.entities["name"][:2].tolist()
    with pytest.raises(UsageError, match="no way back"):
        Rename.of({first: second}).apply(tiny, 0)
    assert Rename.of({first: second, second: first}).apply(tiny, 0)
    for names in ('{"a":"x","b":"x"}', "[1]", "{"):
        with pytest.raises(InvalidFile):
            Rename(names=names)


@pytest.mark.parametrize("to", ["medicine", "law", "finance", "cooking", "travel", "research", "support", "personal"])
def test_a_domain_is_changed_as_a_whole(tiny: World, to: str) -> None:
    after = made(tiny, f"domain:to={to}")
    grammar = Grammar(to)
    assert after.manifest.scenario["entities"]["domain"] == to
    assert set(after.entities["kind"]) <= set(grammar.domain.kinds)
    assert set(after.aspects["name"]) <= set(grammar.domain.aspects_by_name)
    names = dict(zip(tiny.entities["name"].tolist(), after.entities["name"].tolist(), strict=True))
    assert len(set(names.values())) == len(names)
    said = "\n".join([*after.memories["text"].tolist(), *after.turns["text"].tolist()]).casefold()
    assert not [name for name in names if name.casefold() in said]
    for row, text in enumerate(after.memories["text"].tolist()):
        if after.memories["value"][row]:
            assert after.memories["value"][row].casefold() in text.casefold()
    # It is a world of that domain: it comes back as one, and a paraphrase finds all its sentences.
    again = made(after, "paraphrase:share=1")
    assert (again.memories["text"] != after.memories["text"]).mean() > 0.7
    assert (again.turns["text"] != after.turns["text"]).mean() > 0.5


@pytest.mark.parametrize("kind", ["replace", "insert", "swap", "delete"])
def test_eda_keeps_what_a_text_is_about(tiny: World, kind: str) -> None:
    after = made(tiny, f"eda:kind={kind}:share=1:a=0.3")
    assert (after.memories["text"] != tiny.memories["text"]).mean() > 0.3
    texts = Texts(tiny).memories
    for row in range(len(tiny.memories)):
        assert lost_of(tiny.memories["text"][row], after.memories["text"][row], texts[row].kept) == ""
