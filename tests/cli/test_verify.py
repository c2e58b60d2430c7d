"""``memento verify``."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from memento.render import storage
from memento.train import checkpoint


def resave(**fields):
    """A whole checkpoint like the trained one, with other fields in its only source; gives the source as it was."""
    run = checkpoint.load("m.safetensors")
    (source,) = run.sources
    checkpoint.save(replace(run, sources=(replace(source, **fields),)), "other.safetensors")
    return source


def test_a_checkpoint_is_what_its_commit_gives(trained):
    done = trained("verify", "m.safetensors")
    assert done.out.startswith("same")
    assert "bit for bit" in done.err
    found = trained.json("verify", "m.safetensors")
    assert found["schema"] == "memento.verify/1"
    assert found["same"] is True
    assert found["checks"][0]["recorded"] == found["checks"][0]["rendered"]


def test_holds_after_the_branch_moved_on(trained):
    memory = trained.ids("memories")[0]
    trained("edit", "main", f"memory:{memory}", "importance=0.77")
    trained("verify", "m.safetensors")


def test_a_damaged_cache_changes_nothing(trained):
    for entry in (trained.folder / ".memento" / "cache").rglob("*.safetensors"):
        entry.write_bytes(entry.read_bytes()[:-8] + b"\0" * 8)
    trained("verify", "m.safetensors")


def test_another_digest_is_told_and_exits_with_1(trained):
    recorded = resave(digest="0" * 64).digest
    done = trained("verify", "other.safetensors", code=1)
    assert f"recorded  {'0' * 64}" in done.out
    assert f"rendered  {recorded}" in done.out
    assert trained.json("verify", "other.safetensors", code=1)["same"] is False


def test_a_commit_that_is_not_here_exits_with_1(trained):
    resave(commit="0123456789" * 4)
    done = trained("verify", "other.safetensors", code=1)
    assert done.out.startswith("missing")
    assert "0123456789" in done.out


def test_a_changed_weight_is_damage(trained):
    arrays, metadata = storage.read("m.safetensors")
    storage.write("other.safetensors", arrays | {"model.head.weight": np.ones((1, 64), np.float32)}, metadata)
    assert "digest" in trained("verify", "other.safetensors", code=4).err


def test_a_missing_checkpoint(world):
    assert "no checkpoint" in world("verify", "gone.safetensors", code=2).err
