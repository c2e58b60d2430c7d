"""Entities, aspects and edges fit the domain and one another."""

from __future__ import annotations

import pytest

from memento.scenario import load
from memento.simulate.entities import Graph, graph
from memento.simulate.ids import Stems


def made(seed: int = 1, name: str = "default", **overrides: str) -> Graph:
    settings = load(name, {key.replace("__", "."): value for key, value in overrides.items()}).settings(seed)
    return graph(settings, seed, Stems(seed))


@pytest.mark.parametrize("domain", ["software", "support", "personal"])
@pytest.mark.parametrize("aspects", [2, 3, 8, 15, 1000])
def test_every_entity_has_both_sorts_of_aspect(domain: str, aspects: int) -> None:
    g = made(entities__domain=domain, entities__aspects=str(aspects), entities__count="40")
    assert all(g.single)
    assert all(g.several)
    assert len(set(g.aspects["name"].tolist())) <= max(aspects, 2)
    for name, values in zip(g.aspects["name"], g.values, strict=True):
        assert g.domain.aspects_by_name[name].values is values
    for entity in range(len(g)):
        rows = g.single[entity] + g.several[entity]
        assert {g.aspects["entity"][row] for row in rows} == {g.entities["id"][entity]}
        assert [bool(g.aspects["single_valued"][row]) for row in rows] == [True] * len(g.single[entity]) + [
            False
        ] * len(g.several[entity])


def test_as_many_aspect_names_as_asked_for() -> None:
    for count in (3, 6, 10, 15):
        g = made(entities__aspects=str(count), entities__count="200", entities__domain="software")
        assert len(set(g.aspects["name"].tolist())) == count


def test_names_are_distinct_and_every_project_has_an_entity() -> None:
    g = made(entities__count="300", entities__projects='["a", "b", "c"]')
    assert len(set(zip(g.entities["kind"], g.entities["name"], strict=True))) == 300
    assert set(g.entities["project"]) == {"a", "b", "c"}
    assert made(entities__count="1").projects == ("atlas",)


def test_edges_follow_the_domain() -> None:
    g = made(entities__count="120", entities__aspects="15")
    kind = dict(zip(g.entities["id"], g.entities["kind"], strict=True))
    assert len(g.dependencies) > 60
    triples = list(zip(g.dependencies["source"], g.dependencies["kind"], g.dependencies["target"], strict=True))
    assert len(set(triples)) == len(triples)
    for source, name, target in triples:
        assert source != target
        assert (kind[source], name, kind[target]) in g.domain.dependencies
    for row, linked in enumerate(g.neighbors):
        assert row not in linked
        assert all(row in g.neighbors[other] for other in linked)
        assert len(set(linked)) == len(linked)


def test_more_entities_keep_those_there_were() -> None:
    few, many = made(entities__count="30", entities__aspects="15"), made(entities__count="40", entities__aspects="15")
    assert many.names[:30] == few.names
    assert many.entities.slice(0, 30) == few.entities
