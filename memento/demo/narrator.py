"""Who tells what a demonstration does while it runs; this one says nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from memento.changes.diff import Diff
    from memento.demo.outcome import NoisePoint, Step
    from memento.history.merges import Merge
    from memento.render.rendering import Rendering
    from memento.train import Run
    from memento.train.checkpoint import Check
    from memento.validate import Report
    from memento.validate.canary import Canaries
    from memento.workspace import Workspace


class Narrator:
    """Called as the demonstration goes; a subclass prints what it likes."""

    def step(self, step: Step) -> None:
        """A step begins."""

    def say(self, text: str) -> None:
        """A result in one line."""

    def working(self, done: int, total: int, what: str) -> None:
        """Long work goes on; `total` 0 where it is not known."""

    def diff(self, diff: Diff) -> None:
        """A difference between two revisions."""

    def stopped(self, workspace: Workspace, merge: Merge) -> None:
        """A merge stopped at what it could not decide."""

    def rendering(self, rendering: Rendering) -> None:
        """A revision was rendered."""

    def trained(self, run: Run) -> None:
        """A scorer was trained."""

    def judged(self, report: Report) -> None:
        """A scorer was judged."""

    def canaries(self, canaries: Canaries) -> None:
        """The canaries were asked."""

    def noise(self, points: Sequence[NoisePoint]) -> None:
        """The canaries were asked of models trained on noisier labels."""

    def verified(self, checks: Sequence[Check]) -> None:
        """A checkpoint's sources were rendered again."""
