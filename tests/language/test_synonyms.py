from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from memento.errors import UsageError
from memento.language.synonyms import Synonyms, own, synonyms, with_articles, wordnet
from memento.language.synonyms.inflect import ongoing, past, plural, third


def first(word: str, others: tuple[str, ...]) -> str:
    return others[0]


def test_there_are_at_least_500_sets_and_every_one_is_sane() -> None:
    sets = own()
    assert len(sets) >= 500
    assert set(Counter(part for part, _ in sets)) == {"n", "v", "a", "t"}
    for _, words in sets:
        assert len(words) >= 2, words
        assert len(set(words)) == len(words), words
        assert all(word == word.strip() and word for word in words)
    assert len({frozenset(words) for _, words in sets}) == len(sets)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("We use AI for this.", "We use artificial intelligence for this."),
        ("Artificial intelligence helps.", "AI assists."),
        ("The painting said it.", "The painting said it."),
        ("Two lawyers waited.", "Two attorneys paused."),
        ("A lawyer replaced an old attorney", "An attorney substituted an old lawyer"),
        ("We follow up on it and talk it through.", "We follow up on it and talk it through."),
        ("ai", "ai"),
    ],
)
def test_words_are_exchanged_in_their_form(before: str, after: str) -> None:
    known = Synonyms(
        [("t", ("AI", "artificial intelligence")), ("v", ("help", "assist")), ("n", ("lawyer", "attorney")),
         ("v", ("wait", "pause")), ("v", ("replace", "substitute")), ("v", ("follow", "track")),
         ("v", ("talk", "chat"))]
    )  # fmt: skip
    assert known.exchange(before, first) == after


def test_a_word_of_two_sets_is_in_doubt_and_stays() -> None:
    known = Synonyms([("n", ("charge", "price")), ("v", ("charge", "accuse"))])
    assert known.of("charge") == ()
    assert known.of("price") == ("charge",)
    assert known.of("accused") == ("charged",)


@pytest.mark.parametrize(
    ("word", "many"),
    [
        ("box", "boxes"),
        ("city", "cities"),
        ("day", "days"),
        ("child", "children"),
        ("advice", "advice"),
        ("dish", "dishes"),
    ],
)
def test_plurals(word: str, many: str) -> None:
    assert plural(word) == many


@pytest.mark.parametrize(
    ("verb", "forms"),
    [
        ("try", ("tries", "tried", "trying")), ("stop", ("stops", "stopped", "stopping")),
        ("make", ("makes", "made", "making")), ("agree", ("agrees", "agreed", "agreeing")),
        ("tie", ("ties", "tied", "tying")), ("watch", ("watches", "watched", "watching")),
    ],
)  # fmt: skip
def test_forms_of_verbs(verb: str, forms: tuple[str, ...]) -> None:
    assert (third(verb), past(verb), ongoing(verb)) == forms


def test_articles_follow_their_words() -> None:
    assert with_articles("a plan, an hour, a user", "a idea, an hour, a user") == "an idea, an hour, a user"
    assert with_articles("An answer", "An reply") == "A reply"


def test_the_lexicon_is_symmetric() -> None:
    known = synonyms()
    for word in ("doctor", "physicians", "quickly", "judge"):
        for other in known.of(word):
            back = known.of(other)
            assert not back or word in back
    assert len(known) > 1500


def test_wordnet_is_read_where_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "index.noun").write_text(
        "  1 licence text\nautomobile n 1 3 @ ~ #m 1 1 00000001  \nmotorcar n 1 0 1 0 00000001  \n"
        "bank n 2 0 2 0 00000002 00000003  \n"
    )
    (tmp_path / "data.noun").write_text(
        "  1 licence text\n00000001 06 n 03 automobile 0 motorcar 0 Car 0 001 @ 00000009 n 0000 | a vehicle\n"
        "00000002 06 n 02 bank 0 depository 0 000 | money\n"
    )
    monkeypatch.setenv("WNSEARCHDIR", str(tmp_path))
    assert wordnet.read() == [("n", ("automobile", "motorcar"))]
    synonyms.cache_clear()
    assert synonyms("both").of("automobiles") == () or "motorcars" in synonyms("both").of("automobiles")
    assert synonyms("wordnet").of("motorcar") == ("automobile",)
    synonyms.cache_clear()
    monkeypatch.setenv("WNSEARCHDIR", str(tmp_path / "nowhere"))
    with pytest.raises(UsageError, match="WordNet is not installed"):
        synonyms("wordnet")
