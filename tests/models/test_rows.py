from __future__ import annotations

import torch

from memento.models.rows import Rows


def test_what_is_added_is_summed_under_its_key() -> None:
    rows = Rows(2, 3)
    keys = torch.arange(200).repeat(2)
    rows.add(keys, torch.ones(400, 2, 3))
    rows.add(torch.tensor([7, 7]), torch.tensor([0.5, 0.25]), at=(1, 2))
    found = rows.read(torch.tensor([7, 199, 500]))
    assert found.dtype == torch.float64
    assert found[0].tolist() == [[2.0, 2.0, 2.0], [2.0, 2.0, 2.75]]
    assert found[1].eq(2.0).all()
    assert not found[2].any()
    assert not rows.read(torch.tensor([500])).any(), "asking for a key adds none"
