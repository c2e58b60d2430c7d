"""DR4SR+: which regenerated rows serve a target model, learned with it.

A personaliser reads the target's state after a row and gives it a weight ``w`` in (0, 1) by a Gumbel-softmax; original
rows and mined patterns keep 1. The target learns on weighted rows; every 30 steps, after a warm-up, the personaliser
takes a step against the loss on original rows, by the hyper-gradient of the implicit function theorem
``-dL_meta/dtheta H^-1 d2L_train/dtheta dphi`` with ``H^-1 ~ eta sum_{j=0}^{3} (I - eta H)^j`` (Yin et al. 2024,
section 4.4; Lorraine, Vicol and Duvenaud 2020 for the series).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from memento import rng
from memento.synthesis.dr4sr.sequences import Ints, padded
from memento.synthesis.dr4sr.target import BATCH, RATE, WIDTH, Target, batches
from memento.train.threads import one_thread

EVERY, WARM_UP = 30, 10
"""Steps between two of the personaliser, and epochs before its first."""
TAU, LEAST_TAU = 10.0, 1.0
ETA, TERMS = 1e-3, 3
OUTER_RATE, MOMENTUM, DECAY, CLIP = 1e-3, 0.9, 1e-3, 10.0


class Personaliser(nn.Module):
    """An MLP d -> d -> 2 and a temperature that it learns."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(WIDTH, WIDTH), nn.ReLU(), nn.Linear(WIDTH, 2))
        self.tau = nn.Parameter(torch.tensor(TAU))

    def forward(self, told: Tensor, noisy: bool = True) -> Tensor:
        """The weight of rows by the target's state after them (B, d): (B,)."""
        logits = self.layers(told)  # (B, 2)
        tau = self.tau.clamp(min=LEAST_TAU)  # ()
        if not noisy:
            return torch.softmax(logits / tau, -1)[:, 0]  # (B,)
        noise = -torch.log(-torch.log(torch.rand_like(logits).clamp(1e-9, 1 - 1e-7)))  # (B, 2)
        return torch.softmax((logits + noise) / tau, -1)[:, 0]  # (B,)


def hypergradient(
    meta: Tensor, inner: Tensor, theta: Sequence[Tensor], phi: Sequence[Tensor], eta: float = ETA, terms: int = TERMS
) -> list[Tensor]:
    """What the loss `meta` changes by with `phi`, through a `theta` that minimises `inner`, in the shapes of `phi`."""
    given = torch.autograd.grad(meta, theta, retain_graph=True)
    slope = torch.autograd.grad(inner, theta, create_graph=True)
    total, last = list(given), list(given)
    for _ in range(terms):
        bent = torch.autograd.grad(slope, theta, last, retain_graph=True)
        last = [one - eta * two for one, two in zip(last, bent, strict=True)]
        total = [one + two for one, two in zip(total, last, strict=True)]
    found = torch.autograd.grad(slope, phi, total, allow_unused=True)
    return [torch.zeros_like(p) if g is None else -eta * g for p, g in zip(phi, found, strict=True)]


@one_thread()
def personalise(
    kept: Sequence[Ints], regenerated: Sequence[Ints], originals: int, items: int, steps: int, seed: int
) -> npt.NDArray[np.float64]:
    """The weight of each regenerated row, shape (R,), after so many steps of a target on them and the `kept` rows, of
    which the first `originals` are a world's own.

    The same call gives the same weights on the same build of torch.
    """
    rows = [*kept, *regenerated]
    ids = torch.from_numpy(padded(rows, max(map(len, rows))))  # (N, L)
    free = torch.arange(len(ids)) >= len(kept)  # (N,)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(rng.key(seed, "dr4sr", "personaliser") >> 1)
        model, judge = Target(items), Personaliser()
        inner = torch.optim.Adam(model.parameters(), RATE)
        outer = torch.optim.SGD(judge.parameters(), OUTER_RATE, MOMENTUM, weight_decay=DECAY)
        own = batches(originals, seed + 1)
        first = WARM_UP * -(-len(ids) // BATCH)
        model.train()
        for step, part in zip(range(steps), batches(len(ids), seed), strict=False):
            loss = _loss(model, judge, ids[part], free[part])  # ()
            inner.zero_grad()
            judge.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            inner.step()
            if step >= first and step % EVERY == 0 and bool(free[part].any()):
                theta, phi = list(model.parameters()), list(judge.parameters())
                meta = model.losses(ids[next(own)]).mean()  # ()
                found = hypergradient(meta, _loss(model, judge, ids[part], free[part]), theta, phi)
                for parameter, gradient in zip(phi, found, strict=True):
                    parameter.grad = gradient
                nn.utils.clip_grad_norm_(phi, CLIP)
                outer.step()
        model.eval()
        with torch.no_grad():
            return judge(model.told(ids[free]), noisy=False).double().numpy()  # type: ignore[no-any-return]


def _loss(model: Target, judge: Personaliser, rows: Tensor, free: Tensor) -> Tensor:
    """The mean of the rows' losses (B,), those that are free weighted: ()."""
    weights = torch.where(free, judge(model.told(rows).detach()), 1.0)  # (B,)
    return (weights * model.losses(rows)).mean()
