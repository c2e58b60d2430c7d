"""Training without a gradient: LambdaMART's trees, grown one after the other by LightGBM.

Deterministic on one machine: one thread, rows in order. Nothing is drawn while there are no more than 200,000
candidates, so that all seeds give the same trees; beyond, LightGBM chooses by the seed which it cuts its bins from.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from memento.errors import UsageError
from memento.models.base import Model
from memento.models.lambdamart import LambdaMart, crossed
from memento.train.batches import Resident
from memento.train.config import Config
from memento.train.feed import Feed
from memento.train.judge import Judge
from memento.train.run import Epoch

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

LEVELS = 100
"""Labels are read in steps of a hundredth, since LightGBM takes whole numbers; the gain of a label is the label."""
LEAVES = 31
DEEP = 12
AT_LEAST = 20
"""Rows a leaf, or a twentieth of all where there are few."""


def grow(
    scorer: Model, feed: Feed, judge: Judge, config: Config, progress: Callable[[Epoch, int], None] | None = None
) -> tuple[Model, tuple[Epoch, ...], int]:
    """What `Loop` is to a model with a gradient: an epoch grows one tree on all training sessions at once.

    Gives the scorer with the trees up to the best epoch, the history, and which epoch that was (-1 where
    nothing tells candidates apart). The loss of an epoch is 1 - NDCG@10 on the training sessions. `decay`
    is L2 regularisation of the leaves. A source's weight counts by how often its sessions come in the first
    epoch. Raises `UsageError` where LightGBM is not installed, or does not take the sessions.
    """
    assert isinstance(scorer, LambdaMart)
    library = _lightgbm()
    sessions = np.sort(np.concatenate([np.asarray(step) for step in feed.steps(0)]))
    inputs, labels = _rows(feed.resident, sessions)
    checked, _ = _rows(feed.resident, judge.sessions)
    if not np.isfinite(labels).all():
        raise UsageError("training diverged: a label is not a number", "render the world again")
    history: list[Epoch] = []
    best = -1
    try:
        booster = _booster(library, inputs, labels, feed.resident.sizes[sessions], config)
        scores = np.zeros(len(checked))
        while len(history) < config.epochs and len(history) - 1 - best < config.patience and not booster.update():
            number = len(history)
            if len(checked):
                scores += booster.predict(checked, start_iteration=number, num_iteration=1, raw_score=True)
            history.append(Epoch(number, 1.0 - booster.eval_train()[0][2], judge.of(scores)))
            if best < 0 or math.isnan(history[-1].ndcg) or history[-1].ndcg > history[best].ndcg:
                best = number
            if progress is not None:
                progress(history[-1], config.epochs)
        trees = booster.dump_model(num_iteration=best + 1)["tree_info"] if history else []
    except library.basic.LightGBMError as error:
        raise UsageError(f"LightGBM does not take these sessions: {error}") from None
    if trees:
        scorer.plant(*tables([tree["tree_structure"] for tree in trees]))
    return scorer.eval(), tuple(history), best


def _booster(library: ModuleType, inputs: Floats, labels: Floats, sizes: Ints, config: Config) -> Any:
    options = {
        "objective": "lambdarank",
        "metric": "ndcg",
        "eval_at": [10],
        "label_gain": [level / LEVELS for level in range(LEVELS + 1)],
        "learning_rate": config.rate,
        "lambda_l2": config.decay,
        "num_leaves": LEAVES,
        "max_depth": DEEP,
        "min_data_in_leaf": max(1, min(AT_LEAST, len(labels) // 20)),
        "seed": config.seed % 2**31,
        "num_threads": 1,
        "deterministic": True,
        "force_row_wise": True,
        "feature_pre_filter": False,
        "verbosity": -1,
    }
    levels = np.round(np.clip(labels, 0.0, 1.0) * LEVELS).astype(np.int64)
    rows = library.Dataset(inputs, levels, group=sizes, params=options, free_raw_data=False)
    return library.Booster(options, rows)


def _rows(resident: Resident, sessions: Ints) -> tuple[Floats, Floats]:
    """Inputs (n, F) and labels (n,) of the candidates of some sessions, in their order."""
    inputs, labels = [], []
    for start in range(0, len(sessions), 64):
        batch = resident.batch(sessions[start : start + 64])
        assert batch.labels is not None
        inputs.append(crossed(batch)[batch.mask].cpu().numpy())
        labels.append(batch.labels[batch.mask].double().cpu().numpy())
    return (np.concatenate(inputs), np.concatenate(labels)) if inputs else (np.zeros((0, 0)), np.zeros(0))


def tables(trees: Sequence[dict[str, Any]]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    """Nested trees, as LightGBM tells them, as the tables of `LambdaMart.plant`; parents stand before children."""
    grown = [_listed(tree) for tree in trees]
    nodes = max(1, *(len(splits) for splits, _ in grown)) if grown else 1
    column = torch.zeros(len(grown), nodes, dtype=torch.int32)
    threshold = torch.zeros(len(grown), nodes, dtype=torch.float64)
    branches = torch.full((len(grown), nodes, 2), -1, dtype=torch.int32)
    value = torch.zeros(len(grown), nodes + 1, dtype=torch.float64)
    for tree, (splits, leaves) in enumerate(grown):
        for node, (split, left, right) in enumerate(splits):
            column[tree, node], threshold[tree, node] = split["split_feature"], split["threshold"]
            branches[tree, node] = torch.tensor([left, right], dtype=torch.int32)
        value[tree, : len(leaves)] = torch.tensor(leaves, dtype=torch.float64)
    return column, threshold, branches, value


def _listed(tree: dict[str, Any]) -> tuple[list[tuple[dict[str, Any], int, int]], list[float]]:
    """The splits of one tree with the places of their children, and the values of its leaves."""
    splits: list[dict[str, Any]] = []
    leaves: list[float] = []
    places: dict[int, int] = {}
    waiting = [tree]
    while waiting:
        part = waiting.pop()
        if "split_feature" in part:
            if part["decision_type"] != "<=":
                raise UsageError(f"a tree splits by {part['decision_type']!r}, and only <= is known")
            places[id(part)] = len(splits)
            splits.append(part)
            waiting += [part["right_child"], part["left_child"]]
        else:
            places[id(part)] = -1 - len(leaves)
            leaves.append(float(part["leaf_value"]))
    return [(part, places[id(part["left_child"])], places[id(part["right_child"])]) for part in splits], leaves


def _lightgbm() -> ModuleType:
    try:
        import lightgbm
    except ImportError:
        raise UsageError(
            "lambdamart is trained by LightGBM, which is not installed", "pip install 'memento-worlds[lightgbm]'"
        ) from None
    module: ModuleType = lightgbm
    return module
