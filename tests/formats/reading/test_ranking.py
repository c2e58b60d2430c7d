from __future__ import annotations

import numpy as np
import pytest
from sklearn.feature_extraction.text import CountVectorizer

from memento.formats.reading.ranking import K1, B, Ranker, stem

TEXTS = ["the red boat sails", "boats and boats again", "a lamp", "", "the boat carries a red lamp and a red flag"]


def test_scores_are_bm25() -> None:
    ranker = Ranker(TEXTS)
    counts = CountVectorizer(vocabulary=["boat", "lamp", "red"], token_pattern=r"\w+").fit_transform(
        [" ".join(stem(word) for word in text.split()) for text in TEXTS]
    )
    terms = counts.toarray().astype(float)
    lengths = np.array([sum(count.values()) for count in ranker.counts], float)
    rare = np.log(1 + (len(TEXTS) - (terms > 0).sum(0) + 0.5) / ((terms > 0).sum(0) + 0.5))
    weight = terms * (K1 + 1) / (terms + K1 * (1 - B + B * lengths[:, None] / lengths.mean()))
    np.testing.assert_allclose(ranker.scores("where are the red boats and the lamp?"), (rare * weight).sum(1))
    assert ranker.scores("sextant").tolist() == [0.0] * 5
    assert ranker.hits(ranker.terms("red boats"), 4) == 2


@pytest.mark.parametrize(
    ("word", "stemmed"),
    [("boats", "boat"), ("painting", "paint"), ("painted", "paint"), ("bus", "bus"), ("glass", "glass")],
)
def test_stems(word: str, stemmed: str) -> None:
    assert stem(word) == stemmed
