"""New rows from a regenerator: K for each sequence, told greedily, now from its items, now from any."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from memento import rng
from memento.synthesis.dr4sr.regenerator import Regenerator
from memento.synthesis.dr4sr.sequences import PAD, Ints, padded
from memento.train.threads import one_thread

LENGTH = 25
FREE_AFTER = 2

Gamma = float | str


def free(seed: int, sequences: int, k: int, step: int, gamma: Gamma) -> torch.Tensor:
    """Which rows may tell any item at a step, rather than those of their sequence; bool (sequences k,).

    With probability `gamma`, by a draw for each (sequence, memory, step). `release` is what the released
    script does instead of drawing: the first two steps are held to the sequence, all later ones are free.
    """
    if gamma == "release":
        return torch.full((sequences * k,), step >= FREE_AFTER)  # (Q K,)
    keys = rng.pair_keys(rng.key(seed, "dr4sr", "gamma", step), np.arange(sequences * k, dtype=np.uint64))
    return torch.from_numpy(rng.bernoulli(keys, float(gamma)))  # (Q K,)


@one_thread()
@torch.no_grad()
def regenerate(model: Regenerator, sequences: Sequence[Ints], seed: int, gamma: Gamma = 0.5) -> list[tuple[int, Ints]]:
    """(sequence, row) of every new row: at most 25 items, none twice, at least two, no row told before.

    For each of the K memories pi is fixed to it alone. Where two sequences tell one row, it belongs
    to the first.
    """
    if not len(sequences):
        return []
    ids = torch.from_numpy(padded(list(sequences), max(map(len, sequences))))  # (Q, L)
    memory = model.encode(ids).flatten(0, 1)  # (Q K, L, d)
    sources = ids.repeat_interleave(model.k, 0)  # (Q K, L)
    own = model.allowed(sources)  # (Q K, V + 3)
    every = torch.ones_like(own)  # (Q K, V + 3)
    every[:, [PAD, model.start]] = False
    told = torch.full((len(sources), 1), model.start)  # (Q K, 1)
    done = torch.zeros(len(sources), dtype=torch.bool)  # (Q K,)
    for step in range(LENGTH):
        going = torch.nonzero(~done).squeeze(1)  # (R,)
        if not len(going):
            break
        coin = free(seed, len(sequences), model.k, step, gamma)[going].unsqueeze(1)  # (R, 1)
        may = torch.where(coin, every[going], own[going])  # (R, V + 3)
        may = may.scatter(1, told[going], False)  # (R, V + 3)
        logits = model.decode(memory[going], sources[going], told[going])[:, -1]  # (R, V + 3)
        chosen = logits.masked_fill(~may, -torch.inf).argmax(-1)  # (R,)
        ended = chosen == model.end  # (R,)
        column = torch.full((len(sources), 1), PAD)  # (Q K, 1)
        column[going, 0] = torch.where(ended, PAD, chosen)
        done[going[ended]] = True
        told = torch.cat([told, column], 1)  # (Q K, step + 2)
    found: dict[tuple[int, ...], int] = {}
    for place, row in enumerate(told[:, 1:].tolist()):
        items = tuple(item for item in row if item != PAD)
        if len(items) > 1:
            found.setdefault(items, place // model.k)
    return [(sequence, np.array(items, np.int64)) for items, sequence in found.items()]
