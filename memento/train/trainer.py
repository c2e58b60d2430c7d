"""The training loop: keyed order, Adam, early stopping, the best weights kept."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import torch

from memento import __version__, rng
from memento.errors import UsageError
from memento.models import CATALOG
from memento.models.base import Model
from memento.models.linear import Linear
from memento.render.columns import schema_hash
from memento.train import ranking
from memento.train.batches import Resident, Windows
from memento.train.config import Config
from memento.train.losses import CATALOG as LOSSES
from memento.train.mixture import Mixture
from memento.train.threads import one_thread

if TYPE_CHECKING:
    from memento.render.rendering import Rendering

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Epoch:
    """What one pass gave: mean loss a session, and NDCG@10 on the validation sessions (NaN without any)."""

    number: int
    loss: float
    ndcg: float

    def to_map(self) -> dict[str, Any]:
        """Plain values; NaN is None."""
        return {"number": self.number, "loss": self.loss, "ndcg": None if math.isnan(self.ndcg) else self.ndcg}


@dataclass(frozen=True)
class Source:
    """One rendering that was trained on: where it came from, and how much it weighed."""

    revision: str
    commit: str
    tree: str
    weight: float
    digest: str
    spec: dict[str, Any] = field(default_factory=dict)
    sessions: int = 0

    def to_map(self) -> dict[str, Any]:
        """Plain values."""
        return dict(self.__dict__)


@dataclass(frozen=True)
class Run:
    """A finished training: the scorer at its best epoch and all that tells how it came about.

    `baseline` is a linear scorer trained on the same sessions; `seen` are hashes of the ids of all
    sessions used to fit or to choose, sorted, shape (K,), so that an evaluation can leave them out.
    `code` is the version of memento, `schema` that of the columns.
    """

    scorer: Model
    config: Config
    history: tuple[Epoch, ...]
    best: int
    baseline: Linear
    sources: tuple[Source, ...]
    seen: npt.NDArray[np.uint64]
    code: str = __version__
    schema: str = field(default_factory=schema_hash)

    @property
    def metrics(self) -> dict[str, float | None]:
        """Loss and validation NDCG@10 of the best epoch; None where there was none."""
        if not self.history:
            return {"loss": None, "ndcg": None}
        chosen = self.history[self.best].to_map()
        return {"loss": chosen["loss"], "ndcg": chosen["ndcg"]}


@one_thread()
def train(
    sources: Sequence[tuple[Rendering, float]],
    model: str = "interaction",
    seed: int = 0,
    epochs: int | None = None,
    progress: Callable[[Epoch, int], None] | None = None,
    revisions: Sequence[str] = (),
    **options: Any,
) -> Run:
    """Train `model` on renderings with weights, each split by time.

    The first `fit` share of a source's sessions is fitted, the next `validation` share chooses the
    best epoch, and the rest is not looked at. A session that one source fits never chooses for
    another, such as a longer fork of it. `progress` is called after each epoch with it and the
    number of epochs at most. `options` are those of `Config`. The same sources, options and machine
    give the same weights, bit for bit. Raises `UsageError` where there is nothing to train on.
    """
    if not sources:
        raise UsageError("there is nothing to train on", "name at least one revision")
    config = Config.of(model, {"seed": seed, "epochs": epochs, **options})
    resident = Resident([rendering for rendering, _ in sources])
    weights = [weight for _, weight in sources]
    parts = [split(len(rendering.offsets) - 1, config.fit, config.validation) for rendering, _ in sources]
    starts = np.cumsum([0, *(len(rendering.offsets) - 1 for rendering, _ in sources)])
    fit = [filled(np.arange(start, start + a), resident) for start, (a, _) in zip(starts, parts)]
    names = [str(name) for rendering, _ in sources for name in rendering.session_ids]
    hashes = rng.hashes(names) if names else np.zeros(0, np.uint64)
    checked = np.concatenate([np.arange(start + a, start + b) for start, (a, b) in zip(starts, parts)])
    checked = filled(checked[~np.isin(hashes[checked], hashes[np.concatenate(fit)])], resident)
    scorer, history, best = fit_model(resident, fit, checked, weights, config, progress)
    linear = Config.of("linear", {"seed": seed, "fit": config.fit, "validation": config.validation})
    baseline, _, _ = fit_model(resident, fit, checked, weights, linear, None)
    assert isinstance(baseline, Linear)
    used = np.concatenate([np.arange(start, start + b) for start, (_, b) in zip(starts, parts)])
    named = [*revisions, *[""] * len(sources)]
    return Run(
        scorer=scorer,
        config=config,
        history=history,
        best=best,
        baseline=baseline,
        sources=tuple(
            Source(
                revision=name or rendering.commit,
                commit=rendering.commit,
                tree=rendering.tree,
                weight=float(weight),
                digest=rendering.digest,
                spec=rendering.spec.to_map(),
                sessions=len(part),
            )
            for (rendering, weight), name, part in zip(sources, named, fit)
        ),
        seen=np.unique(hashes[used]),
    )


def split(count: int, fit: float, validation: float) -> tuple[int, int]:
    """Where fitting and validation end among `count` sessions in order of time."""
    end = min(count, max(1, round(count * fit)))
    return end, min(count, max(end, round(count * (fit + validation))))


def filled(sessions: Ints, resident: Resident) -> Ints:
    """Those of `sessions` that have candidates."""
    return sessions[resident.sizes[sessions] > 0]


def fit_model(
    resident: Resident,
    fit: Sequence[Ints],
    checked: Ints,
    weights: Sequence[float],
    config: Config,
    progress: Callable[[Epoch, int], None] | None = None,
) -> tuple[Model, tuple[Epoch, ...], int]:
    """Train one model on resident sessions; gives it at its best epoch, the history, and which epoch that was.

    `fit` are the sessions of each source, `checked` those that choose. Without `checked` the last
    epoch is kept.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        scorer = build(config.model, resident.contexts.shape[1])
        windows = Windows(fit, scorer.window)
        mixture = Mixture(windows.starts, weights, config.seed)
        scorer.prepare(resident, torch.from_numpy(np.concatenate(list(fit))).to(resident.device))
        resident = resident.seen_by(scorer)
        judge = Judge(resident, checked)
        steps = -(-sum(mixture.counts) * windows.size // config.batch)
        optimiser = torch.optim.AdamW(
            [p for p in scorer.parameters() if p.requires_grad],
            lr=config.rate,
            betas=(0.9, 0.999),
            eps=1e-8,
            weight_decay=config.decay,
            fused=True,
        )
        schedule = torch.optim.lr_scheduler.LambdaLR(
            optimiser, lambda step: _rate(step / max(1, steps * config.epochs))
        )
        history: list[Epoch] = []
        best, kept = -1, _copy(scorer)
        for number in range(config.epochs):
            scorer.train()
            order = windows.cut(mixture.epoch(number, config.shuffle), resident.sizes, config.batch)
            loss = run_epoch(scorer, resident, order, config, optimiser, schedule, windows.size)
            if not math.isfinite(loss):
                raise UsageError(f"training diverged in epoch {number + 1}", f"lower the rate (now {config.rate:g})")
            history.append(Epoch(number, loss, judge.ndcg(scorer)))
            if best < 0 or math.isnan(history[-1].ndcg) or history[-1].ndcg > history[best].ndcg:
                best, kept = number, _copy(scorer)
            if progress is not None:
                progress(history[-1], config.epochs)
            if number - best >= config.patience:
                break
        scorer.load_state_dict(kept)
    scorer.eval()
    return scorer, tuple(history), best


def run_epoch(
    scorer: Model,
    resident: Resident,
    order: Sequence[Ints],
    config: Config,
    optimiser: torch.optim.Optimizer,
    schedule: Any = None,
    window: int = 1,
) -> float:
    """One pass over batches of sessions, each of whole windows; the mean loss a session."""
    total = torch.zeros((), device=resident.device)
    count = 0
    for chosen in order:
        batch = resident.batch(chosen, window)
        assert batch.labels is not None
        optimiser.zero_grad(set_to_none=True)
        loss = LOSSES[config.loss](scorer(batch), batch.labels, batch.mask, config.temperature)
        loss.backward()
        optimiser.step()
        if schedule is not None:
            schedule.step()
        total += loss.detach() * len(chosen)
        count += len(chosen)
    return float(total) / max(1, count)


class Judge:
    """NDCG@10 of a scorer on fixed sessions of a resident rendering."""

    def __init__(self, resident: Resident, sessions: Ints) -> None:
        self.resident = resident
        self.sessions = np.sort(sessions)
        sizes = resident.sizes[self.sessions]
        self.offsets = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        rows = [np.arange(resident.ends[s], resident.ends[s + 1]) for s in self.sessions]
        self.rows = np.concatenate(rows) if rows else np.zeros(0, np.int64)
        self.labels = resident.labels.cpu().numpy()[self.rows]

    def ndcg(self, scorer: Model) -> float:
        """The mean over sessions in which something is relevant; NaN where there is none."""
        if len(self.sessions) == 0:
            return math.nan
        given = self.resident.score(scorer, self.sessions)
        each = ranking.ndcg(given[self.rows], self.labels, self.offsets)
        return float(np.nanmean(each)) if np.isfinite(each).any() else math.nan


def build(name: str, dimension: int, **config: Any) -> Model:
    """A fresh model for embeddings of `dimension` numbers."""
    made: Model = CATALOG[name](**config) if name == "linear" else CATALOG[name](dimension=dimension, **config)
    return made


def _rate(progress: float) -> float:
    """The share of the rate at a share of the run: a short warm-up, then a cosine down to 0.05."""
    warm = min(1.0, progress / 0.05) if progress < 0.05 else 1.0
    return max(0.02, warm) * (0.05 + 0.475 * (1.0 + math.cos(math.pi * min(1.0, progress))))


def _copy(scorer: Model) -> dict[str, torch.Tensor]:
    return {name: value.detach().clone() for name, value in scorer.state_dict().items()}
