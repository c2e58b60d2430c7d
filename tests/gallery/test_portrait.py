from __future__ import annotations

import itertools
import re
from html.parser import HTMLParser

import numpy as np
import pytest

from memento.gallery.portrait import BINS, OTHERS, portrait
from memento.gallery.portrait_page import page
from memento.patterns import relevance
from memento.patterns.facts import of
from memento.scenario import load
from memento.simulate.story import Story
from memento.world.world import World, empty_world


@pytest.fixture(scope="module")
def world() -> World:
    return Story(load("developer-week", ["noise.snr_db=8"]), 4).world


def test_every_session_is_counted_once(world: World) -> None:
    found = portrait(world)
    assert found.activity.sum() == len(world.sessions) == sum(map(sum, found.topics.values()))
    assert found.activity[:5].sum() > 10 * found.activity[5:].sum()
    assert list(found.topics)[-1] == OTHERS
    assert 0 < found.repetition[-1] <= 1
    assert found.repetition[0] < found.repetition[-1]


def test_shares_of_rules_are_those_of_what_goes_without_them(world: World) -> None:
    found = {rule.name: rule for rule in portrait(world).planted}
    assert set(found) == set(world.manifest.patterns)
    terms = relevance(of(world), world.manifest.patterns)
    centred = {name: _centred(values, world) for name, values in terms.items()}
    whole = sum(centred.values())
    for name, rule in found.items():
        assert rule.share == pytest.approx(1 - ((whole - centred[name]) ** 2).sum() / (whole**2).sum())
        assert rule.optimum
    assert found["entity"].share > found["traversal"].share


def test_the_ratio_is_measured_beside_the_one_asked_for(world: World) -> None:
    labels = portrait(world).labels
    assert labels is not None
    assert labels.asked_db == 8.0
    assert labels.measured_db == pytest.approx(8.0, abs=0.5)
    assert len(labels.labels) == BINS
    assert sum(labels.labels) == pytest.approx(1.0)


def test_accesses_are_a_survival_curve(world: World) -> None:
    counts, shares = zip(*portrait(world).accesses, strict=True)
    assert list(counts) == sorted(set(counts))
    assert shares[0] == 1.0
    assert all(a > b for a, b in itertools.pairwise(shares))


def test_the_page_is_whole_and_the_same_each_time(world: World) -> None:
    text = page(portrait(world), "main & <b>", "c0ffee", "1")
    assert text == page(portrait(world), "main & <b>", "c0ffee", "1")
    assert "<b>" not in text.partition("<body>")[2].replace("</b>", "")
    assert len(re.findall("<svg", text)) == 6
    assert "8 dB asked for" in text
    assert not re.search(r"https?://(?!www\.w3\.org)", text)
    HTMLParser().feed(text)


def test_an_empty_world_has_a_portrait_and_a_page() -> None:
    found = portrait(empty_world())
    assert found.labels is None
    assert found.planted == ()
    assert "<main>" in page(found, "nothing", "0", "1")


def _centred(values: np.ndarray, world: World) -> np.ndarray:
    result = values.copy()
    for low, high in zip(world.offsets, world.offsets[1:], strict=False):
        result[low:high] -= result[low:high].mean() if high > low else 0.0
    return result
