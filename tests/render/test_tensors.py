from __future__ import annotations

from dataclasses import replace

from safetensors.numpy import load_file

from memento.render.rendering import render
from memento.render.tensors import MEANINGS, tensors
from memento.scenario import load
from memento.simulate import world


def test_names_what_a_file_holds(tmp_path):
    for number, made in enumerate(
        [render(world(load("tiny"), 1)), replace(render(world(load("tiny"), 1)), clean=None)]
    ):
        path = tmp_path / f"{number}.safetensors"
        made.save(path)
        written = {name: (array.dtype.name, array.shape) for name, array in load_file(path).items()}
        assert {t.name: (t.dtype, t.shape) for t in tensors(made)} == written
        assert all(t.meaning == MEANINGS[t.name] for t in tensors(made))
