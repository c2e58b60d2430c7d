"""The gate of a branch: what comes in by a merge must show what the gate asks for, or nothing moves."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from memento.errors import GateFailed, MementoError, StoreError, UsageError
from memento.history.config import TRUE
from memento.history.names import HEADS
from memento.history.requirement import VIOLATIONS, Found, Requirement, bare
from memento.history.runs import Metric
from memento.measure.trials import Settings, Trials, settings_of

if TYPE_CHECKING:
    from memento.history.repository import Repository

_NAMES = ("model", "epochs", "seed", "episodes")


class Gate:
    """The gates of a repository, as its settings ``gate.BRANCH`` have them.

    Called with a branch and the tree it would have, right before a merge moves it. `tell` is called
    with a few words before long work.
    """

    def __init__(self, repository: Repository) -> None:
        self.repository = repository
        self.trials = Trials(repository)
        self._waived = False

    @property
    def tell(self) -> Callable[[str], None]:
        """Whom to tell of long work."""
        return self.trials.tell

    @tell.setter
    def tell(self, tell: Callable[[str], None]) -> None:
        self.trials.tell = tell

    def waive(self) -> None:
        """Goes past gates from now on, those whose ``gate.BRANCH.override`` allows it."""
        self._waived = True

    def requirement(self, branch: str) -> Requirement | None:
        """What the gate of a branch asks for, None where there is no gate."""
        text = self.repository.config.get(f"gate.{branch}.require", "")
        return Requirement(text) if text else None

    def settings(self, branch: str) -> Settings:
        """How the gate of a branch tries a world."""
        config = self.repository.config
        keys = {name: f"gate.{branch}.{name}" for name in _NAMES}
        return settings_of({name: config[key] for name, key in keys.items() if key in config})

    def __call__(self, branch: str, tree_id: str) -> None:
        """Lets a tree into a branch. Raises `GateFailed` where it does not show what is asked for,
        `UsageError` where the gate was waived and allows no exception."""
        config = self.repository.config
        config.refresh()
        required = self.requirement(branch)
        if required is not None and self._waived:
            if config.get(f"gate.{branch}.override", "").lower() not in TRUE:
                raise UsageError(
                    f"the gate of {branch} allows no exception: {required.text}",
                    f"`memento config gate.{branch}.override true` would let --no-gate go past it",
                )
        elif required is not None:
            self._ask(branch, tree_id, required)
        self.repository.permit(branch, tree_id)

    def measure(self, branch: str, tree_id: str, required: Requirement) -> dict[str, Found]:
        """Every number that a requirement names, as it is for a tree that would get into a branch."""
        found: dict[str, Found] = {}
        figures: dict[str, Metric] = {}
        why = "it cannot be measured on this world"
        if required.metrics:
            try:
                figures = self.trials.figures(tree_id, self.settings(branch), required.metrics)
            except StoreError:
                raise
            except MementoError as error:
                why = error.message
        for name in required.names:
            if name == VIOLATIONS:
                count = self.trials.violations(tree_id)
                found[name] = Found(name, count, str(count))
            elif bare(name) in figures:
                found[name] = _found(name, figures[bare(name)])
            elif bare(name) in required.metrics:
                found[name] = Found(name, None, why)
        for revision in required.flips:
            name = f"flips({revision})"
            before = self.repository.resolve(revision)
            flipped = self.trials.flips(self.repository.tree_of(before), tree_id)
            found[name] = Found(name, flipped, str(flipped))
        return found

    def _ask(self, branch: str, tree_id: str, required: Requirement) -> None:
        ref = self.repository.refs.read(HEADS + branch)
        if ref and self.repository.tree_of(ref) == tree_id:
            return
        found = self.measure(branch, tree_id, required)
        values = {name: number.value for name, number in found.items()}
        if required.holds(values):
            self.tell(f"The gate of {branch} holds: {', '.join(f'{name} is {found[name].words}' for name in found)}")
            return
        lines = [f"  {name} is {found[name].words}, asked is {wanted}" for name, wanted in required.failing(values)]
        how = f"\n  judged by {self.settings(branch)}" if required.metrics else ""
        past = ", or --no-gate" if self.repository.config.get(f"gate.{branch}.override", "").lower() in TRUE else ""
        raise GateFailed(
            f"the gate of {branch} lets nothing in that does not show {required.text}\n"
            + "\n".join(lines) + how + "\n  nothing was moved",
            f"change what comes in and merge again{past}; `memento config gate.{branch}` is the gate",
        )  # fmt: skip


def _found(name: str, metric: Metric) -> Found:
    end = name.rpartition(".")[2] if bare(name) != name else "value"
    value: float | None = getattr(metric, end)
    interval = "" if metric.low is None or metric.high is None else f" ({metric.low:.3f}–{metric.high:.3f})"
    words = f"{metric.value:.3f}{interval}"
    if value is None:
        words = f"unknown, since {words} has no interval"
    elif end != "value":
        words = f"{value:.3f} of {words}"
    return Found(name, value, words)
