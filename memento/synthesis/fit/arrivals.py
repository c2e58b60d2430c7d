"""When the agent works: sessions a day, their hours, lengths and modes, by project."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import date

import numpy as np
import numpy.typing as npt

from memento.patterns.facts import DAY
from memento.scenario import parameters
from memento.synthesis.fit.estimate import Estimate, Form, Z, joint, maximise, share, spanned, spanned_parts
from memento.world.world import World

Floats = npt.NDArray[np.float64]
_MOST_COMPONENTS = 4
_SHARPEST = 0.05
"""Least standard deviation of a part of the hours, h: sessions at one minute are no likelier than that."""
_EPOCH = date(1970, 1, 1)


def span(world: World) -> tuple[int, int]:
    """The first day of a world's history, in days since 1970, and the number of its days."""
    started = world.sessions["started_at"]
    declared = world.manifest.scenario.get("time", {})
    first = int(started.min(initial=2**62)) // DAY if len(started) else world.manifest.clock // DAY
    if isinstance(declared, dict) and isinstance(declared.get("start"), str):
        first = (date.fromisoformat(declared["start"]) - _EPOCH).days
    last = int(started.max(initial=0)) // DAY if len(started) else first
    return first, max(1, last - first + 1, -(-(world.manifest.clock - first * DAY) // DAY))


def arrivals(world: World, projects: tuple[str, ...]) -> Iterator[Estimate]:
    """Estimates of the section ``sessions``; `projects` are those of the scenario, in its order."""
    sessions = world.sessions
    if not len(sessions):
        return
    project = np.array([projects.index(name) if name in projects else 0 for name in sessions["project"].tolist()])
    yield from _days(world, project, len(projects))
    yield from _hours(sessions["started_at"] % DAY / 3600.0)
    minutes = (sessions["ended_at"] - sessions["started_at"]) / 60.0
    inside = minutes[(minutes > 1.0) & (minutes < 600.0)]
    if len(inside) > 1:
        yield from _minutes(np.log(inside))
    traversal = int(np.count_nonzero(sessions["mode"] == "traversal"))
    yield from filter(None, [share("sessions.traversal_share", traversal, len(sessions), "sessions")])


def _days(world: World, project: npt.NDArray[np.int64], projects: int) -> Iterator[Estimate]:
    """Counts of days: thinned by weekday from ``round(max(0, N(mean, sd)))``.

    A count thinned by a has mean ``a m`` and variance ``a^2 v + a (1 - a) m``, where v is the normal's
    variance plus 1/12 of rounding. Weekdays whose rates do not differ from the busiest are taken as one.
    """
    first, days = span(world)
    day = np.clip(world.sessions["started_at"] // DAY - first, 0, days - 1)
    usual = 1.0 / np.arange(1, projects + 1)
    of_project = np.bincount(project, minlength=projects)
    expected = usual / usual.sum() * len(day)
    spread = ((of_project - expected) ** 2 / expected).sum() if projects > 1 else 0.0
    wanted = np.ones(projects)
    if spread > projects - 1 + 3.0 * math.sqrt(2.0 * max(1, projects - 1)):
        wanted = of_project / expected * (expected[0] / max(of_project[0], 1))
    counts = np.bincount(day, minlength=days) / float((wanted * usual).sum() / usual.sum())
    weekday = (np.arange(days) + first + 3) % 7
    held = np.array([np.count_nonzero(weekday == w) for w in range(7)])
    rates = np.array([counts[weekday == w].mean() if held[w] else 0.0 for w in range(7)])
    # The busiest weekdays: as many, from the top, as one rate explains.
    order = np.argsort(-rates, kind="stable")
    top = [int(order[0])]
    for w in order[1:].tolist():
        if not held[w]:
            continue
        pooled = counts[np.isin(weekday, top)]
        sd = max(float(np.std(counts[np.isin(weekday, [*top, w])])), 1e-9)
        if (pooled.mean() - rates[w]) / (sd * math.sqrt(1 / len(pooled) + 1 / held[w])) > Z:
            break
        top.append(w)
    busy = counts[np.isin(weekday, top)]
    mean = float(busy.mean())
    error = float(np.std(busy, ddof=1)) / math.sqrt(len(busy)) if len(busy) > 1 else mean
    spread_of = [counts[weekday == w].std(ddof=1) / math.sqrt(held[w]) if held[w] > 1 else mean for w in range(7)]
    # Only the product of mean and activity shows: no weekday may be fully active but by convention.
    upper = max(mean + Z * error, float(rates[top[0]] + Z * spread_of[top[0]]))
    yield Estimate("sessions.per_day_mean", mean, max(0.0, mean - Z * error), upper, days, "days")
    activity = np.where(held > 0, np.minimum(1.0, rates / max(mean, 1e-9)), 1.0)
    activity[top] = 1.0
    errors = np.hypot(np.array(spread_of), activity * error) / max(mean, 1e-9)
    wide = joint(7)
    low, high = np.maximum(0.0, rates / upper - wide * errors), np.minimum(1.0, activity + wide * errors)
    yield spanned_parts("sessions.weekday_activity", (activity, low, high), days, "days")
    squares = (counts - activity[weekday] * mean) ** 2 - activity[weekday] * (1 - activity[weekday]) * mean
    squares = squares[activity[weekday] > 0] / activity[weekday][activity[weekday] > 0] ** 2
    weights = activity[weekday][activity[weekday] > 0] ** 2
    variance = float(np.average(squares, weights=weights))
    off = math.sqrt(float((weights**2 * (squares - variance) ** 2).sum())) / float(weights.sum())
    ends = [math.sqrt(max(0.0, v - 1 / 12)) for v in (variance, variance - Z * off, variance + Z * off)]
    yield spanned("sessions.per_day_sd", ends, days, "days")
    if projects > 1 and not np.all(wanted == 1.0):
        error_of = wanted * np.sqrt(1 / np.maximum(of_project, 1) + 1 / max(int(of_project[0]), 1))
        ends_of = (np.minimum(10.0, wanted), np.maximum(0.0, wanted - Z * error_of), wanted + Z * error_of)
        yield spanned_parts("sessions.project_activity", ends_of, len(day), "sessions")


def _minutes(logs: Floats) -> Iterator[Estimate]:
    """Mean and standard deviation of a log-normal, intervals by the delta method (Cox, in Land 1972)."""
    n, mu, v = len(logs), float(logs.mean()), float(logs.var(ddof=1))
    mean, error = math.exp(mu + v / 2), math.sqrt(v / n + v * v / (2 * (n - 1)))
    lower, upper = mean * math.exp(-Z * error), mean * math.exp(Z * error)
    most = parameters()["sessions.minutes_mean"].high
    yield spanned("sessions.minutes_mean", [min(most, max(1.0, m)) for m in (mean, lower, upper)], n, "sessions")
    sd = mean * math.sqrt(math.expm1(v))
    slope = 0.5 + 0.5 * math.exp(v) / math.expm1(v) if v > 1e-12 else 0.5
    off = math.sqrt(v / n + slope * slope * 2 * v * v / (n - 1))
    most = parameters()["sessions.minutes_sd"].high
    ends = [min(most, m) for m in (sd, sd * math.exp(-Z * off), sd * math.exp(Z * off))]
    yield spanned("sessions.minutes_sd", ends, n, "sessions")


# ── hours: a normal mixture around the clock ─────────────────────────────────────────────────────


def _hours(hours: Floats) -> Iterator[Estimate]:
    """A wrapped normal mixture by EM from several starts, its number of parts by BIC (Schwarz 1978)."""
    if len(hours) < 10:
        return
    candidates = [_mixture(hours, parts) for parts in range(1, min(_MOST_COMPONENTS, len(hours) // 5) + 1)]
    score = [_log_density(hours, *c).sum() - (3 * len(c[0]) - 1) / 2 * math.log(len(hours)) for c in candidates]
    means, sds, weights = candidates[int(np.argmax(score))]
    order = np.argsort(means)
    means, sds, weights = means[order], sds[order], weights[order]
    parts = len(means)

    def unpack(theta: Floats) -> tuple[Floats, Floats, Floats]:
        relative = np.concatenate([[1.0], theta[2 * parts :]])
        return theta[:parts], np.maximum(theta[parts : 2 * parts], _SHARPEST), relative / relative.sum()

    start = [*means, *sds, *(weights[1:] / weights[0])]
    forms: list[Form] = ["real" if place < parts else "positive" for place in range(3 * parts - 1)]
    wide = joint(parts) / Z
    peak = maximise(lambda theta: float(_log_density(hours, *unpack(theta)).sum()), start, forms, 8)
    for name, at in (("hour_means", 0), ("hour_sds", parts)):
        most = 24.0 if at == 0 else 12.0
        middle = peak.value[at : at + parts]
        sides = (
            middle,
            middle + wide * (peak.low[at : at + parts] - middle),
            middle + wide * (peak.high[at : at + parts] - middle),
        )
        ends = [np.clip(side, 0.0, most) for side in sides]
        yield spanned_parts(f"sessions.{name}", ends, len(hours), "sessions")
    scale = parts
    value = unpack(peak.value)[2]
    moved = np.array([unpack(_shifted(peak.value, 2 * parts + k))[2] for k in range(parts - 1)]).reshape(-1, parts)
    slope = (moved - value) / 1e-4
    error = np.sqrt(np.maximum(np.einsum("kp,kl,lp->p", slope, peak.covariance[2 * parts :, 2 * parts :], slope), 0.0))
    off = wide * Z * error
    columns = [value * scale, np.maximum(0.0, value - off) * scale, (value + off) * scale]
    yield spanned_parts("sessions.hour_weights", columns, len(hours), "sessions")


def _shifted(values: Floats, place: int) -> Floats:
    moved = values.copy()
    moved[place] *= math.exp(1e-4)
    return moved


def _parts(hours: Floats, means: Floats, sds: Floats, weights: Floats) -> Floats:
    """The density of each wrapped part at each hour, shape (N, K)."""
    density = np.zeros((len(hours), len(means)))
    for turn in (-24.0, 0.0, 24.0):
        z = (hours[:, None] + turn - means) / sds
        density += np.exp(-0.5 * z * z)
    return density * weights / (sds * math.sqrt(2 * math.pi))


def _log_density(hours: Floats, means: Floats, sds: Floats, weights: Floats) -> Floats:
    return np.asarray(np.log(_parts(hours, means, sds, weights).sum(axis=1) + 1e-300))


def _mixture(hours: Floats, parts: int) -> tuple[Floats, Floats, Floats]:
    """Means, standard deviations and weights that EM finds from the best of a few even starts."""
    found: list[tuple[float, tuple[Floats, Floats, Floats]]] = []
    for offset in (0.0, 0.33, 0.67):
        means = np.quantile(hours, (np.arange(parts) + 0.5 + offset * (parts > 1)) / (parts + 0.7 * (parts > 1)))
        sds, weights = np.full(parts, max(1.0, 6.0 / parts)), np.full(parts, 1.0 / parts)
        for _ in range(300):
            density = _parts(hours, means, sds, weights)
            owned = density / (density.sum(axis=1, keepdims=True) + 1e-300)
            mass = owned.sum(axis=0) + 1e-9
            away = (hours[:, None] - means + 12.0) % 24.0 - 12.0
            moved = means + (owned * away).sum(axis=0) / mass
            away = (hours[:, None] - moved + 12.0) % 24.0 - 12.0
            sds = np.sqrt(np.maximum((owned * away**2).sum(axis=0) / mass, 0.01))
            still = np.abs(moved - means).max() < 1e-6
            means, weights = moved, mass / mass.sum()
            if still:
                break
        found.append((float(_log_density(hours, means, sds, weights).sum()), (means % 24.0, sds, weights)))
    return max(found, key=lambda pair: pair[0])[1]
