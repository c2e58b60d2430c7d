from __future__ import annotations

import json
import math

import numpy as np
import pytest

from memento.errors import UsageError
from memento.models.linear import Linear
from memento.render.rendering import Rendering, render
from memento.report.saving_page import page, turn_rows, verdict
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
        (a.sessions + b.sessions) / 2 for a, b in zip(each["late"].points, each["early"].points)
    ]
    counted = [(one.full.n, one.full.value) for one in each.values()]
    mean = sum(n * value for n, value in counted) / sum(n for n, _ in counted)
    assert whole.full.value == pytest.approx(mean)
    assert "Test by test" in page(whole, [], "1.0", each)
    assert "Test by test" not in page(whole, [], "1.0")


def uneven(rendering: Rendering) -> list[Turn]:
    """Two tests, of 2 and 3 real sessions to train on."""
    parts = [rendering.select(range(low, high)) for low, high in ((0, 2), (2, 5), (5, 8))]
    return [Turn("few", parts[:1], parts[2:], parts[2:]), Turn("many", parts[1:2], parts[2:], parts[2:])]


def test_sizes_whose_means_are_near_stay_apart(halves: tuple[Rendering, Rendering]) -> None:
    whole, each = in_turns(uneven(halves[0]), [0, 2], model="linear", seeds=1, epochs=1)
    assert [point.sessions for point in whole.points] == [0, 2, 2.5]
    assert [[point.sessions for point in one.points] for one in each.values()] == [[0, 2, 2], [0, 2, 3]]
    assert whole.pretrained.n == 3
    assert [point["sessions"] for point in whole.to_map()["points"]] == [0, 2, 2.5]
    assert [point["asked"] for point in whole.to_map()["points"]] == ["0", "2", "100%"]
    assert "all 2.5 real sessions" in verdict(whole)


def test_sizes_of_turns_are_put_together_as_they_were_asked(halves: tuple[Rendering, Rendering]) -> None:
    """A share is less than a number in one turn, and not in the other."""
    early, _ = halves
    parts = [early.select(range(4)), early.select(range(4, 16))]
    given = [Turn(str(len(part)), [part], [early.select([20])], [early.select([21, 22])]) for part in parts]
    whole, each = in_turns(given, [3, 0.5], model="linear", seeds=1, epochs=1)
    assert [(point.asked, point.sessions) for point in whole.points] == [("3", 3), ("50%", 4), ("100%", 8)]
    assert [[point.sessions for point in one.points] for one in each.values()] == [[3, 2, 4], [3, 6, 12]]
    alone = saving(given[0].real, given[0].test, given[0].synthetic, [3, 0.5], model="linear", seeds=1, epochs=1)
    assert [point.sessions for point in alone.points] == [2, 3, 4]
    assert (each["4"].pretrained, each["4"].alone) == (alone.pretrained, alone.alone)
    heads, rows = turn_rows(each)
    assert heads[3:] == ["synthetic, 3 real", "synthetic, 50% real", "synthetic, 100% real"]
    assert [len(row) for row in rows] == [len(heads)] * 2
    assert "means over the tests" in page(whole, [], "1.0", each)


def test_progress_comes_to_its_end(halves: tuple[Rendering, Rendering]) -> None:
    for workers in (1, 2):
        told: list[tuple[int, int]] = []

        def show(done: int, total: int, note: str, told: list[tuple[int, int]] = told) -> None:
            told.append((done, total))

        in_turns(uneven(halves[0]), [0], "linear", 2, 0, show, workers=workers, epochs=1)
        assert told[0] == (0, 4)
        assert told[-1] == (4, 4)


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
    with pytest.raises(UsageError, match="there are 36 real sessions, not 99") as refused:
        saving([early], [late], [early], [99], model="linear")
    assert refused.value.hint == "ask for 36 at most"
    with pytest.raises(UsageError, match="there are 2 real sessions where few is the test, not 3") as refused:
        in_turns(uneven(early), [3], model="linear")
    assert "33%" in str(refused.value.hint)
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
