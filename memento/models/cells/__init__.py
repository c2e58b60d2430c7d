"""Recurrent cells: what a model of past sessions carries on from one step to the next, one file each, one row each."""

from __future__ import annotations

from memento.catalog import Catalog, Row
from memento.models.cells.cell import Cell, State

__all__ = ["CATALOG", "Cell", "State"]

_HERE = "memento.models.cells"
CATALOG = Catalog(
    "cell",
    {
        "s6": Row(f"{_HERE}.s6:S6", "selective state space of Mamba: a diagonal that depends on the input"),
        "s4d": Row(f"{_HERE}.s4d:S4D", "diagonal state space whose transitions never change: one convolution"),
        "mingru": Row(f"{_HERE}.mingru:MinGRU", "a gated mean whose gate sees the input alone"),
        "ids4": Row(f"{_HERE}.ids4:IDS4", "a dense matrix that depends on the input multiplies the state"),
        "pdssm": Row(f"{_HERE}.pdssm:PDSSM", "a column one-hot matrix times a complex diagonal, both of the input"),
        "gru": Row(f"{_HERE}.gru:GRU", "gates that see the state: not to be computed in parallel"),
    },
)
"""Every cell by name; ``CATALOG["mingru"](width, state=64)`` is one with its defaults."""
