"""Signet's checkpoint files."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import numpy as np
import pytest
import torch
from train.signet_reference import drawn, logits, read_sgpt, sample_of

from memento.errors import CorruptRecord, NewerFormat, StoreError, UsageError
from memento.formats import sgpt
from memento.models.base import Batch
from memento.models.interaction import Interaction
from memento.models.signet import Signet, tokens
from memento.train.signet import Replica, double


@pytest.fixture(scope="module")
def trained() -> Signet:
    replica = Replica(double(16))
    replica.train([sample_of(drawn(seed, texts=True)) for seed in range(4)], 2)
    return replica.model()


@pytest.fixture
def written(trained: Signet, tmp_path: Path) -> Path:
    sgpt.write(trained, tmp_path / "predictor.sgpt")
    return tmp_path / "predictor.sgpt"


def test_an_independent_reader_scores_as_the_model_does(trained: Signet, written: Path) -> None:
    weights = {name: torch.tensor(np.array(value)) for name, value in read_sgpt(written.read_bytes()).items()}
    loaded = sgpt.read(written).model
    for seed in range(4):
        session = drawn(seed, texts=True)
        batch = Batch(
            features=torch.tensor([session.features]),
            mask=torch.ones(1, 6, dtype=torch.bool),
            contexts=torch.tensor([session.context]),
            candidates=torch.tensor([[e or [0.0] * 16 for e in session.embeddings]]),
            tokens=torch.tensor([[(tokens(text or "") + [-1] * 9)[:9] for text in session.texts]]),
            projects=torch.tensor([session.project]),
        )
        expected = torch.softmax(logits(weights, session), 0)
        for model in (trained, loaded):
            given = torch.softmax(model.score(batch)[0].double(), 0)
            torch.testing.assert_close(given, expected, atol=1e-6, rtol=0)


def test_a_model_in_float32_is_written_as_it_is(tmp_path: Path) -> None:
    sgpt.write(Signet(8), tmp_path / "f")
    loaded = sgpt.read(tmp_path / "f").model
    assert torch.equal(loaded.gate.float(), Signet(8).gate)
    assert loaded.config["dimension"] == 8


def test_the_header_is_the_sidecar_s(written: Path) -> None:
    data = written.read_bytes()
    assert struct.unpack("<4sII", data[:12]) == (b"SGPT", 1, sgpt.PRETRAINED)
    (length,) = struct.unpack("<I", data[12:16])
    assert json.loads(data[16 : 16 + length]) == {
        "native_dim": 16, "internal_dim": 64, "value_dim": 32, "extra_features": 17, "hash_buckets": 16384,
        "project_slots": 32,
    }  # fmt: skip
    assert len(data) == 20 + length + 7 * 4 + 8 * sum(p.numel() for p in Signet(16).parameters())


def test_equal_models_are_equal_bytes_and_every_bit_comes_back(trained: Signet, written: Path) -> None:
    assert sgpt.encode(trained) == written.read_bytes()
    loaded = sgpt.read(written)
    assert loaded.flags == sgpt.PRETRAINED
    assert all(torch.equal(loaded.model.state_dict()[n], v) for n, v in trained.state_dict().items())
    assert sgpt.is_sgpt(written)
    assert not sgpt.is_sgpt(written.parent)


def test_other_models_are_refused_with_a_way_out() -> None:
    with pytest.raises(UsageError, match="this is interaction") as caught:
        sgpt.encode(Interaction(8))
    assert "serve-scorer" in caught.value.hint
    broken = Signet(4)
    broken.gate.data[0, 0] = torch.nan
    with pytest.raises(UsageError, match="not finite"):
        sgpt.encode(broken)


def _config(data: bytes, **changes: object) -> bytes:
    (length,) = struct.unpack("<I", data[12:16])
    text = json.dumps(json.loads(data[16 : 16 + length]) | changes).encode()
    return data[:12] + struct.pack("<I", len(text)) + text + data[16 + length :]


@pytest.mark.parametrize(
    ("damage", "error"),
    [
        (lambda d: d[:-1], CorruptRecord),
        (lambda d: d + b"x", CorruptRecord),
        (lambda d: d[:14], CorruptRecord),
        (lambda d: d[:4], CorruptRecord),
        (lambda d: d[:12] + b"\xff\xff\xff\xff" + d[16:], CorruptRecord),
        (lambda d: d[:-8] + struct.pack("<d", float("inf")), CorruptRecord),
        (lambda d: d[:4] + struct.pack("<I", 2) + d[8:], NewerFormat),
        (lambda d: b"ABCD" + d[4:], UsageError),
        (lambda d: _config(d, hash_buckets=64), UsageError),
        (lambda d: _config(d, native_dim=10**9), CorruptRecord),
        (lambda d: _config(d, native_dim=17), CorruptRecord),
        (lambda d: _config(d, native_dim="16"), CorruptRecord),
        (lambda d: b"SGPT" + struct.pack("<III", 1, 0, 2) + b"[]", CorruptRecord),
        (lambda d: b"", UsageError),
    ],
)
def test_damage_is_told(written: Path, damage, error: type[Exception]) -> None:
    written.write_bytes(damage(written.read_bytes()))
    with pytest.raises(error):
        sgpt.read(written)


def test_places_that_hold_no_file(tmp_path: Path, trained: Signet) -> None:
    with pytest.raises(UsageError, match="no file"):
        sgpt.read(tmp_path / "none")
    with pytest.raises((UsageError, StoreError)):
        sgpt.write(trained, tmp_path / "nowhere" / "f")
