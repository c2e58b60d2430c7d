"""``memento render``."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from memento.cli.arguments import REVISION
from memento.cli.context import Context, define, json_option
from memento.cli.learning import labels_option, spec_of, spec_options
from memento.cli.output import Column, Output
from memento.cli.present import short
from memento.cli.writing import force_option, out_option, ready, size_words

if TYPE_CHECKING:
    from memento.render.rendering import Rendering


@define(
    """
    memento render main
    memento render main~3 --labels clean -o early.safetensors
    memento render real --labels observed --context injected --dimension 768
    """
)
@click.argument("revision", metavar="[REV]", type=REVISION, default="HEAD")
@labels_option()
@spec_options
@out_option("The file to write; the revision's name with .safetensors if left out.")
@force_option
@json_option
def command(
    context: Context,
    revision: str,
    labels: str | None,
    context_kind: str,
    dimension: int,
    out: Path | None,
    force: bool,
) -> None:
    """Compile a world into tensors.

    Writes features, labels, offsets, contexts, embeddings and ids of a revision (the current branch
    if left out) as one safetensors file, with the commit that they come from inside.
    """
    output, workspace = context.output, context.workspace
    workspace.repository.resolve(revision)
    path = ready(out or Path(file_name(workspace.repository.head if revision in ("HEAD", "@") else revision)), force)
    spec = spec_of(workspace, revision, labels, dimension, context_kind)
    rendering = workspace.rendering_at(revision, spec)
    rendering.save(path)
    if output.json:
        output.document("memento.render/1", {"file": str(path), "revision": revision, **rendering_map(rendering)})
        return
    tensor_table(output, rendering)
    output.line()
    output.line(f"commit  {rendering.commit}")
    output.line(f"digest  {rendering.digest}")
    for reason, count in rendering.left_out.items():
        output.warning(f"left out: {count:,} {reason}")
    output.message(f"Rendered {short(rendering.commit)} with labels {spec.labels} into {path} ({size_words(path)})")
    output.hint(f"train a scorer on it: `memento train {revision} --out model.safetensors`")


def file_name(revision: str) -> str:
    """A file for a revision's rendering: ``main~3`` goes to ``main-3.safetensors``."""
    words = re.sub(r"[^\w.]+", "-", revision).strip("-.")
    return f"{words or 'rendering'}.safetensors"


def tensor_table(output: Output, rendering: Rendering) -> None:
    """The arrays of a rendering: name, type, shape, meaning."""
    from memento.render.tensors import tensors

    columns = [Column("tensor"), Column("dtype"), Column("shape", right=True), Column("meaning", long=True)]
    rows = ((t.name, t.dtype, " × ".join(map(str, t.shape)), t.meaning) for t in tensors(rendering))
    output.table(columns, rows)


def rendering_map(rendering: Rendering) -> dict[str, Any]:
    """A rendering for ``--json``, without its numbers."""
    from memento.render.columns import schema_hash
    from memento.render.tensors import tensors

    return {
        "commit": rendering.commit,
        "tree": rendering.tree,
        "spec": rendering.spec.to_map(),
        "digest": rendering.digest,
        "columns": list(rendering.columns),
        "column_schema": schema_hash(),
        "sessions": len(rendering),
        "candidates": len(rendering.labels),
        "memories": len(rendering.memory_ids),
        "noise": dict(rendering.noise),
        "left_out": dict(rendering.left_out),
        "tensors": [{"name": t.name, "dtype": t.dtype, "shape": list(t.shape)} for t in tensors(rendering)],
    }
