"""One report of how well a scorer ranks: beside chance, simple baselines and the ceiling."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from memento import rng
from memento.errors import NotFound, UsageError
from memento.models import BASELINES, CATALOG, SHOWN
from memento.models.base import Scorer
from memento.render.rendering import Rendering
from memento.train.batches import Resident
from memento.train.run import Run
from memento.validate import metrics
from memento.validate.ceiling import ceiling
from memento.validate.intervals import Bootstrap, Figure
from memento.validate.learnability import TEMPERATURE, Learnability, Term, learnability

SCHEMA = "memento.report/1"
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Report:
    """Figures with 95% intervals over sessions.

    `rows` leads a ranker (model, the baselines that were asked for, chance, ceiling, and ceiling redrawn)
    to its figures (ndcg, mrr, recall). `share` is the model's NDCG over the ceiling's, `skill` what
    it gained over chance of what could be gained; both None without a ceiling. `margin` is its NDCG
    less that of each baseline, session by session. `seen` sessions were left out since the model was
    trained on them; `empty` had nothing relevant, so that they are in no mean. `groups` leads a group of
    sessions, such as hard ones or those about unseen topics, to the NDCG of model, chance and ceiling in it.
    `learnability` tells in nats what could be learned and how much of it was; None without planted labels.
    """

    model: str
    rows: dict[str, dict[str, Figure]]
    share: Figure | None
    skill: Figure | None
    margin: dict[str, Figure]
    sessions: int
    candidates: int
    seen: int
    empty: int
    commit: str = ""
    tree: str = ""
    labels: str = "planted"
    noise: dict[str, Any] = field(default_factory=dict)
    cutoff: int = metrics.CUTOFF
    relevant: float = metrics.RELEVANT
    groups: dict[str, dict[str, Figure]] = field(default_factory=dict)
    learnability: Learnability | None = None

    @property
    def ndcg(self) -> float:
        """The model's NDCG@10."""
        return self.rows["model"]["ndcg"].value

    def name_of(self, row: str) -> str:
        """What a row is called: the model by its name, told from a baseline of the same name."""
        if row != "model":
            return row
        return f"{self.model}, this one" if self.model in self.rows else self.model

    def to_json(self) -> dict[str, Any]:
        """Plain values under a `schema` key."""
        return {
            "schema": SCHEMA,
            "model": self.model,
            "commit": self.commit,
            "tree": self.tree,
            "labels": self.labels,
            "noise": self.noise,
            "sessions": self.sessions,
            "candidates": self.candidates,
            "seen": self.seen,
            "empty": self.empty,
            "cutoff": self.cutoff,
            "relevant": self.relevant,
            "rows": {
                name: {metric: figure.to_map() for metric, figure in row.items()} for name, row in self.rows.items()
            },
            "share": self.share.to_map() if self.share else None,
            "skill": self.skill.to_map() if self.skill else None,
            "margin": {name: figure.to_map() for name, figure in self.margin.items()},
            "groups": {
                group: {name: figure.to_map() for name, figure in row.items()} for group, row in self.groups.items()
            },
            "learnability": self.learnability.to_map() if self.learnability else None,
        }


