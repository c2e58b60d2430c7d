"""The figures of the report."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from memento.demo.outcome import Evaluated, NoisePoint, Trained
from memento.page.chart import INK, OTHER, OWN, SOFT, THIRD, picture
from memento.page.html import Html

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_LINES = ((OWN, "-"), (OTHER, "--"), (THIRD, ":"))


def losses(runs: Sequence[Trained]) -> Html:
    """Mean ListNet loss of each epoch, one line a model; the epoch that was kept has a dot."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

    def draw(axes: Axes) -> None:
        for run, (colour, line) in zip(runs, _LINES, strict=False):
            epochs = range(1, len(run.loss) + 1)
            axes.plot(epochs, run.loss, color=colour, linestyle=line, linewidth=1.8, label=run.model)
            _mark(axes, run.best, run.loss, colour)
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axes.yaxis.set_minor_locator(NullLocator())
        axes.set_ylabel("ListNet loss, logarithmic")
        _epochs(axes, runs)

    ends = "; ".join(f"{run.model} from {run.loss[0]:.3f} to {run.loss[run.best]:.3f}" for run in runs if run.loss)
    return picture("loss", (4.8, 3.0), draw, f"Training loss by epoch: {ends}")


def progress(runs: Sequence[Trained]) -> Html:
    """NDCG@10 on the validation sessions after each epoch, one line a model."""

    def draw(axes: Axes) -> None:
        for run, (colour, line) in zip(runs, _LINES, strict=False):
            known = [(number, value) for number, value in enumerate(run.ndcg, 1) if value is not None]
            axes.plot(
                [n for n, _ in known],
                [v for _, v in known],
                color=colour,
                linestyle=line,
                linewidth=1.8,
                label=run.model,
            )
            _mark(axes, run.best, run.ndcg, colour)
        axes.set_ylabel("NDCG@10, validation")
        _epochs(axes, runs)

    def at(run: Trained) -> float:
        value = run.ndcg[run.best]
        return float("nan") if value is None else value

    ends = "; ".join(f"{run.model} {at(run):.3f} at epoch {run.best + 1}" for run in runs if run.ndcg)
    return picture("validation", (4.8, 3.0), draw, f"NDCG at 10 on validation sessions, best: {ends}")


def ranking(evaluated: Evaluated) -> Html:
    """NDCG@10 of every scorer with its interval, between chance and the ceiling."""
    bars = sorted((s for s in evaluated.scores if s.name != "ceiling"), key=lambda s: (s.ndcg, s.name))
    ceiling = evaluated.score("ceiling")

    def draw(axes: Axes) -> None:
        for place, score in enumerate(bars):
            axes.barh(
                place, score.ndcg, height=0.62, color=OWN if score.own else OTHER, alpha=1.0 if score.own else 0.55
            )
            axes.plot(score.interval, [place, place], color=INK, linewidth=1.4, solid_capstyle="butt")
            axes.text(1.02, place, f"{score.ndcg:.3f}", va="center", fontweight="bold" if score.own else "normal")
        axes.set_yticks(range(len(bars)), [score.name for score in bars])
        if ceiling is not None:
            axes.axvline(ceiling.ndcg, color=INK, linewidth=1.2, linestyle=(0, (4, 3)))
            axes.text(
                ceiling.ndcg - 0.008,
                len(bars) - 0.5,
                f"ceiling {ceiling.ndcg:.3f}",
                ha="right",
                va="bottom",
                color=SOFT,
            )
        axes.set_xlim(0, 1.09)
        axes.set_ylim(-0.6, len(bars))
        axes.grid(axis="y", visible=False)
        axes.tick_params(axis="y", labelcolor=INK)
        axes.set_xlabel(f"NDCG@10 on {evaluated.revision}, {evaluated.sessions} unseen sessions, 95% intervals")

    told = ", ".join(f"{s.name} {s.ndcg:.3f} ({s.interval[0]:.3f} to {s.interval[1]:.3f})" for s in reversed(bars))
    top = f"; ceiling {ceiling.ndcg:.3f}" if ceiling else ""
    return picture("ndcg", (7.2, 0.9 + 0.42 * len(bars)), draw, f"NDCG at 10 by scorer: {told}{top}")


def noise(points: Sequence[NoisePoint]) -> Html:
    """Each canary's rate by the noise that the model was trained under; the world's own noise comes first."""
    levels = list(dict.fromkeys((point.own, point.level) for point in points))
    names = list(dict.fromkeys(point.canary for point in points))
    styles = [(c, line) for line in ("-", "--") for c in (OWN, OTHER, THIRD)]

    def draw(axes: Axes) -> None:
        for name, (colour, line) in zip(names, styles, strict=False):
            mine = {(p.own, p.level): p for p in points if p.canary == name}
            places = [place for place, level in enumerate(levels) if level in mine]
            rates = [mine[levels[place]].rate for place in places]
            axes.plot(places, rates, color=colour, linestyle=line, linewidth=1.8, marker="o", markersize=4, label=name)
        axes.set_xticks(range(len(levels)), [_level(*level).replace(", ", "\n") for level in levels])
        axes.set_xlim(-0.35, len(levels) - 0.75)
        axes.set_ylim(0, 1.04)
        axes.set_ylabel("rate")
        axes.set_xlabel("signal-to-noise ratio of the training labels")
        axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5), handlelength=2.6)

    told = "; ".join(
        f"{name}: " + ", ".join(f"{p.rate:.2f} at {_level(p.own, p.level)}" for p in points if p.canary == name)
        for name in names
    )
    return picture("noise", (7.2, 3.0), draw, f"Rate of each canary by noise in training. {told}")


def _level(own: bool, level: float | None) -> str:
    words = "no noise" if level is None else f"{level:g} dB"
    return f"{words}, its own" if own else words


def hours(counts: Sequence[int]) -> Html:
    """Sessions by hour of day."""

    def draw(axes: Axes) -> None:
        axes.bar(range(24), counts, width=0.78, color=OWN)
        axes.set_xticks(range(0, 24, 3), [f"{hour:02}" for hour in range(0, 24, 3)])
        axes.grid(axis="x", visible=False)
        axes.set_xlabel("hour of day, UTC")
        axes.set_ylabel("sessions")
        axes.set_xlim(-0.7, 23.7)

    most = max(range(24), key=lambda hour: counts[hour])
    return picture(
        "hours",
        (4.8, 2.6),
        draw,
        f"Sessions by hour of day; the most, {counts[most]}, end at {most:02}:00 to {most:02}:59",
    )


def _mark(axes: Axes, best: int, values: Sequence[float | None], colour: str) -> None:
    value = values[best] if 0 <= best < len(values) else None
    if value is not None:
        axes.plot([best + 1], [value], marker="o", markersize=5.5, color=colour)


def _epochs(axes: Axes, runs: Sequence[Trained]) -> None:
    from matplotlib.ticker import MaxNLocator

    most = max((len(run.loss) for run in runs), default=1)
    axes.set_xlim(1 - 0.03 * most, most * 1.03)
    axes.set_xlabel("epoch")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=8))
    if len(runs) > 1:
        axes.legend(loc="best", handlelength=2.6)
