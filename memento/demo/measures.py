"""The parts of the report that hold figures: the rendering, the training, the evaluation, the canaries."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from memento.demo import pictures
from memento.demo.outcome import CanaryRow, Evaluated, NoisePoint, Rendered, Score, Trained
from memento.page.html import Html, element, figure, section, table
from memento.page.meter import meter


def rendering(rendered: Rendered) -> Html:
    """The tensors, and where they come from."""
    rows = [
        (element("code", t.name), t.dtype, " × ".join(f"{n:,}" for n in t.shape), t.meaning) for t in rendered.tensors
    ]
    return section(
        "Tensors from a revision",
        element(
            "p",
            f"A rendering is the build artefact of a world: {rendered.revision} with {rendered.labels} labels became "
            f"these arrays, in {rendered.file}.",
        ),
        element("div", table(["tensor", "type", "shape", "meaning"], rows, right=[2]), class_="card"),
        element("p", "The file names its origin, and the same revision gives the same digest again:", class_="soft"),
        element("pre", f"commit {rendered.commit}\ndigest {rendered.digest}"),
    )


def training(runs: Sequence[Trained]) -> Html:
    """Loss and validation score by epoch."""
    loss = figure(
        pictures.losses(runs),
        "Mean ListNet loss (temperature 0.5) over the training sessions, by epoch; the dot is the epoch kept.",
    )
    score = figure(
        pictures.progress(runs), "NDCG@10 on the validation sessions, which come after the training sessions in time."
    )
    rows = [
        (run.model, f"{run.parameters:,}", f"{run.sessions:,}", str(len(run.loss)), str(run.best + 1)) for run in runs
    ]
    heads = ["model", "parameters", "sessions", "epochs", "kept"]
    return section(
        "Training",
        element("p", "Sessions are split by time: the first are fitted, the next choose the epoch, the last are left."),
        element("div", loss, score, class_="row"),
        element("div", table(heads, rows, right=range(1, 5)), class_="card"),
    )


def evaluation(evaluated: Evaluated, runs: Sequence[Trained]) -> Html:
    """Every scorer beside chance and the ceiling."""
    ordered = sorted(evaluated.scores, key=lambda s: (-s.ndcg, s.name))
    heads = ["scorer", "NDCG@10", "95% interval", "MRR", "recall@10", "of ceiling"]
    reason = (
        "The Signet form is linear in its columns, and the hour is equal for all candidates of a session, so it "
        "cancels: nothing that depends on the time of day can be learned. The interaction model crosses session "
        "and candidate."
    )
    return section(
        f"How good it is, on {evaluated.revision}",
        element(
            "p",
            f"{evaluated.sessions} sessions with {evaluated.candidates:,} candidates that training did not see, labels "
            f"{evaluated.labels}. Chance is a random order; the ceiling is what the planted rule itself gets against "
            "noisy labels, the best that any model could do.",
        ),
        figure(pictures.ranking(evaluated), "NDCG@10; the line on each bar is its 95% interval over sessions."),
        element("div", table(heads, map(_score, ordered), right=range(1, 6)), class_="card"),
        element("p", reason, class_="soft") if any(run.model == "signet" for run in runs) else None,
    )


def _score(score: Score) -> tuple[Html | str, ...]:
    return (
        element("b", score.name) if score.own else score.name,
        f"{score.ndcg:.3f}",
        _interval(score.interval),
        f"{score.mrr:.3f}",
        f"{score.recall:.3f}",
        "" if score.share is None else f"{score.share:.1%}",
    )


def canaries(rows: Sequence[CanaryRow], noise: Sequence[NoisePoint]) -> Html:
    """Every measure as it came out, then the noise curve."""
    heads = ["canary", "measure", "0 … 1", "rate", "95% interval", "chance", "threshold", "n", ""]
    curve = figure(
        pictures.noise(noise),
        "The sixth canary: the same questions to models trained on noisier labels. No threshold is set for it; "
        "what counts is how the curve falls.",
    )
    return section(
        "Canaries",
        element(
            "p",
            "Small made-up sessions that each ask one thing of the model. In each picture the dot is the rate, the "
            "band its Wilson interval, the long line the threshold, the short one chance. A canary passes when its "
            "whole interval reaches the threshold; what fails is shown as it is.",
        ),
        element("div", table(heads, _rows(rows), right=range(3, 8), class_="roomy"), class_="card"),
        curve if noise else None,
    )


def _rows(rows: Sequence[CanaryRow]) -> Iterator[tuple[Html | str, ...]]:
    named = ""
    for row in rows:
        verdict = "" if row.passed is None else "pass" if row.passed else "fail"
        yield (
            "" if row.name == named else element("b", row.name),
            row.question,
            meter(row.rate, *row.interval, row.threshold, row.chance),
            f"{row.rate:.3f}",
            _interval(row.interval),
            "" if row.chance is None else f"{row.chance:.3f}",
            "" if row.threshold is None else f"{row.threshold:.2f}",
            f"{row.n:,}",
            element("span", verdict, class_=verdict) if verdict else "",
        )
        named = row.name


def _interval(interval: tuple[float, float]) -> str:
    return f"{interval[0]:.3f} – {interval[1]:.3f}"
