"""What every operator of the catalogue keeps to."""

from __future__ import annotations

from pathlib import Path

import pytest

import memento.vary as room
from memento.errors import InvalidFile
from memento.patterns import clean
from memento.patterns.facts import of
from memento.vary import CATALOG
from memento.vary.consistency import Checker, applied
from memento.vary.docs import placed, table
from memento.vary.recipe import Recipe
from memento.vary.recipe import of as recipe_of
from memento.world.check import check
from memento.world.tree import Delta
from memento.world.world import World

NAMES = pytest.mark.parametrize("name", list(CATALOG))
PARTS = {
    "__init__", "cascade", "consistency", "docs", "expand", "facts", "making", "operator", "parameters", "recipe",
    "remember", "retime", "sweep", "texts",
}  # fmt: skip


def test_every_file_is_an_operator_or_a_part_of_the_room() -> None:
    files = {path.stem for path in Path(room.__file__).parent.glob("*.py")} - PARTS
    assert files == {row.target.partition(":")[0].rpartition(".")[2] for row in CATALOG.rows.values()}


@NAMES
def test_it_is_documented(name: str) -> None:
    made = CATALOG[name]
    assert made.name == name
    assert made.formula
    assert made.__doc__
    assert made.expects in ("labels", "lower", "free")
    for spec in made.parameters():
        assert spec.doc
        assert not spec.choices or spec.default in spec.choices
        if spec.choices:
            with pytest.raises(InvalidFile, match="not one of its choices"):
                made.from_map({spec.name: "zzz"})


@NAMES
def test_the_same_key_gives_the_same_world_and_another_another(tiny: World, name: str) -> None:
    operator = CATALOG[name]()
    worlds = [applied(tiny, operator.apply(tiny, key)) for key in (5, 5, 6, 7, 8)]
    assert worlds[0] == worlds[1]
    assert worlds[0] != tiny
    assert (len({id(w) for w in worlds[1:] if w != worlds[0]}) > 0) == operator.drawn


@NAMES
def test_with_neutral_parameters_nothing_changes(tiny: World, name: str) -> None:
    made = CATALOG[name]
    if made.neutral:
        result = made.from_map(made.neutral).apply(tiny, 3)
        assert not result if isinstance(result, Delta) else result == tiny


@NAMES
@pytest.mark.parametrize("key", [1, 2, 3, 4])
def test_what_it_makes_is_consistent(tiny: World, name: str, key: int) -> None:
    operator = CATALOG[name]()
    assert Checker(tiny).inconsistency(operator.apply(tiny, key), operator) == ""


@NAMES
def test_what_it_promises_of_labels_holds_record_by_record(tiny: World, name: str) -> None:
    operator = CATALOG[name]()
    after = applied(tiny, operator.apply(tiny, 9))
    old = dict(zip(tiny.candidates.keys, clean(of(tiny), tiny.manifest.patterns).tolist(), strict=True))
    new = dict(zip(after.candidates.keys, clean(of(after), after.manifest.patterns).tolist(), strict=True))
    rises = [new[key] - old[key] for key in old if key in new]
    assert rises
    if operator.expects == "labels":
        assert max(map(abs, rises)) < 1e-9
    if operator.expects == "lower":
        assert max(rises) < 1e-9
        assert min(rises) < -0.01


@NAMES
def test_it_leaves_a_sound_world(tiny: World, name: str) -> None:
    operator = CATALOG[name]()
    assert len(check(applied(tiny, operator.apply(tiny, 11)))) <= len(check(tiny))


@NAMES
def test_its_recipe_comes_back_from_the_message(name: str) -> None:
    recipe = Recipe(CATALOG[name](), 4, 2)
    assert recipe_of(recipe.message()) == recipe


def test_the_page_lists_every_operator_as_it_is() -> None:
    page = Path(room.__file__).parents[2] / "docs" / "variants.md"
    if page.exists():  # not in an installed package
        assert placed(page.read_text()) == page.read_text()
    assert all(f"| `{name}` |" in table() for name in CATALOG)
