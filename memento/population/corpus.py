"""What there is to be offered: documents with a topic, features, a quality that nobody sees, and a length.

Of T topics the last 30% have a mean quality spaced evenly over [0, 1], the others over [-1, 0]; a document's quality
is its topic's plus N(0, .1), its features are the topic's unit vector plus N(0, .7), its length is 2 (Mladenov et al.
2021, applications/recsys_partially_observable_rl/corpus.py).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from memento.population.story import Draw

Floats = npt.NDArray[np.float64]
GOOD = 0.3
QUALITY_SD, FEATURE_SD, LENGTH = 0.1, 0.7, 2.0


@dataclass(frozen=True)
class Corpus:
    """D documents: topic (D,), features (D, T), quality (D,), length (D,)."""

    topic: npt.NDArray[np.int64]
    features: Floats
    quality: Floats
    length: Floats


def means(topics: int) -> Floats:
    """The mean quality of each topic, shape (T,), never falling; one topic alone is a good one."""
    good = max(1, round(GOOD * topics))
    return np.concatenate([np.linspace(-1.0, 0.0, topics - good), np.linspace(0.0, 1.0, good)])


def documents(draw: Draw, topic: npt.NDArray[np.int64], topics: int) -> Corpus:
    """Documents of given topics, shape (D,)."""
    count = len(topic)
    features = draw.normal("features", count, topics, sd=FEATURE_SD)
    features[np.arange(count), topic] += 1.0
    quality = means(topics)[topic] + draw.normal("quality", count, sd=QUALITY_SD)
    return Corpus(topic, features, quality, np.full(count, LENGTH))
