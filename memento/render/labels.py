"""Training targets: what each candidate was worth, by one of four readings.

| labels | meaning |
| ------ | ------- |
| planted | the planted patterns plus the world's noise, clipped to [0, 1] |
| clean | the planted patterns alone, clipped to [0, 1] |
| observed | the relevance that was observed; 0 where nothing was |
| signet | Signet's piecewise rule of injection, relevance, search hits and session score, in [-0.3, 1] |

Sessions that say nothing under a reading are left out: under `observed` those with no observed
relevance at all, under `signet` those without a score or with a confidence below 0.6, as Signet's
own loader does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from memento.errors import NotFound, UsageError
from memento.patterns import clean, from_manifest
from memento.patterns.facts import Facts, Joined
from memento.patterns.noise import Noise, candidate_keys, unclipped

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

KINDS = {
    "planted": "planted relevance with the world's noise",
    "clean": "planted relevance without noise",
    "observed": "relevance as it was observed",
    "signet": "Signet's piecewise rule",
}
MIN_CONFIDENCE = 0.6


@dataclass(frozen=True)
class Labels:
    """The labels of some candidates, float64 (n,) each; None where patterns are not planted.

    `values` are the targets, `clean` the planted relevance; `unclipped` is that with noise before
    the clip, and None also where the labels have no noise.
    """

    values: Floats
    clean: Floats | None = None
    unclipped: Floats | None = None


class Labeller:
    """Labels of one kind for a joined world, stretch of sessions by stretch of sessions.

    `sessions` (S,) says which sessions the labels speak of. Raises `NotFound` for an unknown kind
    and `UsageError` that names what the world lacks.
    """

    def __init__(self, joined: Joined, kind: str) -> None:
        if kind not in KINDS:
            raise NotFound("kind of labels", kind, KINDS, f"known: {', '.join(KINDS)}")
        self.joined, self.kind = joined, kind
        world = joined.world
        self.patterns = from_manifest(world.manifest.patterns)
        self.noise = Noise.from_map(world.manifest.noise)
        self._keys = candidate_keys(world) if self._noisy() else None
        self.sessions = self._sessions()

    def labels(self, facts: Facts, low: int, high: int) -> Labels:
        """The labels of the candidates of sessions ``low:high``, whose facts are `facts`."""
        joined = self.joined
        part = slice(int(joined.offsets[low]), int(joined.offsets[high]))
        truth = raw = noisy = None
        if self.patterns:
            truth = noisy = clean(facts, self.patterns)
            if self._keys is not None:
                offsets = joined.offsets[low : high + 1] - joined.offsets[low]
                raw = unclipped(truth, offsets, self._keys[part], self.noise)
                noisy = np.clip(raw, 0.0, 1.0)
        if self.kind == "observed":
            seen = joined.world.candidates["relevance"][part]
            return Labels(np.where(np.isnan(seen), 0.0, seen), truth, raw)
        if self.kind == "signet":
            return Labels(self._signet(facts, part, noisy), truth, raw)
        assert truth is not None
        assert noisy is not None
        return Labels(truth if self.kind == "clean" else noisy, truth, raw)

    def _signet(self, facts: Facts, part: slice, planted: Floats | None) -> Floats:
        candidates, sessions = self.joined.world.candidates, self.joined.world.sessions
        at = self.joined.world.candidate_sessions[part]
        relevance = candidates["relevance"][part]
        if planted is not None:
            relevance = np.where(np.isnan(relevance), planted, relevance)
        return signet(
            deleted=facts.superseded,
            injected=candidates["injected"][part],
            relevance=relevance,
            fts_hits=candidates["fts_hits"][part],
            access_count=facts.access_count,
            score=sessions["score"][at],
            novel_context_count=sessions["novel_context_count"][at],
        )

    def _noisy(self) -> bool:
        return bool(self.patterns) and self.noise.snr_db is not None and self.kind in ("planted", "signet")

    def _sessions(self) -> Flags:
        world = self.joined.world
        if self.kind in ("planted", "clean") and not self.patterns:
            raise UsageError(
                f"labels {self.kind} need planted patterns, and this world has none: its relevance was not simulated",
                "render it with --labels observed or --labels signet",
            )
        if self.kind == "observed":
            seen = np.flatnonzero(~np.isnan(world.candidates["relevance"]))
            if seen.size == 0:
                raise UsageError(
                    "labels observed need candidates with an observed relevance, and this world has none",
                    "render it with --labels planted" if self.patterns else "render it with --labels signet",
                )
            return np.bincount(world.candidate_sessions[seen], minlength=len(world.sessions)) > 0
        if self.kind == "signet":
            score, confidence = world.sessions["score"], world.sessions["confidence"]
            scored = ~np.isnan(score) & (confidence >= MIN_CONFIDENCE)
            if not scored.any():
                raise UsageError(
                    f"labels signet need sessions with a score and a confidence of at least {MIN_CONFIDENCE:g}; "
                    f"none of the {len(scored)} sessions has both",
                    "edit their score and confidence, or render with --labels "
                    + ("planted" if self.patterns else "observed"),
                )
            return np.asarray(scored)
        return np.ones(len(world.sessions), bool)


def signet(
    *,
    deleted: npt.ArrayLike,
    injected: npt.ArrayLike,
    relevance: npt.ArrayLike,
    fts_hits: npt.ArrayLike,
    access_count: npt.ArrayLike,
    score: npt.ArrayLike,
    novel_context_count: npt.ArrayLike,
) -> Floats:
    """Signet's label (`data.rs`, `compute_label`, version 0.58.1); arrays of one shape, which the result has.

    In order: deleted, -0.3. Injected: the relevance, or without one (NaN) the session's score,
    halved below 0.5; plus 0.1 up to 1 if a search found it, else minus 0.1 down to 0 if the session
    scored below 0.3. Not injected: 0.6 for two search hits or more, 0.3 for one, else 0; plus 0.1
    up to 1 if it was hit and the session had novel context; plus 0.05 if it was accessed more than
    ten times and the label is below 1.
    """
    seen, points, hits = (np.asarray(value) for value in (relevance, score, fts_hits))
    base = np.where(np.isnan(seen), np.where(points >= 0.5, points, points / 2.0), seen)
    low = points < 0.3
    inside = np.where(hits > 0, np.minimum(base + 0.1, 1.0), np.where(low, np.maximum(base - 0.1, 0.0), base))
    outside = np.where(hits >= 2, 0.6, np.where(hits == 1, 0.3, 0.0))
    novel = (np.asarray(novel_context_count) > 0) & (hits > 0)
    outside = np.where(novel, np.minimum(outside + 0.1, 1.0), outside)
    outside = np.where((np.asarray(access_count) > 10) & (outside < 1.0), outside + 0.05, outside)
    result: Any = np.where(np.asarray(deleted), -0.3, np.where(np.asarray(injected), inside, outside))
    return np.asarray(result, np.float64)
