"""What the parts of memento give back, as the plain values of an `Outcome`."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from memento.demo.outcome import (
    CanaryRow,
    Change,
    Commit,
    Evaluated,
    FieldChange,
    Glance,
    Merged,
    Moved,
    NoisePoint,
    Rendered,
    Score,
    Tensor,
    Trained,
)
from memento.render.tensors import tensors
from memento.world.check import check
from memento.world.records import TABLES
from memento.world.values import in_words

if TYPE_CHECKING:
    from memento.changes.conflict import Conflict
    from memento.changes.diff import Diff
    from memento.history.merges import Merge
    from memento.history.repository import Repository
    from memento.render.rendering import Rendering
    from memento.train import Run
    from memento.validate import Report
    from memento.validate.canary import Canaries
    from memento.validate.intervals import Figure
    from memento.world.world import World

SAMPLE = 4
MOVED = 0.01
"""A relevance counts as changed from this difference."""


def glance(world: World) -> Glance:
    """A world in figures."""
    manifest, sessions = world.manifest, world.sessions
    scenario: Mapping[str, Any] = manifest.scenario
    ends = sessions["ended_at"]
    noise = manifest.noise
    words = f"{noise['distribution']}, {noise['snr_db']:g} dB" if noise.get("snr_db") is not None else "none"
    hours = np.bincount(ends // 3600 % 24, minlength=24)
    return Glance(
        scenario=str(scenario.get("name") or "a world"),
        summary=str(scenario.get("summary") or ""),
        seed=manifest.seed,
        start=int(sessions["started_at"].min()),
        end=int(ends.max()),
        sizes={name: len(table) for name, table in world.tables.items() if len(table)},
        weights={name: float(values["weight"]) for name, values in manifest.patterns.items() if "weight" in values},
        noise=words,
        hours=tuple(int(count) for count in hours),
        sample=tuple(world.memories["text"][:SAMPLE].tolist()),
    )


def commits(repository: Repository, branches: Sequence[str]) -> tuple[Commit, ...]:
    """The history of some branches, children before parents."""
    refs: dict[str, list[str]] = {}
    for branch in repository.branches():
        refs.setdefault(branch.commit, []).append(branch.name)
    for tag in repository.tags():
        refs.setdefault(tag.commit, []).append(f"tag: {tag.name}")
    return tuple(
        Commit(c.id, tuple(c.parents), c.time, c.subject, tuple(refs.get(c.id, ()))) for c in repository.log(*branches)
    )


def changes(diff: Diff) -> tuple[Change, ...]:
    """The records of a difference."""
    found = []
    for change in diff.records():
        fields = TABLES[change.table].by_name
        if change.before is None or change.after is None:
            record = change.after or change.before or {}
            found.append(Change(change.place, change.kind, str(record.get("text") or record.get("name") or "")))
        else:
            sides = tuple(
                FieldChange(n, in_words(fields[n], change.before[n]), in_words(fields[n], change.after[n]))
                for n in change.fields
            )
            found.append(Change(change.place, change.kind, "", sides))
    return tuple(found)


def findings(world: World) -> int:
    """How many contradictions a world has."""
    return len(check(world))


def merged(into: str, other: str, done: Merge, conflict: Conflict, tag: str, found: int, came: Diff) -> Merged:
    """A merge that stopped at one conflict, which was decided for the other side; `came` is what it brought."""
    field = TABLES[conflict.table].by_name[conflict.field]
    return Merged(
        into=into,
        other=other,
        commit=done.commit,
        tag=tag,
        conflict=conflict.id,
        place=conflict.place,
        explanation=conflict.explanation(into, other),
        base=in_words(field, conflict.base),
        ours=in_words(field, conflict.ours),
        theirs=in_words(field, conflict.theirs),
        chosen=in_words(field, conflict.theirs),
        choice="theirs",
        brought=changes(came),
        findings=found,
    )


def rendered(revision: str, rendering: Rendering, file: str) -> Rendered:
    """A rendering that was saved."""
    held = tuple(Tensor(t.name, t.shape, t.dtype, t.meaning) for t in tensors(rendering))
    labels = rendering.spec.labels
    return Rendered(revision, rendering.commit, rendering.tree, rendering.digest, labels, file, held)


def trained(run: Run, file: str) -> Trained:
    """A finished training."""
    return Trained(
        model=run.scorer.name,
        parameters=run.scorer.size,
        sessions=sum(source.sessions for source in run.sources),
        loss=tuple(epoch.loss for epoch in run.history),
        ndcg=tuple(None if math.isnan(epoch.ndcg) else epoch.ndcg for epoch in run.history),
        best=run.best,
        file=file,
    )


def evaluated(revision: str, report: Report, others: Mapping[str, Report]) -> Evaluated:
    """A report, with the models of other reports on the same sessions beside it."""
    top = report.rows.get("ceiling")
    best = top["ndcg"].value if top else math.nan
    rows = {
        report.model if name == "model" else name: row for name, row in report.rows.items() if name != "ceiling redrawn"
    }
    rows |= {name: other.rows["model"] for name, other in others.items()}
    return Evaluated(
        revision=revision,
        commit=report.commit,
        sessions=report.sessions,
        candidates=report.candidates,
        labels=report.labels,
        scores=tuple(_score(name, row, best, name == report.model) for name, row in rows.items()),
    )


def _score(name: str, row: Mapping[str, Figure], best: float, own: bool) -> Score:
    ndcg = row["ndcg"]
    share = ndcg.value / best if best > 0 else None
    return Score(name, ndcg.value, (ndcg.low, ndcg.high), row["mrr"].value, row["recall"].value, share, own)


def canaries(asked: Canaries) -> tuple[CanaryRow, ...]:
    """Every measure that was asked, as it came out."""
    return tuple(
        CanaryRow(
            o.canary, o.measure, o.share.value, (o.share.low, o.share.high), o.chance, o.threshold, o.share.n, o.passed
        )
        for o in asked.outcomes
        if o.share.n
    )


def noise(level: float | None, asked: Canaries, own: bool = False) -> tuple[NoisePoint, ...]:
    """The canaries that bear a threshold, for a model trained on labels at `level` dB (None: no noise)."""
    return tuple(
        NoisePoint(o.canary, level, o.share.value, (o.share.low, o.share.high), own)
        for o in asked.outcomes
        if o.share.n and o.threshold is not None
    )


def moved(before: Rendering, after: Rendering) -> Moved | None:
    """How many candidates' planted relevance differs; None where the two do not hold the same candidates."""
    if before.clean is None or after.clean is None or before.session_ids != after.session_ids:
        return None
    first, second = (np.array(r.memory_ids, object)[r.memory_rows] for r in (before, after))
    if not np.array_equal(before.offsets, after.offsets) or not np.array_equal(first, second):
        return None
    differ = np.abs(before.clean - after.clean) > MOVED
    return Moved(int(differ.sum()), len(np.unique(before.session_rows[differ])), len(before))
