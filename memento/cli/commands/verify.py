"""``memento verify``."""

from __future__ import annotations

from pathlib import Path

import click

import memento
from memento.cli.context import Context, define, json_option
from memento.cli.failure import CONFLICT, OK
from memento.cli.learning import trained_scorer
from memento.cli.output import plural
from memento.cli.present import short


@define(
    """
    memento verify model.safetensors
    """
)
@click.argument("checkpoint", metavar="CHECKPOINT", type=click.Path(path_type=Path))
@json_option
def command(context: Context, checkpoint: Path) -> int:
    """Render again what a checkpoint was trained on.

    Every revision that it names is rendered anew, past every cache, and its digest compared with the
    one recorded. The exit code is 1 where one differs, or is not here any more.
    """
    from memento.train import checkpoint as checkpoints

    output, workspace = context.output, context.workspace
    run = trained_scorer(checkpoint)
    checks = checkpoints.verify(run, lambda commit, spec: workspace.rendering_at(commit, spec, cached=False))
    same = all(checks)
    if output.json:
        output.document(
            "memento.verify/1",
            {"file": str(checkpoint), "same": same, "code": run.code, "checks": [c.to_map() for c in checks]},
        )
        return OK if same else CONFLICT
    for check in checks:
        source = check.source
        name = source.revision if source.revision == source.commit else f"{source.revision} ({short(source.commit)})"
        if check:
            output.line(f"{output.paint('same', fg='green')}     {name}  {check.digest}")
        elif check.fault:
            output.line(f"{output.paint('missing', fg='red')}  {name}  {check.fault}")
        else:
            output.line(f"{output.paint('differs', fg='red')}  {name}")
            output.line(f"    recorded  {source.digest}")
            output.line(f"    rendered  {check.digest}")
    if same:
        what = plural(len(checks), "rendering is what", "renderings are what")
        output.message(f"{what} {checkpoint} was trained on, bit for bit")
    else:
        output.message(f"{checkpoint} cannot be traced to this repository as it is")
        if run.code != memento.__version__:
            trained_by = (
                f"it was trained by memento {run.code}" if run.code else "it does not say which memento trained it"
            )
            output.hint(f"{trained_by}, this is {memento.__version__}; columns or labels may have changed since")
        else:
            output.hint("fetch the commits that it names (`memento fetch`), or train it again")
    return OK if same else CONFLICT
