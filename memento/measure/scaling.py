"""What more worlds bring: a score over the number of worlds that were trained on, and the curve through it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from memento.errors import UsageError
from memento.measure.value import Judge
from memento.render.rendering import Rendering
from memento.validate.curves import Curve, mixture

LEAST = 4
"""Variants that a curve needs."""


@dataclass(frozen=True)
class Point:
    """NDCG@10 on the held-out revision after training on so many worlds, with its 95% interval over sessions."""

    worlds: int
    ndcg: float
    low: float
    high: float


@dataclass(frozen=True)
class Scaling:
    """The points, and the mixture of exponentials that fits them."""

    points: tuple[Point, ...]
    curve: Curve


def counts(variants: int) -> list[int]:
    """How many worlds are tried: the base alone, then twice as many each time, and all."""
    found = [1]
    while 2 * found[-1] < variants + 1:
        found.append(2 * found[-1])
    return [*found, variants + 1]


def scaling(
    names: Sequence[str],
    base: str,
    rendering: Callable[[str], Rendering],
    against: str,
    model: str = "linear",
    epochs: int | None = None,
    seed: int = 0,
    progress: Callable[[int, int, str], None] | None = None,
) -> Scaling:
    """Trains on the base and the first variants by name, more each time, all with the same weight.

    Raises `UsageError` for fewer variants than a curve needs.
    """
    from memento.train.threads import one_thread
    from memento.validate.intervals import Bootstrap

    if len(names) < LEAST:
        raise UsageError(f"{len(names)} variants make no curve", f"expand the base into at least {LEAST}")
    judge = Judge(rendering, against, model, epochs, seed)
    judge.refuse_seen([base, *names])
    bootstrap = Bootstrap(len(judge.held), 1000, seed)
    ordered, sizes, points = [base, *sorted(names)], counts(len(names)), []
    with one_thread():
        for number, size in enumerate(sizes):
            figure = bootstrap.figure(judge(ordered[:size]))
            points.append(Point(size, figure.value, figure.low, figure.high))
            if progress:
                progress(number + 1, len(sizes), "trainings")
    return Scaling(tuple(points), mixture(sizes, [point.ndcg for point in points]))
