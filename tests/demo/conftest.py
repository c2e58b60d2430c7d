"""An outcome to make reports of, made up whole: nothing is simulated or trained."""

from __future__ import annotations

import pytest

from memento.demo.outcome import (
    CanaryRow,
    Change,
    Commit,
    Evaluated,
    FieldChange,
    Fork,
    Glance,
    Merged,
    Moved,
    NoisePoint,
    Outcome,
    Rendered,
    Score,
    Step,
    Tensor,
    Trained,
)

WEEK = 604_800
START = 1_767_225_600


def commits() -> tuple[Commit, ...]:
    """A history as the log gives it: children before parents."""
    weeks = [
        Commit(
            f"{number:040x}",
            (f"{number - 1:040x}",) if number else (),
            START + number * WEEK,
            f"week {number + 1}",
            ("main",) if number == 15 else (),
        )
        for number in range(16)
    ]
    tip = weeks[-1].id
    late = START + 16 * WEEK
    a1 = Commit("a" * 39 + "1", (tip,), late, "set peak_hour=7", ())
    a2 = Commit("a" * 39 + "2", (a1.id,), late + 1, "supersede memory:x-1", ())
    b1 = Commit("b" * 39 + "1", (tip,), late, "set peak_hour=22", ())
    b2 = Commit("b" * 39 + "2", (b1.id,), late + 1, "set value='Fly'", ("night-shift",))
    merge = Commit(
        "c" * 40, (a2.id, b2.id), late + 2, "Merge night-shift into early-bird", ("early-bird", "tag: merged")
    )
    return (merge, b2, b1, a2, a1, *reversed(weeks))


def outcome(
    text: str = "Fern's deploy target is Fly.io", scenario: str = "night-owl", branch: str = "early-bird"
) -> Outcome:
    """A whole outcome; `text` is what a memory says."""
    change = Change(
        "memory:x-1", "changed", "", (FieldChange("text", text, text + "!"), FieldChange("importance", "0.2", "0.95"))
    )
    trained = (
        Trained(
            "interaction",
            97_665,
            420,
            tuple(0.9 / (n + 1) + 0.1 for n in range(14)),
            tuple(0.9 - 0.4 / (n + 1) for n in range(14)),
            13,
            "model.safetensors",
        ),
        Trained(
            "signet",
            1_065_074,
            420,
            tuple(0.7 / (n + 1) + 0.3 for n in range(10)),
            tuple(0.8 - 0.2 / (n + 1) for n in range(10)),
            8,
            "",
        ),
    )
    scores = (
        Score("interaction", 0.951, (0.943, 0.958), 0.93, 0.88, 0.957, own=True),
        Score("signet", 0.816, (0.80, 0.83), 0.8, 0.7, 0.821),
        Score("linear", 0.802, (0.79, 0.815), 0.8, 0.7, 0.807),
        Score("frequency", 0.52, (0.50, 0.54), 0.5, 0.5, 0.523),
        Score("recency", 0.391, (0.37, 0.41), 0.4, 0.4, 0.393),
        Score("chance", 0.329, (0.31, 0.345), 0.3, 0.3, 0.331),
        Score("ceiling", 0.994, (0.993, 0.995), 1.0, 1.0, 1.0),
    )
    canaries = (
        CanaryRow(
            "selective copying",
            "are the three memories about the topic the top three of ten?",
            0.93,
            (0.89, 0.955),
            0.008,
            0.9,
            300,
            True,
        ),
        CanaryRow(
            "combined pattern",
            "does a conjunction of three conditions count?",
            0.62,
            (0.57, 0.67),
            0.5,
            0.7,
            400,
            False,
        ),
        CanaryRow("noise curve, 0 dB", "how far does it fall with noise?", 0.7, (0.66, 0.74), None, None, 300, None),
    )
    return Outcome(
        version="0.1.0",
        directory="memento-demo",
        seed=7,
        world=Glance(
            scenario,
            "A developer who works late",
            7,
            START,
            START + 16 * WEEK,
            {"entities": 40, "aspects": 120, "memories": 400, "sessions": 600, "turns": 2400, "candidates": 30_000},
            {"recency": 0.35, "entity": 0.3, "temporal": 0.2, "frequency": 0.15},
            "gaussian, 20 dB",
            tuple((3 * hour) % 17 + (30 if hour > 19 else 0) for hour in range(24)),
            (text, "Tea over coffee"),
        ),
        commits=commits(),
        forks=(
            Fork(branch, "What if the owner worked early?", ("a" * 39 + "1", "a" * 39 + "2"), (change,)),
            Fork("night-shift", "What if at night?", ("b" * 39 + "1",), (Change("memory:y-2", "added", text), change)),
        ),
        merged=Merged(
            branch,
            "night-shift",
            "c" * 40,
            "merged",
            "c0123456789",
            "memory:x-1.peak_hour",
            "memory:x-1.peak_hour was 9, is 7 in early-bird and 22 in night-shift",
            "9",
            "7",
            "22",
            "22",
            "theirs",
            (change,),
        ),
        moved=Moved(214, 87, 600),
        rendered=Rendered(
            "main",
            f"{15:040x}",
            "d" * 40,
            "e" * 64,
            "planted",
            "main.safetensors",
            (
                Tensor("features", (30_000, 17), "float32", "17 feature columns"),
                Tensor("labels", (30_000,), "float32", "training targets"),
            ),
        ),
        trained=trained,
        evaluated=Evaluated(branch, "c" * 40, 120, 6000, scores),
        canaries=canaries,
        noise=tuple(
            NoisePoint(name, level, 0.95 - 0.1 * place, (0.8, 0.9), place == 0)
            for name in ("selective copying", "supersession")
            for place, level in enumerate((20.0, 10.0, 0.0, -10.0))
        ),
        verified=True,
        files={
            "main.safetensors": "the rendering",
            "model.safetensors": "the checkpoint",
            ".memento": "the repository",
        },
        steps=(
            Step("Simulate a world", ("memento init .", "memento generate night-owl --seed 7")),
            Step("Fork it", ("memento fork main early-bird",)),
        ),
        next=(("See the history", "memento log --graph --all"),),
    )


@pytest.fixture(scope="session")
def build():
    """The function that makes an outcome."""
    return outcome


@pytest.fixture(scope="session")
def history():
    """A history with a fork and a merge, as the log gives it."""
    return commits()
