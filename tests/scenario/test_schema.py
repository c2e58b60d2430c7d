"""Every parameter is documented and its default is allowed."""

from __future__ import annotations

from memento import scenario
from memento.patterns import noise
from memento.scenario import OneOf, Range, from_map
from memento.scenario.scenario import plain


def test_every_parameter_is_documented() -> None:
    for key, parameter in scenario.parameters().items():
        assert parameter.key == key
        assert len(parameter.doc) >= 8, key
        assert parameter.doc[0].islower(), key
        if parameter.kind in ("int", "float"):
            assert parameter.unit or parameter.low >= 0 or key.startswith("patterns."), key


def test_parameters_is_the_tuple_of_all() -> None:
    assert tuple(scenario.parameters().values()) == scenario.PARAMETERS


def test_every_default_is_a_value_that_a_file_may_give() -> None:
    tree: dict[str, object] = {"format": 1}
    for key, parameter in scenario.parameters().items():
        *path, leaf = key.split(".")
        place = tree
        for part in path:
            place = place.setdefault(part, {})  # type: ignore[assignment]
        place[leaf] = plain(parameter.default)
        if isinstance(parameter.default, Range | OneOf):
            assert parameter.ranged, key
    loaded = from_map(tree)
    for key, parameter in scenario.parameters().items():
        assert loaded[key] == parameter.default, key


def test_noise_that_a_scenario_allows_can_be_rendered() -> None:
    """The bounds and names are written twice, since reading a scenario must not import the patterns."""
    snr, distribution = scenario.parameters()["noise.snr_db"], scenario.parameters()["noise.distribution"]
    assert (snr.low, snr.high) == (noise.LOW_DB, noise.HIGH_DB)
    assert set(distribution.choices) == {*noise.FAMILIES, "none"}
