"""Scenario files: every fault at once, positions of syntax errors, newer versions, limits, overrides."""

from __future__ import annotations

from pathlib import Path

import pytest

from memento import scenario
from memento.errors import InvalidFile, NotFound, UsageError
from memento.scenario import OneOf, Range, from_map, load, parse


def faults(text: str, overrides: tuple[str, ...] = ()) -> tuple[str, ...]:
    with pytest.raises(InvalidFile) as caught:
        parse(text, "mine.toml", "mine", overrides)
    return caught.value.faults


def test_shipped_scenarios_load_and_say_what_they_are() -> None:
    shipped = scenario.builtin()
    assert {"default", "tiny", "developer-week", "support-agent", "night-owl"} <= set(shipped)
    for name, summary in shipped.items():
        assert len(summary) > 20
        assert load(name).name == name


def test_default_is_the_generators_parameters() -> None:
    default = load("default")
    assert default["memories.count"] == Range(50, 500)
    assert default["entities.count"] == Range(5, 30)
    assert default["entities.aspects"] == Range(3, 15)
    assert default["memories.supersede_rate"] == Range(0.0, 0.2)
    assert default["patterns.recency.decay_rate"] == Range(0.01, 0.5)
    assert default["patterns.entity.strength"] == default["patterns.temporal.strength"] == Range(0.0, 1.0)
    assert default["noise.distribution"] == OneOf(("gaussian", "uniform", "laplace"))
    assert default["noise.snr_db"] == Range(-10.0, 30.0)
    assert default["sessions.weekday_activity"] == (1.0, 1.0, 1.0, 1.0, 0.9, 0.5, 0.3)
    for key, value in default.values.items():
        assert scenario.parameters()[key].default == value, f"{key} of default.toml is not the schema's default"


def test_a_file_and_its_name(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('format = 1\nsummary = "mine"\n[memories]\ncount = [3, 9]\n', encoding="utf-8")
    loaded = load(path, {"time.days": "7"})
    assert (loaded.name, loaded.summary) == ("mine", "mine")
    assert loaded["memories.count"] == Range(3, 9)
    assert loaded["time.days"] == 7
    assert load(str(path)).values == load(path).values


def test_unknown_names_are_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NotFound, match="no scenario named 'tinny'") as caught:
        load("tinny")
    assert "did you mean tiny?" in caught.value.hint
    (tmp_path / "mine.txt").write_text("")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(NotFound) as caught:
        load("mine.txt")
    assert caught.value.hint.endswith("./mine.txt")
    with pytest.raises(NotFound, match="no scenario file named"):
        load("./nowhere.toml")
    with pytest.raises(NotFound, match="no scenario file named"):
        load("a\0b.toml")


def test_a_folder_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot read scenario"):
        load(tmp_path)


def test_all_faults_at_once_with_their_keys() -> None:
    found = faults(
        """
        format = 1
        summary = 3
        [time]
        start = 2026-13-01x
        """
    )
    assert len(found) == 1
    assert "not TOML" in found[0]
    assert "line 5" in found[0]
    found = faults(
        """
        format = 1
        summary = 3
        [time]
        start = "yesterday"
        days = 0
        [sessions]
        weekday_activity = [1, 1]
        turns_min = 2.5
        per_day_mean = true
        minutes_mean = nan
        hour_sds = ["x", 1, 1]
        [entities]
        domain = "softwear"
        projects = []
        count = [9, 3]
        colour = 1
        [memories_]
        count = 3
        [noise]
        distribution = ["gaussian", "pink"]
        snr_db = [1, 2, 3]
        [patterns.recency]
        wieght = 0.1
        weight = 3
        """
    )
    text = "\n".join(found)
    for word in (
        "summary must be a text", "time.start = 'yesterday'", "time.days = 0 is not from 1",
        "sessions.weekday_activity must be a list of 7 numbers", "sessions.turns_min = 2.5 must be a whole number",
        "sessions.per_day_mean = True must be a number", "sessions.minutes_mean = nan", "sessions.hour_sds[0] = 'x'",
        "entities.domain = 'softwear' is none of software, support, medicine, law, finance, cooking, "
        "travel, research, personal; did you mean software?",
        "entities.projects must be a list", "entities.count = [9, 3] has its low end above",
        "no parameter entities.colour", "no parameter memories_.count; did you mean entities.count or memories.count",
        "'pink' is none of", "noise.snr_db must be a number or a range",
        "no parameter patterns.recency.wieght; did you mean patterns.recency.weight",
        "patterns.recency.weight = 3 is not from 0 to 1",
    ):  # fmt: skip
        assert word in text
    assert len(found) == 17


@pytest.mark.parametrize("name", ["two\\nlines", "nul\\u0000", "\\u001b[31mred", "x" * 501])
def test_a_name_is_one_line_since_commits_bear_it(name: str) -> None:
    said = "name must be a text of at most 500 characters on one line"
    assert faults(f'format = 1\nname = "{name}"\n') == (said,)
    assert faults(f'format = 1\nsummary = "{name}"\n') == (said.replace("name", "summary"),)


def test_a_section_that_is_a_value() -> None:
    assert faults("format = 1\ntime = 3\n") == ("time must be a table of parameters, written [time]",)
    assert faults("format = 1\npatterns = 3\n") == ("patterns must be a table of parameters, written [patterns]",)


@pytest.mark.parametrize("text", ["", "  \n\t\n"])
def test_empty_file(text: str) -> None:
    assert faults(text) == ("the file is empty",)


