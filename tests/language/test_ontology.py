from __future__ import annotations

import itertools

import pytest

from memento.language import ontology
from memento.language.lexicon import DOMAINS, domain

PAIRS = list(itertools.permutations(DOMAINS, 2))


@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_every_kind_and_aspect_has_an_answer_of_its_sort(source: str, target: str) -> None:
    here, there = domain(source), domain(target)
    kinds = ontology.kinds(source, target)
    assert set(kinds) == set(here.kinds)
    assert set(kinds.values()) <= set(there.kinds)
    answers = ontology.aspects(source, target)
    for kind in here.kinds:
        mine = [answers[(kind, term.name)] for term in here.aspects(kind)]
        assert len(set(mine)) == len(mine)
        for term in here.aspects(kind):
            assert there.aspects_by_name[answers[(kind, term.name)]].single_valued == term.single_valued


def test_roles_speak_of_kinds_that_are_there() -> None:
    known = {kind for name in DOMAINS for kind in domain(name).kinds}
    told = [kind for kinds in ontology.ROLES.values() for kind in kinds]
    assert len(told) == len(set(told))
    assert set(told) <= known
    assert "natural language processing" in ontology.NARROWER["machine learning"]
