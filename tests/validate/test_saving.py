from __future__ import annotations

import json
import math

import numpy as np
import pytest

from memento.errors import UsageError
from memento.models.linear import Linear
from memento.render.rendering import Rendering, render
from memento.report.saving_page import page, verdict
from memento.train.config import Config
from memento.train.trainer import Material
from memento.validate.saving import Saving, Turn, crossing, fine_tuning, in_turns, saving
from memento.world.world import World


@pytest.fixture(scope="module")
def halves(world: World) -> tuple[Rendering, Rendering]:
    return render(world).split(0.6)


@pytest.fixture(scope="module")
def found(halves: tuple[Rendering, Rendering]) -> Saving:
    early, late = halves
    return saving([early], [late], [early], [0, 6], model="linear", seeds=2, epochs=8)


def test_the_curve_has_a_point_for_every_size(found: Saving, halves: tuple[Rendering, Rendering]) -> None:
    assert [point.sessions for point in found.points] == [0, 6, len(halves[0])]
    assert found.points[0].alone is None
    assert found.points[-1].alone == found.full
    for point in found.points:
        assert point.margin.value == pytest.approx(point.pretrained.value - found.full.value)
    for point in found.points[1:]:
        assert point.alone is not None
        assert point.gain is not None
        assert point.gain.value == pytest.approx(point.pretrained.value - point.alone.value)
    assert json.dumps(found.to_map(), allow_nan=False)


def test_real_sessions_in_the_place_of_synthetic_ones_save_them(found: Saving) -> None:
    """Trained on the very sessions first, few or none more are needed."""
    assert found.points[0].pretrained.value == pytest.approx(found.full.value, abs=0.05)
    assert found.pretrained.value <= found.alone.value


def test_turns_are_told_together_and_one_by_one(halves: tuple[Rendering, Rendering]) -> None:
    early, late = halves
    given = [Turn("late", [early], [late], [early]), Turn("early", [late], [early], [late])]
    whole, each = in_turns(given, [0, 0.5], model="linear", seeds=2, epochs=4, workers=1)
    assert in_turns(given, [0, 0.5], model="linear", seeds=2, epochs=4, workers=2) == (whole, each)
    assert each["late"] == saving([early], [late], [early], [0, 0.5], model="linear", seeds=2, epochs=4)
    assert whole.tested == len(early) + len(late)
    assert [point.sessions for point in whole.points] == [
        round((a.sessions + b.sessions) / 2) for a, b in zip(each["late"].points, each["early"].points)
    ]
    counted = [(one.full.n, one.full.value) for one in each.values()]
    mean = sum(n * value for n, value in counted) / sum(n for n, _ in counted)
    assert whole.full.value == pytest.approx(mean)
    assert "Test by test" in page(whole, [], "1.0", each)
    assert "Test by test" not in page(whole, [], "1.0")


def test_sizes_that_fall_together_in_one_turn_are_refused(halves: tuple[Rendering, Rendering]) -> None:
    early, late = halves
    given = [Turn("late", [early], [late], [early]), Turn("early", [late], [early], [late])]
    with pytest.raises(UsageError, match="different numbers of sets"):
        in_turns(given, [len(late)], model="linear", seeds=1, epochs=1)


def test_fine_tuning_goes_at_a_quarter_of_the_rate_that_training_has() -> None:
    assert fine_tuning("interaction", {})["rate"] == 5e-4
    assert fine_tuning("linear", {})["rate"] == 7.5e-3
    given = {"rate": 0.01, "epochs": 40, "loss": "soft"}
    assert fine_tuning("linear", given) == {"rate": 0.0025, "epochs": 6, "loss": "soft", "fit": 1.0, "validation": 0.0}


def test_where_a_curve_reaches_a_goal() -> None:
    sizes = [0, 10, 20]
    assert crossing(sizes, np.array([0.1, 0.3, 0.5]), 0.4) == pytest.approx(15.0)
    assert crossing(sizes, np.array([0.4, 0.3, 0.5]), 0.4) == 0.0
    assert crossing(sizes, np.array([0.1, 0.2, 0.3]), 0.4) == math.inf


def test_the_page_tells_the_curve(found: Saving) -> None:
    text = page(found, [("real", ["talk"]), ("test", ["other"])], "1.0")
    assert text == page(found, [("real", ["talk"]), ("test", ["other"])], "1.0")
    assert "<svg" in text
    assert verdict(found) in text
    assert "real: talk; test: other" in text
    assert "http" not in text.replace("http-equiv", "").replace("http://www.w3.org", "")


def test_sizes_that_there_are_not_are_refused(halves: tuple[Rendering, Rendering]) -> None:
    early, late = halves
    with pytest.raises(UsageError, match="there are 36 real sessions, not 99"):
        saving([early], [late], [early], [99], model="linear")
    with pytest.raises(UsageError, match="real, test and synthetic"):
        saving([early], [], [early])


def test_roles_without_enough_sessions_are_refused(halves: tuple[Rendering, Rendering]) -> None:
    early, late = halves
    with pytest.raises(UsageError, match="1 real sessions are too few, 2 the least"):
        saving([early.select([0])], [late], [early], model="linear")
    with pytest.raises(UsageError, match="0 test sessions are too few"):
        saving([early], [late.select([])], [early], model="linear")
    with pytest.raises(UsageError, match="0 synthetic sessions are too few"):
        saving([early], [late], [early.select([])], model="linear")


def test_training_begins_at_given_weights(halves: tuple[Rendering, Rendering]) -> None:
    early, late = halves
    config = Config.of("linear", {"epochs": 4})
    first = Material([(early, 1.0)], 1.0, 0.0).fit_model(config)[0]
    none = Config.of("linear", {"epochs": 0})
    same = Material([(late, 1.0)], 1.0, 0.0).fit_model(none, initial=first)[0]
    assert all((a == b).all() for a, b in zip(first.state_dict().values(), same.state_dict().values(), strict=True))
    assert isinstance(first, Linear)
    with pytest.raises(UsageError, match="cannot begin at linear"):
        Material([(late, 1.0)], 1.0, 0.0).fit_model(Config.of("mlp", {"epochs": 0}), initial=first)
