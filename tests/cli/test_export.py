from __future__ import annotations

import pytest

from memento.cli import exporting
from memento.formats import WRITERS, sgpt
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
    for words in (("evaluate", "s.sgpt", "main"), ("report", "s.sgpt", "main", "-o", "r.html"), ("verify", "s.sgpt")):
        refused = world(*words, code=2)
        assert "a checkpoint of Signet's sidecar" in refused.err
        assert "deploy-sim" in refused.hint


def test_other_checkpoints_cannot(world):
    world("train", "main", "--model", "linear", "--epochs", "1", "-o", "l.safetensors")
    failed = world("export", "l.safetensors", "--format", "sgpt", "-o", "l.sgpt", code=2)
    assert "this is linear" in failed.err
    assert "--model signet" in failed.hint
    assert not (world.folder / "l.sgpt").exists()
    assert "no checkpoint named" in world("export", "none", "--format", "sgpt", "-o", "n.sgpt", code=2).err


def test_a_database_is_written_and_comes_back(world):
    done = world("export", "main", "--format", "signet", "-d", "16", "-o", "m.db")
    assert "candidates" in done.err
    before = (world.folder / "m.db").read_bytes()
    assert before[:15] == b"SQLite format 3"
    content = world("export", "main", "--format", "signet", "-d", "16", "-o", "m.db", "-f", "--json").json
    assert (world.folder / "m.db").read_bytes() == before
    assert content["rows"]["session_scores"] > 10
    world("import", "m.db", "--format", "signet", "-b", "real")
    world("export", "real", "--format", "npz", "-l", "observed", "-o", "real.npz")
    assert "license: unknown" in (world.folder / "real.npz.md").read_text()
    again = world("export", "real", "--format", "signet", "--base", "m.db", "-o", "again.db", "--json").json
    assert again["rows"] == {"added": 0, "changed": 0, "removed": 0}
    over = world("export", "main", "--format", "signet", "--base", "m.db", "-o", "over.db", "--json").json
    assert over["rows"] == {"added": 0, "changed": 0, "removed": 0}, "what the base has already is not written again"
    before = (world.folder / "m.db").read_bytes()
    onto = ("export", "real", "--format", "signet", "--base", "m.db", "-o", "./m.db", "--force")
    assert "only read" in world(*onto, code=2).err
    assert (world.folder / "m.db").read_bytes() == before
    wide = world("export", "real", "--format", "signet", "--base", "m.db", "-d", "32", "-o", "x.db", code=2)
    assert "have 16 numbers, not 32" in wide.err
    assert "--base" in world("export", "real", "--format", "signet", "-o", "derived.db").err
    assert "no file" in world("export", "real", "--format", "signet", "--base", "none", "-o", "x.db", code=2).err
    assert "what Signet makes" in world("export", "main", "--format", "signet", "-l", "signet", "-o", "x", code=2).err


@pytest.mark.parametrize("form", ["parquet", "npz", "safetensors", "jsonl"])
def test_a_table_has_a_card_beside_it(world, form):
    file = f"d.{form}"
    content = world("export", "main", "--format", form, "-o", file, "--json").json
    assert content["card"] == f"{file}.md"
    text = (world.folder / f"{file}.md").read_text()
    assert text.startswith("---\npretty_name: ")
    assert f"memento export {content['commit']} --format {form} -o {file}" in text
    before = (world.folder / file).read_bytes()
    assert "--force" in world("export", "main", "--format", form, "-o", file, code=2).hint
    world("export", "main", "--format", form, "-o", file, "-f")
    assert (world.folder / file).read_bytes() == before
    assert content["splits"]["train"][0] > content["splits"]["test"][0]


def test_a_folder_for_datasets(world):
    world("export", "main", "--format", "hf", "--labels", "clean", "--license", "cc0-1.0", "-o", "set")
    text = (world.folder / "set" / "README.md").read_text()
    assert "license: cc0-1.0" in text
    assert "--labels clean" in text
    assert (world.folder / "set" / "data" / "train-00000-of-00001.parquet").exists()
    assert "not empty" in world("export", "main", "--format", "hf", "-o", "set", code=2).err
    world("export", "main", "--format", "hf", "-o", "set", "-f")
    (world.folder / "file").write_text("x")
    assert "is a file" in world("export", "main", "--format", "hf", "-o", "file", code=2).err
    assert "no folder" in world("export", "main", "--format", "hf", "-o", "a/b/c", code=2).err


def test_options_go_with_their_formats(world):
    for words, form in (
        (("--base", "x"), "chat"),
        (("--license", "x"), "signet"),
        (("--context", "query"), "signet"),
        (("--dimension", "4"), "preference"),
        (("--experiments",), "parquet"),
        (("--labels", "clean"), "sgpt"),
    ):
        failed = world("export", "main", "--format", form, *words, "-o", "x", code=2)
        assert "has no meaning" in failed.err
        assert "it goes with" in failed.hint
    assert not (world.folder / "x").exists()


def test_choices_are_those_of_the_rooms():
    assert set(exporting.LINES) == set(WRITERS)
    assert set(exporting.TAKEN) == {"experiments", "base", "labels", "context_kind", "dimension", "license"}
    assert set(exporting.FORMATS) == {*exporting.LINES, *exporting.TABLES, "signet", "sgpt"}
