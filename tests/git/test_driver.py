from __future__ import annotations

import pytest

from memento import codec
from memento.errors import ConflictError
from memento.git.driver import merge_files
from memento.scenario import load
from memento.simulate import world as simulate
from memento.world import chunk
from memento.world.table import Table
from memento.world.trie import LIMIT
from memento.world.world import Manifest, World

from .conftest import small_world


@pytest.fixture(scope="module")
def world() -> World:
    return simulate(load("tiny"), 1)


def encoded(table: Table) -> bytes:
    return chunk.encode(table)


def test_two_fields_of_one_record_join() -> None:
    base = small_world(40).memories
    ours = base.replace(importance=[0.99, *base["importance"][1:]])
    theirs = base.replace(text=["other", *base["text"][1:]])
    merged = merge_files(encoded(base), encoded(ours), encoded(theirs))
    assert merged == encoded(base.replace(importance=ours["importance"], text=theirs["text"]))
    assert merge_files(encoded(base), encoded(theirs), encoded(ours)) == merged


def test_one_field_apart_is_a_conflict() -> None:
    base = small_world(40).memories
    ours, theirs = (encoded(base.replace(importance=[value, *base["importance"][1:]])) for value in (0.98, 0.99))
    with pytest.raises(ConflictError, match=r"memory:.*importance was"):
        merge_files(encoded(base), ours, theirs)


def test_what_no_longer_fits_is_a_conflict() -> None:
    rows = small_world(100).memories
    with pytest.raises(ConflictError, match=f"do not fit into one chunk of {LIMIT}"):
        merge_files(
            encoded(rows.slice(0, 30)), encoded(rows.slice(0, 60)), encoded(rows.take([*range(30), *range(60, 90)]))
        )
    with pytest.raises(ConflictError, match="both sides removed"):
        merge_files(encoded(rows.slice(0, 30)), encoded(rows.slice(5, 30)), encoded(rows.slice(0, 25)))


@pytest.mark.parametrize("name", ["sessions", "turns", "candidates"])
def test_history_keeps_its_order(world: World, name: str) -> None:
    table = world.tables[name].slice(0, 30)
    field, values = {
        "sessions": ("project", ["a"] * 30), "turns": ("text", ["said"] * 30), "candidates": ("score", [0.5] * 30)
    }[name]  # fmt: skip
    if field not in table.columns:
        field = next(f.name for f in table.schema.fields if f.kind == "text" and not f.choices and f.name != "id")
        values = ["said"] * 30
    changed = table.replace(**{field: values})
    from memento.git.driver import _order

    stored = table.take(_order(table, table, table))
    expected = changed.take(_order(changed, table, table))
    assert merge_files(encoded(stored), encoded(stored), encoded(expected)) == encoded(expected)


def test_manifests(world: World) -> None:
    def data(manifest: Manifest) -> bytes:
        return codec.encode(manifest.to_map())

    base = Manifest(seed=1, clock=10)
    merged = merge_files(data(base), data(Manifest(seed=1, clock=20)), data(Manifest(seed=2, clock=10)))
    assert Manifest.from_map(codec.decode(merged)) == Manifest(seed=2, clock=20)
    with pytest.raises(ConflictError, match="seed"):
        merge_files(data(base), data(Manifest(seed=3, clock=10)), data(Manifest(seed=2, clock=10)))
    with pytest.raises(ConflictError, match="different kinds"):
        merge_files(data(base), data(base), encoded(world.memories))
