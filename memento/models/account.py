"""A straight-line account of labels: what the best linear rule on given numbers says, before any weight is trained.

Ridge regression within sessions (Hoerl and Kennard 1970): labels and numbers less their means over
the session's candidates, since only differences within a session rank. How strongly weights are held
down is chosen by how well each fifth of the sessions, in order of time, is told by the other four.
What it says is right in scale too: the logits that minimise ListNet are the expected labels.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn

PENALTIES = (1e-5, 1e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1, 3e-1, 1.0, 3.0, 10.0)
FOLDS = 5


class Account(nn.Module):
    """The weights of `terms` numbers, zero until fitted. The last `fading` of them never take opposite signs."""

    weights: Tensor

    def __init__(self, terms: int, fading: int = 0) -> None:
        super().__init__()
        self.fading = fading
        self.register_buffer("weights", torch.zeros(terms))

    def forward(self, terms: Tensor) -> Tensor:
        """The account of candidates, shape (…, A) to (…)."""
        with torch.autocast(terms.device.type, enabled=False):
            return terms @ self.weights.to(terms)  # (…)

    def fit(self, terms: Tensor, labels: Tensor, sizes: Tensor) -> None:
        """Fit on terms (n, A) and labels (n,), both centred, of sessions with `sizes` candidates, shape (S,)."""
        if not len(terms):
            return
        scale = terms.std(0, correction=0)  # (A,)
        scale = torch.where(scale > 1e-6, scale, torch.full_like(scale, torch.inf))  # (A,)
        x = terms / scale  # (n, A)
        ends = sizes.cumsum(0)  # (S,)
        cuts = [int(ends[part[-1]]) for part in torch.arange(len(sizes)).tensor_split(FOLDS) if len(part)]
        folds = [slice(start, end) for start, end in zip([0, *cuts], cuts)]
        grams = [x[fold].T @ x[fold] for fold in folds]  # (A, A) each
        sides = [x[fold].T @ labels[fold] for fold in folds]  # (A,) each
        gram, side = torch.stack(grams).sum(0), torch.stack(sides).sum(0)  # (A, A), (A,)
        best: tuple[float, float, Tensor] | None = None
        for kept in self._signs(gram, side, len(x)):
            for penalty in PENALTIES:
                held = [self._solved(gram - g, side - s, penalty * len(x), kept) for g, s in zip(grams, sides)]
                missed = sum(float(w @ g @ w - 2 * w @ s) for w, g, s in zip(held, grams, sides))
                if best is None or missed < best[0]:
                    best = (missed, penalty, kept)
        assert best is not None
        _, penalty, kept = best
        self.weights.copy_(self._solved(gram, side, penalty * len(x), kept) / scale)

    def _signs(self, gram: Tensor, side: Tensor, n: int) -> Iterator[Tensor]:
        """Which terms are kept, shape (A,) bool, so that those of `fading` are all of one sign; for either sign."""
        for sign in (1, -1):
            kept = torch.ones_like(side, dtype=torch.bool)
            while True:
                solved = self._solved(gram, side, PENALTIES[2] * n, kept)  # (A,)
                wrong = kept & (solved * sign < 0)  # (A,)
                wrong[: len(side) - self.fading] = False
                if not wrong.any():
                    break
                kept &= ~wrong
            yield kept

    @staticmethod
    def _solved(gram: Tensor, side: Tensor, penalty: float, kept: Tensor) -> Tensor:
        weights = torch.zeros_like(side)  # (A,)
        places = kept.nonzero().squeeze(-1).to(gram.device)  # (k,)
        part = gram[places][:, places] + max(penalty, 1e-9) * torch.eye(len(places)).to(gram)  # (k, k)
        weights[places] = torch.linalg.solve(part, side[places])
        return weights


def centred(values: Tensor, mask: Tensor) -> Tensor:
    """Values, shape (B, C, K), less their mean over each session's candidates; 0 where there is none."""
    kept = mask.unsqueeze(-1)  # (B, C, 1)
    mean = (values * kept).sum(1, keepdim=True) / kept.sum(1, keepdim=True).clamp_min(1)  # (B, 1, K)
    return (values - mean) * kept  # (B, C, K)
