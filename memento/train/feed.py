"""What a pass over the data is made of: which sessions go together in each step, and their tensors."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from memento.models.base import Batch
from memento.train.batches import Resident, Windows
from memento.train.config import Config
from memento.train.mixing import Diet
from memento.train.mixture import Mixture

Ints = npt.NDArray[np.int64]


class Feed:
    """The steps of every epoch, each a function of its number alone, so that training can begin anywhere.

    `windows` are what sessions are trained on in, `mixture` draws among them by their first sessions.
    A recipe gives another mixture, and another `batch`.
    """

    def __init__(self, resident: Resident, windows: Windows, mixture: Mixture | Diet, config: Config) -> None:
        self.resident = resident
        self.windows = windows
        self.mixture = mixture
        self.config = config

    def steps(self, number: int) -> list[Ints]:
        """The sessions of each step of epoch `number`, counted from 0; shape (B,) each."""
        order = self.mixture.epoch(number, self.config.shuffle)
        return self.windows.cut(order, self.resident.sizes, self.config.batch)

    def batch(self, sessions: Ints, number: int, step: int) -> Batch:
        """The tensors of the sessions of step `step` in epoch `number`."""
        return self.resident.batch(sessions, self.windows.size)