@pytest.mark.parametrize(
    "text", ['format = 1\nsummary = "cut', "format = 1\n[memories\n", "format = 1\n[a]\nb = [1, 2"]
)
def test_half_written_file_tells_the_position(text: str) -> None:
    (found,) = faults(text)
    assert "not TOML" in found
    assert "line" in found or "end of document" in found


def test_format_is_needed_and_newer_ones_are_refused() -> None:
    assert faults("[time]\ndays = 3\n") == ("format is missing; it must be 1",)
    assert faults('format = "1"\n')[0].startswith("format = '1' must be 1")
    with pytest.raises(UsageError, match="scenario format 2; this memento reads up to 1") as caught:
        parse("format = 2\nnothing_known_here = 1\n", "new.toml", "new")
    assert "upgrade" in caught.value.hint


def test_limits_are_named_before_anything_is_made() -> None:
    assert faults("format = 1\n[memories]\ncount = 1_000_000_000_000\n") == (
        "memories.count asks for 1,000,000,000,000 memories; the limit is 10,000,000",
    )
    assert faults("format = 1\n[memories]\ncount = [5, 1_000_000_000_000]\n") == (
        "memories.count asks for 1,000,000,000,000 memories; the limit is 10,000,000",
    )
    (found,) = faults(
        "format = 1\n[time]\ndays = 36500\n[sessions]\nper_day_mean = 900\n[candidates]\nper_session = 1\n"
    )
    assert "ask for up to 32,923,000 sessions; the limit is 1,000,000" in found
    found = faults(
        "format = 1\n[time]\ndays = 10000\n[sessions]\nper_day_mean = 90\n[candidates]\nper_session = 500\n"
    )[0]
    assert "candidates; the limit is 50,000,000" in found
    assert "asks for 1" + ",000" * 133 in faults(f"format = 1\n[memories]\ncount = 1{'0' * 399}\n")[0]
    assert "not TOML" in faults(f"format = 1\n[memories]\ncount = 1{'0' * 9000}\n")[0]


def test_parameters_that_do_not_fit_together() -> None:
    found = faults(
        "format = 1\n[sessions]\nhour_means = [9, 12]\nhour_weights = [0, 0, 0]\nturns_min = 8\nturns_max = 4\n"
        "[memories]\nconstraint_share = 0.6\nepisode_share = 0.6\n"
    )
    assert len(found) == 4
    assert "must be equally long, not 2, 3, 3" in found[0]


def test_overrides() -> None:
    loaded = load(
        "tiny",
        ["memories.count=[5, 6]", 'entities.projects=["a","b"]', "entities.domain=support", "time.start = 2027-01-04"],
    )
    assert loaded["memories.count"] == Range(5, 6)
    assert loaded["entities.projects"] == ("a", "b")
    assert loaded["entities.domain"] == "support"
    assert loaded["time.start"] == "2027-01-04"
    with pytest.raises(InvalidFile) as caught:
        load("tiny", ["nonsense", "supersede_rate=0.1", "memories.count=many"])
    assert caught.value.faults == (
        "'nonsense' is not key=value",
        "memories.count = 'many' must be a whole number of memories",
        "no parameter supersede_rate; did you mean memories.supersede_rate?",
    )


def test_file_size_and_encoding(tmp_path: Path) -> None:
    big, odd = tmp_path / "big.toml", tmp_path / "odd.toml"
    big.write_bytes(b"#" * (1 << 20) + b"\n")
    odd.write_bytes(b"format = 1\nsummary = '\xff'\n")
    with pytest.raises(UsageError, match="over 1,048,576 bytes"):
        load(big)
    with pytest.raises(InvalidFile, match="not UTF-8 text at byte 22"):
        load(odd)


def test_deep_nesting_is_a_fault_not_a_crash() -> None:
    assert "nested too deeply" in faults("format = 1\nx = " + "[" * 20_000 + "]" * 20_000)[0]


def test_deep_keys_are_a_fault_not_a_crash() -> None:
    for depth in (3, 900, 5_000):
        (found,) = faults("format = 1\nmemories." + "a." * depth + "b = 1\n")
        assert "nested too deeply: a parameter is at most 3 names deep" in found
        assert len(found) < 200


@pytest.mark.parametrize("text", ["format = {}", "format = 1\nmemories.count = {}", "format = 1\nnoise.snr_db = {}"])
def test_numbers_too_long_to_write_are_faults(text: str) -> None:
    with pytest.raises(UsageError, match="a number of thousands of digits"):
        parse(text.format("0x" + "f" * 5_000), "mine.toml", "mine")


def test_long_values_are_cut_in_faults() -> None:
    (found,) = faults(f'format = 1\n[entities]\ndomain = "{"z" * 100_000}"\n')
    assert len(found) < 200


def test_very_many_unknown_keys_are_counted() -> None:
    found = faults("format = 1\n" + "".join(f"key{n} = {n}\n" for n in range(20_000)))
    assert len(found) == 31
    assert found[0].startswith("no parameter key0")
    assert found[-1] == "no parameter for 19,970 further keys"


def test_only_a_file_that_ends_too_soon_may_have_been_cut_short() -> None:
    for text, said in (('format = 1\nsummary = "cut', "cut short"), ("format = 1\na b\n[time]\n", "mend that place")):
        with pytest.raises(InvalidFile) as caught:
            parse(text, "mine.toml", "mine")
        assert said in caught.value.hint, text


def test_a_manifests_map_loads_again() -> None:
    for name in scenario.names():
        resolved = load(name).resolved(11)
        again = from_map(resolved.to_map())
        assert again.to_map() == resolved.to_map()
        assert again.settings(99) == resolved.settings(11)
