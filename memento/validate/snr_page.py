"""The page of a noise sweep: the degradation curve as a picture, and every figure behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from memento.page.chart import INK, OTHER, OWN, SOFT, THIRD, legend, picture
from memento.page.html import Html, document, element, figure, section, table
from memento.validate.intervals import Figure
from memento.validate.snr import ACCEPTABLE, Level, Sweep, Threshold, ratio, words

if TYPE_CHECKING:
    from matplotlib.axes import Axes

HEADS = ("level", "measured", "true labels", "noisy labels", "ceiling", "share of ceiling", "chance", "fitted")
_TOLD = {
    "true": "against true labels",
    "observed": "against noisy labels",
    "ceiling": "the rule itself, against noisy labels",
}


def page(found: Sweep, name: str, version: str) -> str:
    """The whole document; the same sweep gives the same bytes."""
    sessions = f"{found.sessions:,} sessions, {found.seeds} seed{'s' * (found.seeds != 1)}"
    parts = [
        element("header", element("h1", f"{found.model} on {name}, by noise"), element("p", f"{sessions}.")),
        section("Degradation", _picture(found), element("p", threshold_words(found))),
        section("Figures", _table(found)),
        element("footer", f"memento {version}"),
    ]
    return document(f"memento snr {name}", parts, f"memento {version}")


def threshold_words(found: Sweep) -> str:
    """Where each curve falls under the acceptable share of its clean value."""
    told = [f"{_TOLD[name]} {_threshold(at, found.sessions > 1)}" for name, at in found.thresholds.items()]
    return f"Under {ACCEPTABLE:.0%} of its clean value: {'; '.join(told)}."


def _threshold(at: Threshold, sure: bool) -> str:
    if at.value is None:
        return "nowhere above the lowest level"
    if not sure:
        return f"from {at.value:.1f} dB down"
    low = "below the lowest level" if at.low is None else f"{at.low:.1f}"
    high = "below the lowest level" if at.high is None else f"{at.high:.1f}"
    return f"from {at.value:.1f} dB down ({low} to {high})"


def _picture(found: Sweep) -> Html:
    levels = [level for level in found.levels if level.snr_db is not None]
    at = np.array([level.snr_db for level in levels], float)
    clean = found.levels[0].true.value

    def draw(axes: Axes) -> None:
        for name, colour in (("true", OWN), ("observed", THIRD), ("ceiling", OTHER)):
            values = [getattr(level, name) for level in levels]
            axes.fill_between(at, [v.low for v in values], [v.high for v in values], color=colour, alpha=0.15, lw=0)
            axes.plot(at, [v.value for v in values], color=colour, marker="o", ms=3.5, lw=1.6, label=_TOLD[name])
        axes.plot(at, [level.chance.value for level in levels], color=SOFT, lw=1, ls=":", label="chance")
        if found.curve is not None and len(at) > 1:
            fine = np.linspace(at.min(), at.max(), 120)
            fitted = found.curve.at([ratio(float(x)) for x in fine])
            axes.plot(fine, fitted, color=INK, lw=0.8, ls="--", label="fitted curve")
        axes.axhline(ACCEPTABLE * clean, color=SOFT, lw=0.8)
        axes.set_xlabel("signal-to-noise ratio, dB")
        axes.set_ylabel("NDCG@10")
        axes.invert_xaxis()
        legend(axes, columns=3)

    told = "; ".join(f"{words(level.snr_db)} {level.true.value:.3f}" for level in levels)
    caption = (
        f"NDCG@10 with 95% intervals; the level line is {ACCEPTABLE:.0%} of clean accuracy, "
        "the dashes are a plateau less an exponential of the ratio."
    )
    return figure(picture("snr", (7.2, 3.6), draw, f"NDCG@10 against true labels: {told}"), caption)


def _table(found: Sweep) -> Html:
    rows = ((first.replace(" ", "\N{NO-BREAK SPACE}"), *rest) for first, *rest in map(row, found.levels))
    return table(HEADS, rows, right=range(1, 8))


def row(level: Level) -> tuple[str, ...]:
    """A level in words."""
    measured = "" if level.measured_db is None else f"{level.measured_db:.1f} dB"
    fitted = "" if level.fitted is None else f"{level.fitted:.3f}"
    figures = (level.true, level.observed, level.ceiling, level.share, level.chance)
    return (words(level.snr_db), measured, *map(_figure, figures), fitted)


def _figure(value: Figure) -> str:
    return value.words() or "-"
