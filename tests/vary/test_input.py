"""Input that an operator should not take, or should take as what it means."""

from __future__ import annotations

import json

import numpy as np
import pytest

from memento.errors import InvalidFile, MementoError, UsageError
from memento.vary import CATALOG, parse
from memento.vary.consistency import applied
from memento.vary.counterfactual import Counterfactual
from memento.vary.operator import Operator
from memento.vary.parameter import Resimulate
from memento.vary.recipe import Recipe, of
from memento.vary.rename import Rename
from memento.vary.smooth import Smooth
from memento.vary.sweep import axes
from memento.vary.texts import exchanged
from memento.world.world import World

NUMBERS = [
    (name, spec.name, spec.kind) for name in CATALOG for spec in CATALOG[name].parameters() if spec.kind != "text"
]


def made(name: str, **values: object) -> Operator:
    operator: Operator = CATALOG[name].from_map(values)
    return operator


@pytest.mark.parametrize(("name", "parameter", "kind"), NUMBERS)
@pytest.mark.parametrize(
    "value", [True, False, None, [], {}, "", "true", "nan", "inf", "1_0", "0x1", "1" + "0" * 400, 10**400, -(10**400)]
)
def test_a_number_is_one(name: str, parameter: str, kind: str, value: object) -> None:
    with pytest.raises(InvalidFile, match=f"{parameter}="):
        CATALOG[name].from_map({parameter: value})


def test_one_number_is_one_recipe_however_it_is_written() -> None:
    ways = [made("drop", share=value) for value in (1.0, 1, "1", "1.0", "1e0")]
    messages = {Recipe(way, 3, 0).message() for way in ways}
    assert len(messages) == 1
    assert len({Recipe(way, 3, 0).key("t") for way in ways}) == 1
    zeros = [made("drop", share=value) for value in (0.0, -0.0, "0", "-0", 0)]
    assert len({Recipe(zero, 3, 0).message() for zero in zeros}) == 1
    assert json.loads(Recipe(ways[1], 3, 0).message().partition("Parameters: ")[2].partition("\n")[0]) == {"share": 1.0}


def test_a_recipe_is_made_again_as_it_was_written() -> None:
    """Commits of before hold whole numbers where a fraction may stand; their draws hang on that text."""
    old = 'x\n\nVariant-Operator: drop\nVariant-Parameters: {"share":1}\nVariant-Draw: 3/0'
    found, new = of(old), of(old.replace(":1}", ":1.0}"))
    assert found is not None
    assert new is not None
    assert found.operator == new.operator
    assert found.key("t") != new.key("t")
    assert new.key("t") == Recipe(new.operator, 3, 0).key("t")


@pytest.mark.parametrize("text", ["NaN", "Infinity", "1e999", "1" + "0" * 400, "true", "[1]"])
def test_a_recipe_with_another_number_is_none(text: str) -> None:
    assert of(f'x\n\nVariant-Operator: drop\nVariant-Parameters: {{"share":{text}}}\nVariant-Draw: 3/0') is None


def test_a_parameter_is_given_once() -> None:
    for words in ("drop:share=0.1:share=0.9", "parameter:topics.stickiness=0.1:topics.stickiness=0.2"):
        with pytest.raises(UsageError, match="twice"):
            parse([words])
    with pytest.raises(InvalidFile, match="twice"):
        Resimulate("topics.stickiness=0.1;topics.stickiness=0.3")


def test_json_and_times_stand_in_an_operator() -> None:
    first, second = parse(['rename:names={"Ada":"Grace","x, y":"a:b"},drop:share=0.2'])
    assert first == Rename(names='{"Ada":"Grace","x, y":"a:b"}')
    assert second.to_map() == {"share": 0.2}
    (one,) = parse(["parameter:sessions.hour_means=[9.5,14.0]:since=2026-03-16T09:00:00Z"])
    assert one.to_map() == {"sessions.hour_means": "[9.5,14.0]", "since": "2026-03-16T09:00:00Z"}


