"""The comparison of cells as one page: for each task a table, and accuracy over the place in the sequence."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import cycle, product
from typing import TYPE_CHECKING

from memento.measure.expressivity.experiment import LEARNED, Outcome
from memento.page.chart import OTHER, OWN, RULE, SOFT, THIRD, picture
from memento.page.html import Html, document, element, figure, section, table

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SIZE = (7.2, 2.8)
_STYLES = tuple(product(("-", "--"), (OWN, OTHER, THIRD, SOFT)))
HEADS = ("cell", "short", "long", "chance", "theory", "as theory says", "why", "source")


def page(outcomes: Sequence[Outcome], version: str) -> str:
    """The whole document; the same outcomes give the same bytes."""
    agree = sum(outcome.agrees for outcome in outcomes)
    lead = (
        f"Small networks that differ in their recurrent cell alone, trained on short sequences and tested on longer "
        f"ones. {agree} of {len(outcomes)} came out as theory says; a task counts as done from {LEARNED:.0%} on, by "
        "the best of the seeds, since theory speaks of the weights that there are."
    )
    tasks = list(dict.fromkeys(outcome.row.task for outcome in outcomes))
    parts = [
        element("header", element("h1", "What cells can express"), element("p", lead)),
        *(_task(name, [outcome for outcome in outcomes if outcome.row.task == name]) for name in tasks),
        element("footer", f"memento {version}"),
    ]
    return document("memento expressivity", parts, f"memento {version}")


def _task(name: str, outcomes: Sequence[Outcome]) -> Html:
    setting = outcomes[0].setting
    low, high = setting.train
    told = f"Trained on lengths {low} to {high}, tested on {setting.test}; it takes {setting.task.needs}. Chance "
    told += f"{setting.task.chance:.3f}. {setting.task.source}."
    rows = [
        [
            o.row.name, f"{o.best.short:.3f}", spread(o), f"{setting.task.chance:.3f}",
            theory(o), "yes" if o.agrees else "no", o.row.why, o.row.source,
        ]
        for o in outcomes
    ]  # fmt: skip

    def draw(axes: Axes) -> None:
        for (line, colour), outcome in zip(cycle(_STYLES), outcomes):
            places, values = zip(*outcome.best.curve, strict=True)
            axes.plot(places, values, line, color=colour, linewidth=1.6, label=outcome.row.name)
        axes.axhline(setting.task.chance, color=SOFT, linewidth=0.8, linestyle=":")
        if setting.beyond:
            axes.axvline(high, color=RULE, linewidth=1.2)
        axes.set_ylim(0, 1.05)
        axes.set_xlabel("place in the sequence")
        axes.set_ylabel("accuracy")
        axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), fontsize=9)

    caption = "Accuracy over the place in the test, best seed; dotted: chance"
    caption += f"; the upright line ends what training showed ({high})." if setting.beyond else "."
    words = f"{name}: accuracy over places by cell"
    shown = picture(name, _SIZE, draw, words)
    return section(name, element("p", told, class_="soft"), figure(shown, caption), table(HEADS, rows, (1, 2, 3)))


def spread(outcome: Outcome) -> str:
    """The accuracy of the best seed on the test, and with several seeds the lowest and the highest."""
    values = [trial.long for trial in outcome.trials]
    return f"{max(values):.3f}" + (f" ({min(values):.3f}–{max(values):.3f})" if len(values) > 1 else "")


def theory(outcome: Outcome) -> str:
    """What theory says, in a word."""
    return "can" if outcome.row.can else "cannot"
