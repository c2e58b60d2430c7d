"""What a deployment came to: win rate, cold start, gates, and what the agent got by it."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from memento.deploy.simulation import SCHEMA, Trace
from memento.validate.intervals import Bootstrap, Figure, wilson

ORDERS = ("baseline", "predictor", "served")


@dataclass(frozen=True)
class Summary:
    """Figures of a trace, with 95% intervals.

    `wins` is the share of comparisons that the scorer won as the daemon measures them, `truly` the share of the same
    sessions in which its order was the better one by true relevance. `exit` is the number of the session that ended
    the cold start, None where none did. `truth` are NDCG@10 of the orders, over sessions in which the scorer was
    asked; `gain` is the mean true relevance of what was injected, `margin` that less what the baseline alone injects.
    `alike` are shares of injected pairs about the same thing, with diversity and without.
    """

    sessions: int
    asked: int
    refused: dict[str, int]
    wins: Figure
    truly: Figure
    exit: int | None
    alpha: float
    success_rate: float
    drifts: int
    trainings: int
    gates: int
    variance: float | None
    stability: float | None
    explored: int
    injected: float
    truth: dict[str, Figure]
    gain: dict[str, Figure]
    margin: Figure
    alike: dict[str, float]

    def to_map(self) -> dict[str, Any]:
        """Plain values."""
        found = asdict(self)
        for name in ("wins", "truly", "margin"):
            found[name] = getattr(self, name).to_map()
        for name in ("truth", "gain"):
            found[name] = {key: figure.to_map() for key, figure in getattr(self, name).items()}
        return found


def summary(trace: Trace, resamples: int = 1000) -> Summary:
    """The figures of a trace; intervals over sessions are keyed by the seed of its settings."""
    steps = trace.steps
    asked = [step for step in steps if step.predictor is not None]
    bootstrap = Bootstrap(len(asked), resamples, trace.settings.seed)
    everywhere = Bootstrap(len(steps), resamples, trace.settings.seed)
    gates = [each for step in steps for each in step.gates]
    why = [step.why for step in steps if step.why]
    last = steps[-1]
    gain = {name: np.array([step.gain[name] for step in steps]) for name in ("served", "baseline")}
    better = [(step.truth["predictor"] or 0.0) > (step.truth["baseline"] or 0.0) for step in asked]
    return Summary(
        sessions=len(steps),
        asked=len(asked),
        refused={reason: why.count(reason) for reason in dict.fromkeys(why)},
        wins=wilson(sum(step.won for step in asked), len(asked)),
        truly=wilson(sum(better), len(asked)),
        exit=next((number for number, step in enumerate(steps, 1) if step.after), None),
        alpha=last.alpha,
        success_rate=last.success_rate,
        drifts=sum(step.drift for step in steps),
        trainings=len(gates),
        gates=sum(each.holds for each in gates),
        variance=float(np.mean([each.variance for each in gates])) if gates else None,
        stability=float(np.mean([each.stability for each in gates])) if gates else None,
        explored=sum(bool(step.explored) for step in steps),
        injected=float(np.mean([len(step.injected) for step in steps])),
        truth={
            name: bootstrap.figure(np.array([_number(step.truth[name]) for step in asked], np.float64))
            for name in ORDERS
        },
        gain={name: everywhere.figure(values) for name, values in gain.items()},
        margin=everywhere.figure(gain["served"] - gain["baseline"]),
        alike={name: float(np.mean([step.alike[name] for step in steps])) for name in ("served", "without")},
    )


def document(trace: Trace) -> dict[str, Any]:
    """A trace and its summary as plain values under a `schema` key."""
    return {
        "schema": SCHEMA,
        "model": trace.model,
        "settings": asdict(trace.settings),
        "candidates_left_out": trace.left_out,
        "summary": summary(trace).to_map(),
        "trace": [step.to_map() for step in trace.steps],
    }


def _number(value: float | None) -> float:
    return math.nan if value is None else value