def evaluate(
    scorer: Scorer | Run,
    rendering: Rendering,
    baseline: Scorer | None = None,
    seen: npt.NDArray[np.uint64] | None = None,
    resamples: int = 1000,
    seed: int = 0,
    groups: Mapping[str, Collection[str]] | None = None,
    baselines: Sequence[str] = SHOWN,
    terms: Mapping[str, Term] | None = None,
) -> Report:
    """Rank every session of a rendering that the scorer has not been trained on, and report.

    `groups` are ids of sessions by the name of a group, for figures apart; empty ones are left out. `terms` of
    planted patterns, see `terms_of`, part what is left to learn.

    A `Run` brings its linear `baseline` and the sessions it has `seen`; with a bare scorer both may
    be given. `baselines` are those of `memento.models.BASELINES` to set beside it; `linear` is left out
    where there is none. A session counts as seen by its id, on whatever branch it stands. Raises `UsageError`
    where no unseen session is left, or embeddings have another length than the model's.
    """
    temperature = TEMPERATURE
    if isinstance(scorer, Run):
        temperature = scorer.config.temperature
        baseline = scorer.baseline if baseline is None else baseline
        seen = scorer.seen if seen is None else seen
        scorer = scorer.scorer
    chosen = unseen(rendering, seen)
    left_out = len(rendering) - len(chosen)
    if len(chosen) == 0:
        if not left_out:
            raise UsageError(
                f"{rendering.name} has no sessions with labelled candidates", "name a revision that has some"
            )
        raise UsageError(
            f"the model was trained on all of {rendering.name} ({left_out:,} session{'s' * (left_out != 1)})",
            "evaluate on a revision with later sessions or another seed, or train on a smaller share (fit)",
        )
    tested = rendering.select(chosen) if left_out else rendering
    check_dimension(scorer, tested)
    resident = Resident([rendering])
    rows = np.concatenate([np.arange(rendering.offsets[s], rendering.offsets[s + 1]) for s in chosen])
    bootstrap = Bootstrap(len(tested), resamples, seed)
    beside = [name for name in known(baselines) if name != "linear" or baseline is not None]
    rankers: dict[str, Any] = {"model": scorer}
    rankers |= {name: baseline if name == "linear" else CATALOG[name]() for name in beside}
    given = {name: resident.score(ranker, chosen)[rows] for name, ranker in rankers.items()}
    tables = {name: metrics.table(scores, tested.labels, tested.offsets) for name, scores in given.items()}
    tables["chance"] = metrics.chance(tested.labels, tested.offsets)
    top = ceiling(tested, seed=seed)
    if top is not None:
        tables["ceiling"] = top.rendered
        if top.redraws:
            tables["ceiling redrawn"] = top.redrawn
    order = ["model", *beside, "chance", "ceiling", "ceiling redrawn"]
    model, chance = tables["model"]["ndcg"], tables["chance"]["ndcg"]
    means = {name: bootstrap.means(tables[name]["ndcg"]) for name in ("model", "chance", "ceiling") if name in tables}
    share = skill = None
    if top is not None:
        best = tables["ceiling"]["ndcg"]
        share = _figure(bootstrap, lambda m, c, b: m / b, (model, chance, best), list(means.values()))
        skill = _figure(bootstrap, lambda m, c, b: (m - c) / (b - c), (model, chance, best), list(means.values()))
    return Report(
        model=scorer.name,
        rows={
            name: {metric: bootstrap.figure(tables[name][metric]) for metric in metrics.NAMES}
            for name in order
            if name in tables
        },
        share=share,
        skill=skill,
        margin={name: bootstrap.figure(model - tables[name]["ndcg"]) for name in (*beside, "chance")},
        sessions=len(tested),
        candidates=len(tested.labels),
        seen=left_out,
        empty=int(np.count_nonzero(~np.isfinite(model))),
        commit=rendering.commit,
        tree=rendering.tree,
        labels=rendering.spec.labels,
        noise=dict(rendering.noise),
        groups=_groups(groups or {}, tested.session_ids, tables, bootstrap),
        learnability=learnability(
            given["model"],
            tested,
            {name: term.take(rows) for name, term in (terms or {}).items()},
            temperature,
            seed=seed,
            resamples=resamples,
        ),
    )


def _groups(
    groups: Mapping[str, Collection[str]],
    ids: Sequence[str],
    tables: Mapping[str, Mapping[str, Floats]],
    bootstrap: Bootstrap,
) -> dict[str, dict[str, Figure]]:
    """The NDCG of model, chance and ceiling within each group that has a session."""
    found = {}
    for group, members in groups.items():
        inside = (
            np.isin(np.array(ids, object), np.array(sorted(members), object)) if members else np.zeros(len(ids), bool)
        )
        if inside.any():
            found[group] = {
                name: bootstrap.figure(np.where(inside, tables[name]["ndcg"], np.nan))
                for name in ("model", "chance", "ceiling")
                if name in tables
            }
    return found


def known(baselines: Sequence[str]) -> list[str]:
    """Baselines in the order of the catalogue, each once. Raises `NotFound` for a name that is none."""
    for name in baselines:
        if name not in BASELINES:
            raise NotFound("baseline", name, BASELINES, f"known: {', '.join(BASELINES)}; others learn: train them")
    return [name for name in CATALOG if name in baselines]


def unseen(rendering: Rendering, seen: npt.NDArray[np.uint64] | None) -> npt.NDArray[np.int64]:
    """The sessions of a rendering whose ids' hashes are not in `seen`, shape (K,)."""
    if seen is None or len(seen) == 0 or len(rendering) == 0:
        return np.arange(len(rendering))
    return np.flatnonzero(~np.isin(rng.hashes(list(rendering.session_ids)), seen)).astype(np.int64)


def check_dimension(scorer: Scorer, rendering: Rendering) -> None:
    """Raises `UsageError` where a model takes embeddings of another length than the rendering has."""
    wanted = scorer.config.get("dimension")
    if wanted is not None and wanted != rendering.spec.dimension:
        raise UsageError(
            f"the model takes embeddings of {wanted} numbers, the rendering has {rendering.spec.dimension}",
            f"render with --dimension {wanted}",
        )


def _figure(
    bootstrap: Bootstrap, ratio: Callable[[Any, Any, Any], Any], tables: Sequence[Floats], means: Sequence[Floats]
) -> Figure:
    kept = np.isfinite(tables[0])
    if not kept.any():
        return Figure(math.nan, math.nan, math.nan, 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        value = float(ratio(*(np.float64(table[kept].mean()) for table in tables)))
        return bootstrap.of(value, np.asarray(ratio(*means), np.float64), int(np.count_nonzero(kept)))
