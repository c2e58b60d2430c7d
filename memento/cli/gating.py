"""``--no-gate`` on commands that merge."""

from __future__ import annotations

import click

from memento.cli.context import Context


def _waive(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    if value:
        ctx.ensure_object(Context).workspace.gate.waive()


no_gate_option = click.option(
    "--no-gate",
    is_flag=True,
    expose_value=False,
    callback=_waive,
    help="Go past the branch's gate, where its settings allow that; see memento config.",
)
