"""``memento recipes``, and the recipe's options of ``memento train``."""

from __future__ import annotations

import pytest

from memento.train import checkpoint
from memento.workspace import Workspace


@pytest.fixture
def quick(world):
    return lambda *arguments, **more: world("recipes", "main", "-m", "linear", "-n", 2, "-e", 2, *arguments, **more)


def test_every_recipe_stands_beside_the_plain_training(world):
    tried = ("--try", "augment=crop", "--try", "negatives=fenrec:warmup=0 batch=8")
    found = world.json("recipes", "main", "-m", "linear", "-n", 2, "-e", 2, *tried)
    assert found["schema"] == "memento.recipes/1"
    assert [row["recipe"] for row in found["recipes"]] == [
        "plain", "augment=crop", "negatives=fenrec:warmup=0 batch=8",
    ]  # fmt: skip
    plain, crop, _ = found["recipes"]
    assert plain["gain"]["value"] == 0
    assert crop["ndcg"]["value"] - plain["ndcg"]["value"] == pytest.approx(crop["gain"]["value"])
    assert crop["gain"]["low"] <= crop["gain"]["value"] <= crop["gain"]["high"]
    assert 0 < plain["hard"]["value"] < 1
    assert 0 < found["chance"] < plain["ndcg"]["value"] < found["ceiling"] <= 1
    assert found["sessions"] == plain["ndcg"]["n"]


def test_a_recipe_may_be_compared_with_another(world):
    found = world.json(
        "recipes", "main", "-m", "linear", "-n", 1, "-e", 1, "--base", "augment=slide-window:size=4",
        "--try", "augment=slide-window:size=4,subset-split",
    )  # fmt: skip
    assert found["recipes"][0]["recipe"] == "augment=slide-window:size=4"


def test_another_revision_may_judge(world):
    world("generate", "tiny", "--seed", 9, "--branch", "held")
    with Workspace.open(world.folder) as workspace:
        sessions = len(workspace.rendering_at("held"))
    found = world.json(
        "recipes", "main", "-m", "linear", "-n", 1, "-e", 1, "--try", "augment=crop", "--against", "held"
    )
    assert found["recipes"][0]["ndcg"]["n"] == sessions


def test_the_table_says_what_it_was_judged_on(quick):
    done = quick("--try", "augment=crop")
    assert "the last sessions of main; linear, 2 seeds" in done.out
    assert done.out.splitlines()[1].startswith("plain")


def test_all_parts_are_listed(memento):
    done = memento("recipes", "--list")
    for name in ("slide-window", "fenrec", "softclt", "maturity", "candidates"):
        assert f"  {name}: " in done.out
    parts = memento.json("recipes", "--list")["parts"]
    assert set(parts) == {"curriculum", "augment", "stream", "negatives", "contrast", "mix", "opponent", "targets"}
    warmup = next(p for p in parts["negatives"][0]["parameters"] if p["name"] == "warmup")
    assert warmup["default"] == 10


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--try", "augment=slide"), "no augmentation named 'slide'"),
        (("--try", "augmnt=crop"), "no option 'augmnt'"),
        (("--try", "crop"), "not KEY=VALUE"),
        (("--try", "mix=wrap"), "none is real"),
        (("--base", "seed=3"), "--seed 3"),
        (("--against", "nowhere", "--try", "augment=crop"), "nowhere"),
        (("--against", "main~4", "--try", "augment=crop"), "main~4"),
    ],
)
def test_what_cannot_be_compared_is_told(quick, arguments, message):
    done = quick(*arguments, code=None)
    assert done.code in (2, 3, 4)
    assert message in done.err


def test_no_revision_is_told(memento):
    assert "no revision is named" in memento("recipes", code=2).err


def test_a_recipe_is_kept_in_the_checkpoint(world):
    world("train", "main", "--augment", "crop:ratio=0.5,mask", "--negatives", "fenrec:warmup=0", "-e", 1, "-o", "m.st")
    config = checkpoint.load(world.folder / "m.st").config
    assert config.augment == "crop:share=0.5:ratio=0.5,mask:share=0.5:ratio=0.1"
    assert config.negatives.startswith("fenrec:space=both")
    assert config.curriculum == ""


def test_real_sessions_are_named(world):
    world("generate", "tiny", "--seed", 5, "--branch", "yard")
    world("train", "main", "yard", "--mix", "wrap", "--real", "yard", "-m", "linear", "-e", 1, "-o", "m.st")
    assert checkpoint.load(world.folder / "m.st").config.mix == "wrap:real=2"
    train = ("train", "main", "yard", "-e", 1, "-o", "n.st")
    assert "none is real" in world(*train, "--mix", "wrap", code=2).err
    assert "without a mixing schedule" in world(*train, "--real", "yard", code=2).err
    assert "no revision to train on named 'barn'" in world(*train, "--mix", "phi", "--real", "barn", code=2).err
