from __future__ import annotations

import re
from pathlib import Path

import pytest

import memento.language.domains as domains
from memento.errors import NotFound
from memento.language.lexicon import DOMAINS, Domain, domain

ALL = [domain(name) for name in DOMAINS]


def test_every_file_of_a_domain_has_its_row() -> None:
    files = {path.stem for path in Path(domains.__file__).parent.glob("*.py")} - {"__init__", "people"}
    assert files == set(DOMAINS)


@pytest.mark.parametrize("words", ALL, ids=lambda d: d.name)
def test_a_domain_is_rich(words: Domain) -> None:
    assert len(words.kinds) >= 6
    for kind in words.kinds:
        names = words.names(kind)
        assert len(names) >= 200
        assert len(set(names)) == len(names), kind
        assert len(words.aspects(kind)) >= 5
        assert any(aspect.single_valued for aspect in words.aspects(kind))
    assert sum(len(words.names(kind)) for kind in words.kinds) > 10_000


@pytest.mark.parametrize("words", ALL, ids=lambda d: d.name)
def test_aspects_have_values_and_phrases(words: Domain) -> None:
    used = {aspect.name for kind in words.kinds for aspect in words.aspects(kind)}
    assert used == set(words.aspects_by_name) == set(words.phrases)
    for name, aspect in words.aspects_by_name.items():
        assert len(aspect.values) >= 8, name
        assert len(set(aspect.values)) == len(aspect.values), name
        assert all(value == value.strip() and "  " not in value for value in aspect.values)
        phrases = words.phrases[name]
        assert len(set(phrases)) == len(phrases) >= 3
        for phrase in phrases:
            assert sorted(re.findall(r"{.}", phrase)) == ["{e}", "{v}"], phrase
            assert phrase[-1] not in ".!?"
    assert all(goal.count("{t}") == 1 for goal in words.goals)
    for source, _, target in words.dependencies:
        assert {source, target} <= set(words.kinds)


@pytest.mark.parametrize("words", ALL, ids=lambda d: d.name)
def test_clauses_read_as_clauses(words: Domain) -> None:
    """Every phrase may stand behind "Note that", so none is a command; articles fit the word behind them."""
    for name, phrases in words.phrases.items():
        assert not any(re.match(r"(watch|note|remember|use|keep|no) ", phrase) for phrase in phrases), name
        values = words.aspects_by_name[name].values
        for phrase in phrases:
            for place in range(0, len(values), max(1, len(values) // 50)):
                said = phrase.replace("{v}", values[place])
                assert not re.search(r"\b(a [aeio](?!ne-|u)|an [^aeiouhAEIOUHFLMNRSX8{1])", said), said


def test_unknown_names_are_refused_with_the_nearest() -> None:
    with pytest.raises(NotFound, match="no domain named 'softwar'") as caught:
        domain("softwar")
    assert "did you mean software" in caught.value.hint
    with pytest.raises(NotFound, match="no kind of entity in domain software named 'servic'"):
        domain("software").names("servic")
