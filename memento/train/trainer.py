"""Training a model on renderings: which sessions are fitted, which choose, and what is kept of it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import torch

from memento import rng
from memento.errors import UsageError
from memento.models import CATALOG
from memento.models.base import Model
from memento.models.linear import Linear
from memento.train.batches import Resident, Windows
from memento.train.config import Config
from memento.train.exact import fit_exact
from memento.train.judge import Judge
from memento.train.loop import Loop
from memento.train.mixture import Mixture
from memento.train.recipe import Recipe
from memento.train.run import Epoch, Run, Source
from memento.train.threads import one_thread

if TYPE_CHECKING:
    from memento.render.rendering import Rendering

Ints = npt.NDArray[np.int64]


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
    if config.exact:
        return fit_exact(resident, fit, checked, weights, config, progress)
    scorer = fresh(config, resident.contexts.shape[1])
    windows = Windows(fit, scorer.window)
    mixture = Mixture(windows.starts, weights, config.seed)
    recipe = Recipe.of(config)
    recipe.check(scorer, resident)
    scorer.prepare(resident, torch.from_numpy(np.concatenate(list(fit))).to(resident.device))
    seen = resident.seen_by(scorer)
    feed = recipe.feed(seen, windows, mixture, fit, config)
    loop = Loop(scorer, feed, Judge(seen, checked), config, recipe.objective(config))
    loop.run(progress)
    return scorer, tuple(loop.history), loop.best


def fresh(config: Config, dimension: int) -> Model:
    """The model that the options name, for embeddings of `dimension` numbers; weights drawn by their seed."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        return build(config.model, dimension)


def build(name: str, dimension: int, **config: Any) -> Model:
    """A fresh model for embeddings of `dimension` numbers."""
    kind = CATALOG[name]
    if "dimension" in inspect.signature(kind).parameters:
        config["dimension"] = dimension
    made: Model = kind(**config)
    return made
