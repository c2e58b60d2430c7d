from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from memento.models.base import Batch
from memento.models.lambdamart import INPUTS, LambdaMart, crossed


def walked(inputs: list[float], column: Tensor, threshold: Tensor, branches: Tensor, value: Tensor) -> float:
    """The sum over trees for one row, one step after the other."""
    total = 0.0
    for tree in range(len(column)):
        node = 0
        while node >= 0:
            side = int(inputs[int(column[tree, node])] > threshold[tree, node].item())
            node = int(branches[tree, node, side])
        total += value[tree, -1 - node].item()
    return total


def drawn(trees: int = 9, leaves: int = 8, seed: int = 0) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Random trees: every leaf in turn is split, so that children stand behind their parents."""
    draw = np.random.default_rng(seed)
    branches = np.zeros((trees, leaves - 1, 2), np.int64)
    for tree in range(trees):
        ends = [(-1, -1)]  # leaves that are open: (parent, side)
        for node in range(leaves - 1):
            parent, side = ends.pop(int(draw.integers(len(ends))))
            if parent >= 0:
                branches[tree, parent, side] = node
            ends += [(node, 0), (node, 1)]
        for leaf, (parent, side) in enumerate(ends):
            branches[tree, parent, side] = -1 - leaf
    return (
        torch.from_numpy(draw.integers(0, INPUTS, (trees, leaves - 1))),
        torch.from_numpy(draw.normal(0, 0.5, (trees, leaves - 1))),
        torch.from_numpy(branches),
        torch.from_numpy(draw.normal(size=(trees, leaves))),
    )


def test_walking_many_trees_at_once_is_walking_each(batches: Callable[..., Batch]) -> None:
    batch, trees = batches(), drawn()
    model = LambdaMart()
    model.plant(*trees)
    inputs = crossed(batch)
    scores = model.score(batch)
    for b in range(batch.mask.shape[0]):
        for c in range(int(batch.mask[b].sum())):
            assert scores[b, c].item() == pytest.approx(walked(inputs[b, c].tolist(), *trees), abs=1e-5)


def test_a_tree_of_a_single_leaf_and_one_of_many_go_together(batches: Callable[..., Batch]) -> None:
    column, threshold, branches, value = drawn(trees=2, leaves=6)
    branches[1], value[1, 0] = -1, 0.25
    model = LambdaMart()
    model.plant(column, threshold, branches, value)
    alone = LambdaMart()
    alone.plant(column[:1], threshold[:1], branches[:1], value[:1])
    batch = batches()
    torch.testing.assert_close(model.score(batch), alone.score(batch) + 0.25)


def test_nothing_planted_scores_nought(batch: Batch) -> None:
    assert not LambdaMart().score(batch).any()
    assert LambdaMart().config == {"trees": 1, "leaves": 2}


def test_planted_trees_tell_their_size(batch: Batch) -> None:
    model = LambdaMart()
    model.plant(*drawn(trees=9, leaves=8))
    assert model.config == {"trees": 9, "leaves": 8}
    assert model.size == 9 * (7 + 7 + 8)
    again = LambdaMart(**model.config)
    again.load_state_dict(model.state_dict())
    again.check()
    assert torch.equal(again.score(batch), model.score(batch))


@pytest.mark.parametrize(
    ("table", "wrong"), [("column", INPUTS), ("column", -1), ("branches", 0), ("branches", 7), ("branches", -9)]
)
def test_trees_that_lead_nowhere_are_refused(table: str, wrong: int) -> None:
    """A loop, a node that is not there, a leaf that is not there, an input that is not there."""
    trees = dict(zip(("column", "threshold", "branches", "value"), drawn(), strict=True))
    trees[table].reshape(len(trees[table]), -1)[3, 0] = wrong
    with pytest.raises(ValueError, match="tree"):
        LambdaMart().plant(**trees)


def test_inputs_tell_a_session_and_its_candidates_apart(batches: Callable[..., Batch]) -> None:
    batch = batches(sessions=1, candidates=4, short=False)
    features, embedded = batch.features.clone(), batch.candidates.clone()
    features[0, :, 12] = torch.tensor([7, 7, 9, 9]) / 255
    embedded[0, 1] = 0
    inputs = crossed(replace(batch, features=features, candidates=embedded))[0]
    assert inputs.shape == (4, INPUTS)
    torch.testing.assert_close(inputs[:, :17].float(), features[0])
    cosine = torch.nn.functional.cosine_similarity(embedded[0, 0], batch.contexts[0], dim=0).double()
    torch.testing.assert_close(inputs[:2, 18], torch.stack([cosine, cosine]), atol=1e-5, rtol=0)
    assert inputs[1, 17] == 0
    for place, column in enumerate((0, 1, 2, 15)):
        behind = features[0, :, column] - features[0, :, column].max()
        torch.testing.assert_close(inputs[:, 19 + place].float(), behind, atol=1e-5, rtol=0)
    assert (inputs[:, 23:].amax(0) == 0).all()
