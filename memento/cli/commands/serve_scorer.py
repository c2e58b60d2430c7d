"""``memento serve-scorer``."""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from memento.cli.arguments import REVISION
from memento.cli.context import Context, define, json_option
from memento.cli.output import plural
from memento.errors import UsageError

if TYPE_CHECKING:
    from memento.serve.scorers import Served

NATIVE = 768


@define(
    """
    memento serve-scorer model.safetensors
    memento serve-scorer model.safetensors --past main
    memento serve-scorer predictor.ckpt --native-dim 768
    memento serve-scorer --native-dim 768 --checkpoint predictor.ckpt
    """
)
@click.argument("scorer", metavar="[CKPT]", required=False, type=click.Path(path_type=Path))
@click.option(
    "--checkpoint", metavar="FILE", type=click.Path(path_type=Path),
    help="As the sidecar's: what to start with where it is there and CKPT is not given; else the first weights.",
)  # fmt: skip
@click.option(
    "--native-dim", "dimension", metavar="N", type=click.IntRange(1, 4096),
    help="As the sidecar's: numbers in an embedding; that of CKPT, or 768, if left out.",
)  # fmt: skip
@click.option(
    "--past", metavar="REV", type=REVISION,
    help="What became known before the first request: the sessions of a revision and their labels; for sequence.",
)  # fmt: skip
@click.option(
    "--weekday", type=click.Choice(("sunday", "monday")), default="sunday", show_default=True,
    help="The day that requests count weekdays from: Sunday with Signet's daemon, Monday in its training data.",
)  # fmt: skip
@json_option
def command(
    context: Context,
    scorer: Path | None,
    checkpoint: Path | None,
    dimension: int | None,
    past: str | None,
    weekday: str,
) -> None:
    """Serve a trained scorer to an agent, in the place of Signet's sidecar.

    Reads JSON-RPC requests from stdin, one a line, and answers each with a line on stdout, until stdin
    ends: status, score, train, train_from_db and save_checkpoint, as the sidecar takes and answers them.
    CKPT is a checkpoint of any model of memento's, or an SGPT file. Nothing else is printed on stdout.
    With --past a sequence model knows what earlier sessions showed of each memory, by its id.
    """
    from datetime import UTC, datetime

    from memento.serve.server import Server
    from memento.serve.service import Service
    from memento.train.threads import one_thread

    signal.signal(signal.SIGTERM, _leave)
    if past is not None and scorer is None and checkpoint is None:
        raise UsageError("--past has no use without a checkpoint", "name one of a sequence model: CKPT --past REV")
    served, warning = _opened(scorer, checkpoint, dimension, weekday == "sunday")
    if warning:
        context.output.warning(warning + ("" if past is None else f", and know nothing of {past}"))

    def now() -> str:
        return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    with one_thread():
        if past is not None and not warning:
            _follow(context, served, past)
        context.output.detail(f"Serving {served.name} for embeddings of {served.dimension} numbers")
        server = Server(Service(served, now, context.output.warning))
        server.warm()
        server.run(sys.stdin.buffer, sys.stdout.buffer)


def _leave(*_: object) -> None:
    sys.exit(0)


def _follow(context: Context, served: Served, revision: str) -> None:
    from memento.cli.commands.evaluate import spec_for
    from memento.serve.scorers import SequenceScorer

    if not isinstance(served, SequenceScorer):
        raise UsageError(
            f"{served.name} knows nothing of earlier sessions, so --past has no use",
            "leave out --past, or serve a checkpoint of `memento train REV --model sequence`",
        )
    workspace = context.workspace
    rendering = workspace.rendering_at(revision, spec_for(workspace, served.run, revision, None))
    served.follow(rendering)
    context.output.detail(f"{plural(len(rendering), 'session')} of {revision} went before")


def _opened(scorer: Path | None, checkpoint: Path | None, dimension: int | None, sunday: bool) -> tuple[Served, str]:
    """The scorer, and a warning where it has the first weights."""
    from memento.serve.scorers import fresh, opened, require_dimension, resumed

    if scorer is not None:
        if not scorer.exists():
            raise UsageError(f"there is no checkpoint {scorer}", "`memento train REV --out FILE` makes one")
        served = opened(scorer, sunday)
        require_dimension(served, dimension, scorer)
        return served, ""
    if checkpoint is not None:
        return resumed(checkpoint, dimension or NATIVE, sunday)
    return fresh(dimension or NATIVE), "no checkpoint is named, so the weights are the first ones"
