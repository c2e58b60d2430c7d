"""What ``tstr`` and ``data-saving`` have in common: revisions by their role, and the check that none leaks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from memento.cli.arguments import REVISION
from memento.cli.learning import spec_of, spec_options
from memento.errors import UsageError
from memento.models import LEARNERS

if TYPE_CHECKING:
    from memento.cli.context import Context
    from memento.render.rendering import Rendering
    from memento.validate.leakage import Part
    from memento.validate.saving import Turn


@dataclass(frozen=True)
class Roles:
    """The revisions of one protocol as renderings by role; sessions of `real` and `test` are never the same."""

    real: list[Rendering]
    test: list[Rendering]
    synthetic: list[Rendering]


def role_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """``--real``, ``--test``, ``--synthetic`` and ``--split``."""
    options = (
        click.option(
            "-r", "--real", metavar="REV", multiple=True, required=True, type=REVISION,
            help="Real sessions to train on; may be repeated.",
        ),
        click.option(
            "-t", "--test", metavar="REV", multiple=True, type=REVISION,
            help="Real sessions to test on, which no training may know; may be repeated.",
        ),
        click.option(
            "-y", "--synthetic", metavar="REV", multiple=True, required=True, type=REVISION,
            help="Synthetic sessions to train on; may be repeated.",
        ),
        click.option(
            "--split", metavar="SHARE", type=click.FloatRange(0.0, 1.0, min_open=True, max_open=True),
            help="In place of --test: train on this share of each real revision's sessions, test on the later ones.",
        ),
    )  # fmt: skip
    for option in reversed(options):
        function = option(function)
    return function


def training_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """``--model``, ``--seeds``, ``--epochs``, ``--patience`` and ``--set``, and how to render; see `options_of`."""
    options = (
        click.option(
            "-m", "--model", metavar="NAME", type=click.Choice(LEARNERS), default="interaction", show_default=True,
            help="What is trained: interaction, or another model that learns.",
        ),
        click.option(
            "--seeds", metavar="N", type=click.IntRange(1, 100), default=5, show_default=True,
            help="Trainings of each kind.",
        ),
        click.option("-e", "--epochs", metavar="N", type=click.IntRange(0, 10_000), help="Passes at most."),
        click.option(
            "--patience", metavar="N", type=click.IntRange(1, 10_000), help="Stop after N passes without a better one."
        ),
        click.option(
            "--set", "settings", metavar="KEY=VALUE", multiple=True, help="Another option of memento train."
        ),
        spec_options,
    )  # fmt: skip
    for option in reversed(options):
        function = option(function)
    return function


def options_of(epochs: int | None, patience: int | None, settings: Sequence[str]) -> dict[str, Any]:
    """The options of training that `training_options` give."""
    from memento.cli.commands.train import settings_of

    return {"epochs": epochs, "patience": patience, **settings_of(settings)}


def roles(
    context: Context,
    real: Sequence[str],
    test: Sequence[str],
    synthetic: Sequence[str],
    split: float | None,
    dimension: int,
    context_kind: str,
) -> Roles:
    """The renderings of a protocol. Raises `UsageError`, and `Leak` where what is trained on knows the test."""
    from memento.history.revisions import apart
    from memento.validate.leakage import check

    if bool(test) == (split is not None):
        raise UsageError(
            "name what is tested on: either --test REV or --split SHARE",
            "--test for other conversations, --split 0.7 for the later sessions of the real revisions",
        )
    repository = context.workspace.repository
    for role, revisions in (("--real", real), ("--test", test), ("--synthetic", synthetic)):
        apart(repository, revisions, role)
    known = {name: part(context, name, dimension, context_kind) for name in dict.fromkeys([*real, *test, *synthetic])}
    trained, tested = [known[name] for name in real], [known[name] for name in test]
    made = [known[name] for name in synthetic]
    if split is not None:
        cut = [(p, *p.rendering.split(split)) for p in trained]
        trained = [_as(p, early, f"the earlier {split:.0%} of {p.name}") for p, early, _ in cut]
        tested = [_as(p, late, f"the later sessions of {p.name}") for p, _, late in cut]
    check([*trained, *made], tested, lambda child, parent: repository.is_ancestor(parent, child))
    return Roles(*([p.rendering for p in group] for group in (trained, tested, made)))


def turns(
    context: Context, real: Sequence[str], synthetic: Sequence[str], dimension: int, context_kind: str
) -> list[Turn]:
    """Each real revision as the test in turn; the others train, and every synthetic one that does not know the test.

    Raises `UsageError` where nothing is left to train on, and `Leak` where a real revision knows the test.
    """
    from memento.history.revisions import apart
    from memento.validate.leakage import check, leaks
    from memento.validate.saving import Turn

    if len(real) < 2:
        raise UsageError("turns take two real revisions at least", "name more of them: --real REV --real REV")
    repository = context.workspace.repository
    apart(repository, real, "--real")
    apart(repository, synthetic, "--synthetic")
    known = {name: part(context, name, dimension, context_kind) for name in dict.fromkeys([*real, *synthetic])}

    def descends(child: str, parent: str) -> bool:
        return repository.is_ancestor(parent, child)

    found = []
    for name in real:
        test, others = known[name], [known[other] for other in real if other != name]
        made = [known[other] for other in synthetic if not leaks(known[other], test, descends)]
        if not made:
            raise UsageError(
                f"every synthetic revision knows {name}, which is the test in its turn",
                "name a synthetic revision of each real one: those of the others train then",
            )
        check(others, [test], descends)
        found.append(Turn(name, [p.rendering for p in others], [test.rendering], [p.rendering for p in made]))
    return found


def part(context: Context, revision: str, dimension: int, context_kind: str) -> Part:
    """A revision as a part of a protocol. Raises `UsageError` for one without sessions to rank."""
    from memento.validate.leakage import Part

    workspace = context.workspace
    rendering = workspace.rendering_at(revision, spec_of(workspace, revision, None, dimension, context_kind))
    if not len(rendering):
        raise UsageError(f"{revision} has no session with labelled candidates", "name a revision with sessions to rank")
    return Part(revision, workspace.world_at(revision), rendering)


def _as(whole: Part, rendering: Rendering, name: str) -> Part:
    from memento.validate.leakage import Part

    return Part(name, whole.world, rendering)
