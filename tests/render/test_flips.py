from __future__ import annotations

import numpy as np

from memento.render import Rendering, Spec, render
from memento.render.flips import flips, pairs, session_of
from memento.scenario import load
from memento.simulate import world
from memento.world.world import World


def tiny(*without: str) -> World:
    return world(load("tiny"), 7, without)


def as_map(made: Rendering) -> dict[tuple[str, str], np.float32]:
    return {
        (session_of(made, row), made.memory_ids[made.memory_rows[row]]): made.labels[row]
        for row in range(len(made.labels))
    }


def test_a_rendering_has_no_flips_from_itself() -> None:
    made = render(tiny())
    found = flips(made, made)
    assert not found
    assert (found.pairs, found.flipped, found.largest) == (len(made.labels), 0, ())


def test_flips_are_those_of_a_dictionary() -> None:
    whole = tiny()
    before, after = render(whole), render(tiny(f"memory:{whole.memories['id'][3]}"))
    old, new = as_map(before), as_map(after)
    both = old.keys() & new.keys()
    found = flips(before, after, largest=5)
    assert found.pairs == len(both)
    assert found.only_before == len(old.keys() - new.keys()) > 0
    assert found.only_after == len(new.keys() - old.keys())
    assert found.up == sum(old[pair] < 0.5 <= new[pair] for pair in both)
    assert found.down == sum(new[pair] < 0.5 <= old[pair] for pair in both)
    assert found.changed == sum(old[pair] != new[pair] for pair in both) > 0
    sizes = sorted((abs(float(new[pair]) - float(old[pair])) for pair in both), reverse=True)
    assert [abs(item.after - item.before) for item in found.largest] == sizes[:5]
    assert found.to_json()["up"] == found.up


def test_noise_off_flips_both_ways_and_names_the_rows() -> None:
    whole = tiny()
    before, after = render(whole), render(whole, Spec(labels="clean"))
    found = flips(before, after)
    assert found.flipped == len(found.rows_before) == len(found.rows_after) > 0
    old, new = before.labels[found.rows_before], after.labels[found.rows_after]
    np.testing.assert_array_equal(old < 0.5, new >= 0.5)


def test_a_rendering_of_nothing_pairs_with_nothing() -> None:
    made = render(tiny())
    none = made.select(np.arange(0))
    assert flips(made, none).only_before == len(made.labels)
    assert flips(none, made).only_after == len(made.labels)
    assert len(pairs(none, none).before) == 0
