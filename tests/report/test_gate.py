from __future__ import annotations

from pathlib import Path

import pytest

from memento.errors import UsageError
from memento.history.runs import Metric
from memento.report.gate import fallen, requirements

FIGURES = {
    "main": {"ndcg": Metric(0.8, 0.7, 0.9), "share": Metric(0.9, 0.8, 1.0)},
    "real": {"ndcg": Metric(0.5, 0.4, 0.6)},
}


def fell(*texts: str) -> list[tuple[str, str]]:
    return [(each.revision, each.metric) for each in fallen(requirements(texts), FIGURES)]


def test_every_threshold_that_falls_is_named() -> None:
    assert fell("ndcg=0.4") == []
    assert fell("ndcg=0.6") == [("real", "ndcg")]
    assert fell("ndcg.low>=0.75", "ndcg>0.9") == [
        ("main", "ndcg.low"), ("real", "ndcg.low"), ("main", "ndcg"), ("real", "ndcg"),
    ]  # fmt: skip
    words = [str(each) for each in fallen(requirements(["ndcg.low>=0.75"]), FIGURES)]
    assert words[0] == "ndcg.low on main is 0.700, asked is >= 0.75"


def test_a_world_is_not_asked_for_what_it_cannot_show() -> None:
    assert fell("share>=0.85") == []
    assert fell("share>=0.95") == [("main", "share")]
    assert fell("canary.recency>=0.5") == [("main", "canary.recency"), ("real", "canary.recency")]
    assert str(fallen(requirements(["canary.recency=0.5"]), FIGURES)[0]).endswith("is not measured, asked is >= 0.5")


def test_a_file_has_a_threshold_a_line(tmp_path: Path) -> None:
    file = tmp_path / "thresholds.txt"
    file.write_text("# what counts\nndcg=0.6\n\nshare >= 0.95\n")
    assert fell(str(file)) == [("real", "ndcg"), ("main", "share")]
    file.write_text("# what counts\nndcg=0.6\nbad line here\n")
    with pytest.raises(UsageError, match=r"thresholds.txt, line 3: ") as refused:
        requirements([str(file)])
    assert "one such line each" in refused.value.hint
    file.write_text("# nothing\n")
    with pytest.raises(UsageError, match="asks for nothing"):
        requirements([str(file)])
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match="not a text"):
        requirements([str(file)])
    with pytest.raises(UsageError, match="cannot be read"):
        requirements([str(tmp_path / "missing.txt")])


def test_what_no_report_measures_is_refused() -> None:
    for text in ("violations == 0", "flips(main) < 3"):
        with pytest.raises(UsageError, match="asks of a world"):
            requirements([text])
    for text in ("nothing>=1", "ndcg", "ndcg=", "0.5"):
        with pytest.raises(UsageError):
            requirements([text])


def test_an_interval_that_one_session_does_not_have_is_asked_of_the_others() -> None:
    one = {"ndcg": Metric(0.9)}
    assert fallen(requirements(["ndcg.low>=0.4"]), {"one": one, **FIGURES}) == fallen(
        requirements(["ndcg.low>=0.4"]), FIGURES
    )
    (fell,) = fallen(requirements(["ndcg.low>=0.4"]), {"one": one})
    assert str(fell) == "ndcg.low on one is unknown: 0.900 has no interval, asked is >= 0.4"
    assert not fallen(requirements(["ndcg>=0.4"]), {"one": one})
