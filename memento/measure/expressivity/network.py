"""The small network in which cells are compared: symbols in, logits of an answer at every place."""

from __future__ import annotations

from torch import Tensor, nn

from memento.models.cells import CATALOG


class Network(nn.Module):
    """An embedding, layers of one cell and one multilayer perceptron each, and a head. Everything but the cell is
    the same for all; only the cell carries anything from place to place.

    Shapes: B sequences, T places, V symbols, A answers, W numbers a place.
    """

    def __init__(
        self, cell: str, vocabulary: int, answers: int, width: int, state: int, layers: int = 1,
        transition: str | None = None,
    ) -> None:  # fmt: skip
        super().__init__()
        self.embed = nn.Embedding(vocabulary, width)
        self.cells = nn.ModuleList(CATALOG[cell](width, state, transition) for _ in range(layers))
        self.mixes = nn.ModuleList(
            nn.Sequential(nn.LayerNorm(width), nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width))
            for _ in range(layers)
        )
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(layers))
        self.head = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, answers))

    def forward(self, symbols: Tensor) -> Tensor:
        """Logits (B, T, A) of symbols (B, T)."""
        hidden = self.embed(symbols)  # (B, T, W)
        for cell, mix, norm in zip(self.cells, self.mixes, self.norms, strict=True):
            hidden = hidden + cell(norm(hidden))  # (B, T, W)
            hidden = hidden + mix(hidden)  # (B, T, W)
        logits: Tensor = self.head(hidden)  # (B, T, A)
        return logits

    @property
    def size(self) -> int:
        """How many numbers it learns."""
        return sum(parameter.numel() for parameter in self.parameters())
