"""What is compared, and what theory says of it: one row a task and cell.

A row says that a network with one layer of the cell, or the number that its setting says, can do the task at any length
with numbers of finite precision, or that none can. Whether training finds the weights is what the experiment shows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from memento.patterns.tasks import TASKS, Task
from memento.patterns.tasks.copying import copying

_MERRILL = "Merrill, Petty and Sabharwal 2024, arXiv 2404.08819"
_GRAZZI = "Grazzi et al. 2024, arXiv 2411.12537"
_SARROF = "Sarrof, Veitsman and Hahn 2024, arXiv 2405.17394"
_TERZIC = "Terzic et al. 2025, arXiv 2509.22284"
_MAMBA = "Gu and Dao 2023, arXiv 2312.00752"


@dataclass(frozen=True)
class Setting:
    """A task, the lengths on which it is trained (both ends included), the one on which it is tested, and the network.

    `beyond` says whether the test scores only places past the training lengths; where a length is that of the noise
    all answers come last, and all count. `rate` is that of Adam, `batch` sequences a step.
    """

    task: Task
    train: tuple[int, int]
    test: int
    steps: int
    width: int = 32
    state: int = 16
    layers: int = 1
    rate: float = 1e-2
    batch: int = 64
    beyond: bool = True


@dataclass(frozen=True)
class Row:
    """A cell on a task: whether it can do it, why, and who showed it."""

    task: str
    cell: str
    transition: str | None
    can: bool
    why: str
    source: str

    @property
    def name(self) -> str:
        """The cell with its range."""
        return f"{self.cell} {self.transition}" if self.transition else self.cell


_COPYING = Task(
    "selective-copying", 8, 6, partial(copying, tokens=4, alphabet=8), "transitions that depend on the input", _MAMBA
)
"""The published task made small: four of six data symbols among noise."""

SETTINGS: Mapping[str, Setting] = {
    "parity": Setting(TASKS["parity"], (3, 40), 256, 800, width=16, state=32),
    "word-Z5": Setting(TASKS["word-Z5"], (3, 20), 60, 1000, state=64),
    "word-S3": Setting(TASKS["word-S3"], (3, 20), 60, 1000, state=64),
    "walk-A5": Setting(TASKS["walk-A5"], (3, 20), 60, 1500, state=64),
    "selective-copying": Setting(_COPYING, (8, 24), 64, 600, layers=2, beyond=False),
}
"""How each task is trained, by name."""

_POSITIVE = "non-negative diagonal factors never alternate"
_FIXED = "what it keeps does not hang on what it reads"
_ALTERNATES = "a factor of -1 alternates"
_REAL = "real factors count modulo 2 at most"
_CYCLE = "real factors count modulo 2 at most, the group holds a cycle of 3"
_SHALLOW = "a diagonal of fixed depth is in TC0, the group is NC1-complete"
_DENSE = "a matrix of the input multiplies the state: one a symbol"
_ONE_HOT = "a one-hot column matrix of the input is an automaton's step"
_TURNS = "a complex factor turns by a fifth"
_NONLINEAR = "a non-linear recurrence is any finite automaton"


def _words(task: str, real: tuple[str, str], one_hot: str) -> tuple[Row, ...]:
    """The rows of a word problem that real diagonals cannot do, for a reason with its source."""
    why, source = real
    return (
        Row(task, "s4d", None, False, _FIXED, _MERRILL),
        Row(task, "s6", "[0,1]", False, why, source),
        Row(task, "mingru", "[-1,1]", False, why, source),
        Row(task, "gru", None, True, _NONLINEAR, _MERRILL),
        Row(task, "ids4", None, True, _DENSE, _MERRILL),
        Row(task, "pdssm", None, True, one_hot, _TERZIC),
    )


ROWS: tuple[Row, ...] = (
    Row("parity", "s4d", None, False, _FIXED, _SARROF),
    Row("parity", "s6", "[0,1]", False, _POSITIVE, _SARROF),
    Row("parity", "s6", "[-1,1]", True, _ALTERNATES, _GRAZZI),
    Row("parity", "mingru", "[0,1]", False, _POSITIVE, _SARROF),
    Row("parity", "mingru", "[-1,1]", True, _ALTERNATES, _GRAZZI),
    Row("parity", "gru", None, True, _NONLINEAR, _MERRILL),
    Row("parity", "ids4", None, True, _DENSE, _MERRILL),
    Row("parity", "pdssm", None, True, _ONE_HOT, _TERZIC),
    *_words("word-Z5", (_REAL, _GRAZZI), _TURNS),
    *_words("word-S3", (_CYCLE, _GRAZZI), _ONE_HOT),
    *_words("walk-A5", (_SHALLOW, _MERRILL), _ONE_HOT),
    Row("selective-copying", "s4d", None, False, "a fixed kernel cannot tell data from noise", _MAMBA),
    Row("selective-copying", "s6", "[0,1]", True, "steps of the input's choosing skip the noise", _MAMBA),
)
"""Everything that is compared, in the order of the table."""
