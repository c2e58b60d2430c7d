from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memento.errors import UsageError
from memento.language.embed import cosine, embed, tokenize, word_row

SENTENCES = [
    "payments-api deploys to Fly.io",
    "the payment API is deployed on Fly.io",
    "Vera's cat sleeps on the sofa",
    "a dog lies on the sofa",
    "invoices are paid in March",
]

GOLDEN = "6a409dd7fcffaea8a35d09e91b7936d5a107ca35ad64a700dbdfd5a5aac5b852"


def test_tokens() -> None:
    assert tokenize("The payments-api's port isn't 8_080, Zoë’s says!") == [
        "the", "payments", "api", "port", "isn't", "8", "080", "zoë", "says",
    ]  # fmt: skip
    assert tokenize("... --- !") == []


@given(texts=st.lists(st.text(max_size=60), max_size=6), dimension=st.sampled_from([1, 7, 64, 100]))
def test_vectors_are_unit_or_zero(texts: list[str], dimension: int) -> None:
    vectors = embed(texts, dimension)
    assert vectors.shape == (len(texts), dimension)
    assert vectors.dtype == np.float32
    for text, vector in zip(texts, vectors, strict=True):
        length = float(np.linalg.norm(vector))
        assert length == pytest.approx(1.0, abs=1e-5) or (length == 0 and (dimension < 16 or not tokenize(text)))


def test_near_texts_are_near() -> None:
    likeness = cosine(embed(SENTENCES, 256), embed(SENTENCES, 256))
    np.testing.assert_allclose(np.diag(likeness), 1.0, atol=1e-6)
    assert likeness[0, 1] > 0.45
    assert likeness[2, 3] > 0.2
    assert np.abs(likeness[0, 2:]).max() < 0.25
    plural = embed(["invoice", "invoices", "giraffe"], 256)
    assert cosine(plural[:1], plural)[0].round(1).tolist()[1] > 0.2


def test_words_of_grammar_weigh_little() -> None:
    plain, wordy = embed(["sofa cat", "the sofa and the cat is on it"], 256)
    assert float(plain @ wordy) > 0.9
    assert np.abs(word_row("the", 64)).max() * 2 < np.abs(word_row("sofa", 64)).max()


def test_repetition_weighs_its_logarithm() -> None:
    once, often = embed(["cat dog", "cat " * 50 + "dog"], 512)
    assert 0.7 < float(once @ often) < 0.99


@settings(max_examples=20, deadline=None)
@given(order=st.permutations(range(len(SENTENCES))))
def test_a_vector_does_not_depend_on_the_others(order: list[int]) -> None:
    together = embed([SENTENCES[row] for row in order])
    assert together.tobytes() == np.concatenate([embed([SENTENCES[row]]) for row in order]).tobytes()


def test_long_texts_and_many_texts() -> None:
    long = " ".join(f"word{number % 3000}" for number in range(20_000))
    assert np.linalg.norm(embed([long, "short"])[0]) == pytest.approx(1.0, abs=1e-5)
    many = embed(SENTENCES * 2000, 64)
    assert many[-5:].tobytes() == embed(SENTENCES, 64).tobytes()


def test_bytes_are_the_same_in_another_process() -> None:
    digest = hashlib.sha256(embed(SENTENCES, 64).tobytes()).hexdigest()
    code = (
        "import hashlib, sys; from memento.language.embed import embed;"
        "print(hashlib.sha256(embed(sys.argv[1:], 64).tobytes()).hexdigest())"
    )
    root = Path(__file__).resolve().parents[2]
    environment = {**os.environ, "PYTHONHASHSEED": "77", "PYTHONPATH": str(root)}
    done = subprocess.run(
        [sys.executable, "-c", code, *SENTENCES], capture_output=True, text=True, env=environment, check=True
    )
    assert done.stdout.strip() == digest == GOLDEN


def test_cosine_of_nothing_is_zero() -> None:
    assert cosine(embed(["", "cat"]), embed(["cat"])).round(6).tolist() == [[0.0], [1.0]]


@pytest.mark.parametrize("dimension", [0, -3, 5000])
def test_dimensions_out_of_range_are_refused(dimension: int) -> None:
    with pytest.raises(UsageError, match="dimension"):
        embed(["a"], dimension)
