from __future__ import annotations

from memento.formats import sgpt
from memento.models.signet import Signet


def test_a_signet_checkpoint_becomes_one_of_the_sidecar(world):
    world("train", "main", "--model", "signet", "--set", "exact=true", "--epochs", "1", "-o", "s.safetensors")
    done = world("export", "s.safetensors", "--format", "sgpt", "-o", "s.sgpt")
    assert "--native-dim 64" in done.err
    loaded = sgpt.read(world.folder / "s.sgpt").model
    assert isinstance(loaded, Signet)
    assert "--force" in world("export", "s.safetensors", "--format", "sgpt", "-o", "s.sgpt", code=2).hint
    before = (world.folder / "s.sgpt").read_bytes()
    assert world("export", "s.safetensors", "--format", "sgpt", "-o", "s.sgpt", "-f", "--json").json["dimension"] == 64
    assert (world.folder / "s.sgpt").read_bytes() == before


def test_other_checkpoints_cannot(world):
    world("train", "main", "--model", "linear", "--epochs", "1", "-o", "l.safetensors")
    failed = world("export", "l.safetensors", "--format", "sgpt", "-o", "l.sgpt", code=2)
    assert "this is linear" in failed.err
    assert "--model signet" in failed.hint
    assert not (world.folder / "l.sgpt").exists()
    assert "no checkpoint named" in world("export", "none", "--format", "sgpt", "-o", "n.sgpt", code=2).err
