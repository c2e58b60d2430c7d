from __future__ import annotations

import pytest

SMALL = ("--agents", "2", "--steps", "3", "--pool", "8")


def test_the_same_inputs_give_the_same_commit_which_tells_how_it_was_made(world) -> None:
    first = world.json("population", "main", "-b", "one", *SMALL)
    assert world.json("population", "main", "-b", "two", *SMALL)["commit"] == first["commit"]
    other = world.json("population", "main", "-b", "three", *SMALL, "--seed", "1")
    assert other["commit"] != first["commit"]
    assert "agents 2, steps 3" in world("show", "one").out
    world("undo")
    assert "three" not in world("branch").out


def test_populations_of_two_seeds_share_no_session(world) -> None:
    for seed in ("0", "1"):
        world("population", "main", "-b", f"seed-{seed}", *SMALL, "--seed", seed)
    told = world("merge", "seed-1", "--into", "seed-0", "--dry-run", code=None)
    assert "candidate:" not in told.out + told.err


@pytest.mark.parametrize(
    "line", ["main", "main -b main", "nope -b x", "main -b x --pool 9999", "main -b x --injected 30",
             "main -b x --agents 0", "main -b x --agents 99999 --steps 99999", "--junk -b x"],
)  # fmt: skip
def test_bad_input_is_usage_with_a_hint(world, line: str) -> None:
    assert world("population", *line.split(), code=2).hint
