from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from memento.render.rendering import Rendering, Spec, render
from memento.validate.ceiling import ceiling
from memento.world.world import World

Worlds = Callable[..., World]


@pytest.fixture(scope="module")
def noisy(worlds: Worlds) -> Rendering:
    return render(worlds(noise={"distribution": "gaussian", "snr_db": 0.0}))


def test_without_noise_the_rule_is_perfect(worlds: Worlds) -> None:
    top = ceiling(render(worlds(noise={})))
    assert top is not None
    assert top.redraws == 0
    assert np.nanmin(top.rendered["ndcg"]) == pytest.approx(1.0)


def test_clean_labels_are_ranked_perfectly_whatever_the_noise(worlds: Worlds) -> None:
    top = ceiling(render(worlds(), Spec(labels="clean")))
    assert top is not None
    assert np.nanmin(top.rendered["ndcg"]) == pytest.approx(1.0)


def test_noise_lowers_it(noisy: Rendering) -> None:
    top = ceiling(noisy, redraws=10)
    assert top is not None
    assert 0.5 < np.nanmean(top.rendered["ndcg"]) < 0.95
    assert np.nanmean(top.redrawn["ndcg"]) == pytest.approx(np.nanmean(top.rendered["ndcg"]), abs=0.05)


def test_no_score_beats_the_rule_on_average(noisy: Rendering) -> None:
    assert noisy.clean is not None
    top, other = ceiling(noisy), ceiling(replace(noisy, clean=noisy.clean[::-1].copy()))
    assert top is not None
    assert other is not None
    assert np.nanmean(top.rendered["ndcg"]) > np.nanmean(other.rendered["ndcg"])


def test_redraws_are_keyed(noisy: Rendering) -> None:
    one, two, other = (ceiling(noisy, 2, seed) for seed in (1, 1, 2))
    assert one is not None
    assert two is not None
    assert other is not None
    np.testing.assert_array_equal(one.redrawn["ndcg"], two.redrawn["ndcg"])
    assert not np.array_equal(one.redrawn["ndcg"], other.redrawn["ndcg"])


def test_observed_labels_have_none(noisy: Rendering) -> None:
    assert ceiling(replace(noisy, clean=None)) is None
    assert ceiling(replace(noisy, spec=Spec(labels="observed"))) is None
    assert ceiling(replace(noisy, spec=Spec(labels="signet"))) is None