def test_rename_checks_every_parameter() -> None:
    for share in (float("nan"), 2.0, True):
        with pytest.raises(InvalidFile, match="share"):
            Rename(share, '{"Ada":"Grace"}')
    with pytest.raises(InvalidFile, match="names"):
        Rename(1.0, '{"":"Grace"}')


def test_the_first_line_of_a_commit_is_short() -> None:
    names = json.dumps({f"Name {n}": f"Other {n}" for n in range(900)})
    recipe = Recipe(Rename(names=names), 3, 0)
    subject = recipe.message().partition("\n")[0]
    assert len(subject) <= 120
    assert "variant 1" in subject
    assert of(recipe.message()) == recipe
    assert len(Recipe(Resimulate("topics.stickiness=0.5"), 3, 0).message().partition("\n")[0]) < 60


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("blue is the colour. Blue it is; the blue one.", "green is the colour. Green it is; the green one."),
        ("Blue", "Green"), ("BLUE", "Green"), ("It is Blue.", "It is Green."), ("bluer blue", "bluer green"),
    ],
)  # fmt: skip
def test_a_capital_stays_one(text: str, after: str) -> None:
    assert exchanged(text, {"blue": "green"}) == after


def test_a_name_gives_way_to_a_word_as_its_place_asks() -> None:
    assert exchanged("Berlin is it. I like Berlin.", {"Berlin": "the office"}) == "The office is it. I like the office."
    assert exchanged("the office is it. The office!", {"the office": "Berlin"}) == "Berlin is it. Berlin!"


def test_letters_that_are_alike_only_to_a_pattern_stay() -> None:
    assert exchanged("İ ı i I ſ", {"i": "x", "s": "y"}) == "İ ı x X Y" or exchanged("i", {"i": "x"}) == "x"
    for text in ("İ", "ı", "ſ", "K", "ß", "ẞ"):
        assert isinstance(exchanged(text, {"i": "x", "s": "y", "k": "z", "ss": "w"}), str)


def test_a_counterfactual_begins_a_sentence_with_a_capital(tiny: World) -> None:
    memories = tiny.memories
    rows = np.flatnonzero((memories["value"] != "") & (memories["aspect"] != ""))
    lower = [row for row in rows if memories["value"][row][0].islower()]
    row = lower[0]
    value = memories["value"][row]
    text = memories["text"].copy()
    text[row] = f"{value[0].upper()}{value[1:]} it is."
    world = tiny.replace(memories=memories.replace(text=text))
    after = applied(world, Counterfactual(1.0).apply(world, 3))
    said = after.memories["text"][after.memories.row_of[memories["id"][row]]]
    assert after.memories["value"][row] != value
    assert said[0].isupper() or not said[0].isalpha()


def test_a_world_of_one_instant_has_no_time_to_warp(tiny: World) -> None:
    sessions = tiny.sessions
    same = np.full(len(sessions), sessions["started_at"][0])
    world = tiny.replace(sessions=sessions.replace(started_at=same, ended_at=same))
    assert not Smooth().apply(world, 3)


@pytest.mark.parametrize(
    "words",
    [
        "time.days=1e-300:1e300:3:log", "memories.count=-1e308:1e308:3", "noise.snr_db=-1.7e308:1.7e308:3",
        "topics.stickiness=nan:1:3", "topics.stickiness=0:inf:3", "topics.stickiness=0:1:1e3", "=1:2:3", "x",
        "topics.stickiness=", "topics.stickiness=0:1:3:log",
    ],
)  # fmt: skip
def test_a_range_that_is_none(words: str) -> None:
    with pytest.raises(MementoError):
        axes([words])


@pytest.mark.parametrize("value", ["1e1..2e1", "1.5..2.5", "20..10", "1..", "..2", "a..b", "1..inf", "nan..2"])
def test_a_drawn_whole_number_has_whole_ends(value: str) -> None:
    with pytest.raises(InvalidFile):
        Resimulate(f"memories.count={value}")
