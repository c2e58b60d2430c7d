"""The report of a scorer: one page that needs nothing but itself, with all that was measured of it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from memento.history.runs import TITLES
from memento.page.chart import INK, OTHER, OWN, RULE, SOFT, THIRD, legend, picture
from memento.page.html import Html, document, element, figure, section, table
from memento.page.meter import meter
from memento.report.saving_page import figure_cell
from memento.validate.metrics import NAMES

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from memento.history.runs import RunRecord
    from memento.report.gate import Fallen
    from memento.train import Run
    from memento.validate import Report
    from memento.validate.canary import Canaries, Outcome
    from memento.validate.contracts import Contracts
    from memento.validate.fidelity import Fidelity

_WIDE, _HALF = (7.2, 3.0), (4.8, 2.8)


@dataclass(frozen=True)
class Judged:
    """All that was found on one revision; `curve` are canaries of scorers trained at other noise levels."""

    revision: str
    report: Report
    canaries: Canaries | None = None
    contracts: Contracts | None = None
    curve: tuple[Outcome, ...] = ()
    fidelity: Fidelity | None = None


@dataclass(frozen=True)
class Findings:
    """What a report tells: a training run, what was found on each revision, the gate, and earlier runs there."""

    checkpoint: str
    digest: str
    run: Run
    judged: tuple[Judged, ...]
    asked: tuple[str, ...] = ()
    fallen: tuple[Fallen, ...] = ()
    history: tuple[RunRecord, ...] = ()


def page(found: Findings, version: str) -> str:
    """The whole document; the same findings give the same bytes."""
    parts: list[Html] = [_header(found)]
    if found.asked:
        parts.append(_gate(found))
    for number, judged in enumerate(found.judged):
        parts += _judged(judged, number)
    parts.append(_training(found.run))
    if found.history:
        parts.append(_history(found.history))
    parts.append(element("footer", f"checkpoint {found.digest}, memento {version}"))
    return document(f"memento report {found.checkpoint}", parts, f"memento {version}")


def _header(found: Findings) -> Html:
    sources = ", ".join(
        f"{source.revision} ({source.sessions:,} sessions{f', weight {source.weight:g}' if source.weight != 1 else ''})"
        for source in found.run.sources
    )
    return element(
        "header",
        element("h1", f"{found.run.scorer.name}: {found.checkpoint}"),
        element("p", f"{found.run.scorer.size:,} parameters, trained on {sources}."),
        element("dl", *_facts(found), class_="facts"),
    )


def _facts(found: Findings) -> Iterator[Html]:
    def box(name: str, value: str, small: str) -> Html:
        return element("div", element("dt", name), element("dd", value, element("small", small)))

    for judged in found.judged:
        report = judged.report
        ndcg = report.rows["model"]["ndcg"]
        yield box(f"NDCG@10, {judged.revision}", f"{ndcg.value:.3f}", ndcg.between())
        if report.share is not None and math.isfinite(report.share.value):
            share = report.share
            yield box(f"Of the ceiling, {judged.revision}", f"{share.value:.1%}", share.between(".1%"))
    for name, asked in (("Canaries", "canaries"), ("Contracts", "contracts")):
        verdicts = [v for j in found.judged if getattr(j, asked) for v in getattr(j, asked).verdicts.values()]
        told = [passed for passed in verdicts if passed is not None]
        forms = [v for j in found.judged if getattr(j, asked) for v in getattr(j, asked).sharp.values()]
        sharp = [passed for passed in forms if passed is not None]
        if told:
            small = f"{sum(sharp)} of {len(sharp)} in their sharp forms" if sharp else "lower ends against thresholds"
            yield box(f"{name} passed", f"{sum(told)} of {len(told)}", small)
    if found.asked:
        holds = "holds" if not found.fallen else f"{len(found.fallen)} fell"
        yield box("Gate", holds, f"{len(found.asked)} threshold{'s' if len(found.asked) != 1 else ''}")


def _gate(found: Findings) -> Html:
    if not found.fallen:
        kept = element("p", element("span", "Every threshold holds: ", class_="pass"), "; ".join(found.asked))
        return section("Gate", kept)
    rows = [
        (each.metric, each.revision, each.found, each.wanted, element("span", "fail", class_="fail"))
        for each in found.fallen
    ]
    asked = element("p", f"Asked: {'; '.join(found.asked)}.", class_="soft")
    return section("Gate", asked, element("div", table(("metric", "on", "found", "asked", ""), rows), class_="card"))


def _judged(judged: Judged, number: int) -> list[Html]:
    report = judged.report
    left_out = [
        (report.seen, "left out since training saw them"),
        (report.empty, "without anything relevant"),
    ]
    told = "; ".join(f"{count:,} {words}" for count, words in left_out if count)
    about = (
        f"{report.sessions:,} session{'s' * (report.sessions != 1)} with {report.candidates:,} candidates that "
        f"training did not see, labels {report.labels}, commit {report.commit[:10]}{f'; {told}' if told else ''}. "
        "Intervals hold 95% of redrawn sessions."
    )
    ceiling = (
        "The ceiling is what the planted rule itself gets against noisy labels."
        if "ceiling" in report.rows
        else "No rule is known that made these labels, so there is no ceiling to measure against."
    )
    parts = [
        section(
            f"How well it ranks, on {judged.revision}",
            element("p", f"{about} {ceiling}"),
            _ranking(report, number),
            element("div", _scores(report), class_="card"),
            _groups(report) if report.groups else None,
        )
    ]
    if judged.canaries is not None:
        words = (
            "Small made-up sessions that each ask one thing. The dot is the share that was right, the band its "
            "interval, the long line the threshold, the short one chance. One passes when its whole interval reaches "
            "the threshold; a sharp form leaves no way past the pattern. The oracle knows the planted rule."
        )
        parts.append(_asked(f"Canaries, in the family of {judged.revision}", words, judged.canaries.outcomes))
    if judged.curve:
        parts.append(_noise(judged, number))
    if judged.contracts is not None:
        words = "What a scorer owes its agent: tests on fresh worlds, read as the canaries are."
        parts.append(_asked(f"Contract tests, in the family of {judged.revision}", words, judged.contracts.outcomes))
    if judged.fidelity is not None:
        parts.append(_fidelity(judged.revision, judged.fidelity))
    return parts


def _ranking(report: Report, number: int) -> Html:
    rows = [name for name in report.rows if name != "ceiling redrawn"]
    rows.sort(key=lambda name: report.rows[name]["ndcg"].value)
    colours = {"model": OWN, "ceiling": INK, "chance": RULE}

    def draw(axes: Axes) -> None:
        for place, name in enumerate(rows):
            value = report.rows[name]["ndcg"]
            axes.barh(place, value.value, color=colours.get(name, OTHER), height=0.62, alpha=0.9)
            axes.plot([value.low, value.high], [place, place], color=SOFT, linewidth=1.6)
        axes.set_yticks(range(len(rows)), [report.name_of(name) for name in rows])
        axes.grid(visible=False, axis="y")
        axes.set_xlim(0, 1)
        axes.set_xlabel("NDCG@10")

    best = report.rows["model"]["ndcg"]
    words = f"NDCG@10 of {report.model}, {best.value:.3f}, beside " + ", ".join(
        f"{name} {report.rows[name]['ndcg'].value:.3f}" for name in rows if name != "model"
    )
    size = (_WIDE[0], 0.7 + 0.32 * len(rows))
    return figure(picture(f"rank{number}", size, draw, words), "NDCG@10; the line on each bar is its 95% interval.")


def _scores(report: Report) -> Html:
    top = report.rows.get("ceiling")
    rows = []
    for name, row in report.rows.items():
        if name == "ceiling redrawn":
            continue
        share = row["ndcg"].value / top["ndcg"].value if top and top["ndcg"].value else math.nan
        first = element("b", report.name_of(name)) if name == "model" else name
        rows.append((first, *(figure_cell(row[key]) for key in NAMES), f"{share:.1%}" if share == share else ""))
    return table(("ranker", *(TITLES[key] for key in NAMES), "of ceiling"), rows, right=range(1, 5))


def _groups(report: Report) -> Html:
    rows = [
        (group, f"{row['model'].n:,}", *(figure_cell(row.get(name)) for name in ("model", "chance", "ceiling")))
        for group, row in report.groups.items()
    ]
    heads = ("sessions", "n", report.model, "chance", "ceiling")
    return element("div", element("h3", "By group"), table(heads, rows, right=range(1, 5)), class_="card")


def asked_of(outcome: Outcome) -> str:
    """The threshold of a measure, marked where it is that of a sharp form alone; nothing where none is asked."""
    if outcome.threshold is not None:
        return f"{outcome.threshold:.2f}"
    return "" if outcome.sharp is None else f"sharp {outcome.sharp:.2f}"


def verdict(outcome: Outcome) -> str:
    """Whether a measure reached what is asked of it: pass, fail, or nothing where nothing is."""
    passed = outcome.passed if outcome.threshold is not None else outcome.sharp_passed
    return "" if passed is None else "pass" if passed else "fail"


def _asked(title: str, words: str, outcomes: Sequence[Outcome]) -> Html:
    def rows() -> Iterator[tuple[Html | str, ...]]:
        named = ""
        for outcome in outcomes:
            share = outcome.share
            if not share.n:
                yield element("b", outcome.canary), f"not asked: {outcome.note}", "", "", "", "", "", ""
                continue
            told, goal = verdict(outcome), outcome.sharp if outcome.threshold is None else outcome.threshold
            yield (
                "" if outcome.canary == named else element("b", outcome.canary),
                outcome.measure,
                meter(share.value, share.low, share.high, goal, outcome.chance),
                figure_cell(share),
                f"{outcome.chance:.3f}",
                f"{outcome.oracle.value:.3f}",
                asked_of(outcome),
                element("span", told, class_=told) if told else "",
            )
            named = outcome.canary

    heads = ("asked", "measure", "0 … 1", "share", "chance", "oracle", "threshold", "")
    whole = element("div", table(heads, rows(), right=range(3, 7), class_="roomy"), class_="card")
    return section(title, element("p", words), whole)


def _noise(judged: Judged, number: int) -> Html:
    lines: dict[str, list[tuple[float, Outcome]]] = {}
    for outcome in judged.curve:
        measure, _, level = outcome.measure.rpartition(", ")
        lines.setdefault(measure.partition(":")[0], []).append((float(level.removesuffix(" dB")), outcome))
    colours, styles = (OWN, OTHER, THIRD, INK, SOFT), ("-", "--", "-.", ":", (0, (1, 3)))

    def draw(axes: Axes) -> None:
        for place, (name, points) in enumerate(lines.items()):
            ordered = sorted(points, key=lambda point: point[0])
            levels = [level for level, _ in ordered]
            shares = [outcome.share.value for _, outcome in ordered]
            (line,) = axes.plot(levels, shares, color=colours[place % len(colours)], marker="o", markersize=4)
            line.set(label=name, linestyle=styles[place % len(styles)])
        axes.invert_xaxis()
        axes.set_ylim(0, 1.02)
        axes.set_xlabel("signal to noise of the training labels, dB")
        axes.set_ylabel("share right")
        legend(axes, columns=3)

    words = "Canaries of scorers trained on noisier labels: " + "; ".join(
        f"{outcome.measure} {outcome.share.value:.2f}" for outcome in judged.curve
    )
    caption = "The same questions to scorers trained at each noise level; no threshold is set, what counts is the fall."
    return section("Under noise", figure(picture(f"noise{number}", _WIDE, draw, words), caption))


def _fidelity(revision: str, found: Fidelity) -> Html:
    from memento.validate.fidelity import GOALS

    rows = [
        (name, f"{found.measures[name]:.3f}", f"{found.calibration[name]:.3f}", goal, words)
        for name, (goal, words) in GOALS.items()
    ]
    heads = ("measure", "training", "real halves", "best", "what it is")
    about = (
        f"How like the sessions of {revision} those are that it was trained on: {found.sessions:,} of each, beside "
        "what two halves of the real ones show of each other."
    )
    return section(
        f"Fidelity to {revision}",
        element("p", about),
        element("div", table(heads, rows, right=(1, 2, 3)), class_="card"),
    )


def _training(run: Run) -> Html:
    history = run.history

    def losses(axes: Axes) -> None:
        axes.plot([e.number + 1 for e in history], [e.loss for e in history], color=OWN)
        axes.plot([run.best + 1], [history[run.best].loss], marker="o", color=OWN)
        axes.set_xlabel("epoch")
        axes.set_ylabel("loss")

    def scores(axes: Axes) -> None:
        known = [e for e in history if e.ndcg == e.ndcg]
        axes.plot([e.number + 1 for e in known], [e.ndcg for e in known], color=OTHER)
        if history[run.best].ndcg == history[run.best].ndcg:
            axes.plot([run.best + 1], [history[run.best].ndcg], marker="o", color=OTHER)
        axes.set_xlabel("epoch")
        axes.set_ylabel("NDCG@10, validation")

    options = ", ".join(f"{name} {value}" for name, value in sorted(run.config.to_map().items()))
    parts: list[Html | None] = []
    if history:
        last = f"loss {history[run.best].loss:.4f} at the best of {len(history)} epochs"
        pictures = [figure(picture("loss", _HALF, losses, f"Training: {last}"), "Loss; the dot is the epoch kept.")]
        if any(e.ndcg == e.ndcg for e in history):
            words = "NDCG@10 on the validation sessions by epoch"
            pictures.append(figure(picture("score", _HALF, scores, words), "On the sessions that choose the epoch."))
        parts.append(element("div", *pictures, class_="row"))
    rows = [
        (source.revision, element("code", source.commit[:10]), f"{source.sessions:,}", f"{source.weight:g}",
         source.spec.get("labels", ""))
        for source in run.sources
    ]  # fmt: skip
    heads = ("trained on", "commit", "sessions", "weight", "labels")
    parts.append(element("div", table(heads, rows, right=(2, 3)), class_="card"))
    return section("Training", *parts, element("p", options, class_="soft"))


def _history(records: Sequence[RunRecord]) -> Html:
    rows = []
    for record in records:
        cells = []
        for name in ("ndcg", "share", "mrr"):
            metric = record.metrics.get(name)
            cells.append(f"{metric.value:.3f}" if metric else "")
        rows.append((element("code", record.id), element("code", record.commit[:10]), record.model, *cells))
    heads = ("run", "judged on", "model", "NDCG@10", "of ceiling", "MRR")
    about = "What was recorded of scorers on the same commits, the best first."
    return section(
        "Other runs", element("p", about), element("div", table(heads, rows, right=(3, 4, 5)), class_="card")
    )
