"""Training a scorer on renderings, and keeping it."""

from __future__ import annotations

from memento.train import checkpoint
from memento.train.config import Config
from memento.train.mixture import parse
from memento.train.run import Epoch, Run, Source
from memento.train.seeds import train_seeds
from memento.train.trainer import train

__all__ = ["Config", "Epoch", "Run", "Source", "checkpoint", "parse", "train", "train_seeds"]
