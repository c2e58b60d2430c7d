"""What a scorer gets on a world: trained on it with fixed settings, or given; asked once for each tree."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from memento.errors import UsageError
from memento.history.answers import Answers
from memento.history.runs import Metric
from memento.world import tree

if TYPE_CHECKING:
    from memento.history.repository import Repository
    from memento.render.rendering import Rendering, Spec
    from memento.train import Run
    from memento.world.world import World

Figures = dict[str, Metric]


@dataclass(frozen=True)
class Settings:
    """How a world is tried: the model and its training, the seed of everything, episodes of each canary."""

    model: str = "interaction"
    epochs: int | None = None
    seed: int = 0
    episodes: int = 300

    def __str__(self) -> str:
        epochs = (
            f"{self.epochs} epoch{'s' * (self.epochs != 1)}" if self.epochs is not None else "its own number of epochs"
        )
        return f"{self.model}, {epochs}, seed {self.seed}"


class Trials:
    """Trials of the worlds of one repository. Their figures are kept in its cache by (tree, settings).

    `tell` is called with a few words before long work.
    """

    def __init__(self, repository: Repository, tell: Callable[[str], None] = lambda words: None) -> None:
        self.repository = repository
        self.tell = tell
        self._answers = Answers(repository.path, "trials")
        self._worlds: dict[str, World] = {}
        self._trained: tuple[tuple[str, Settings], Run] | None = None

    def figures(
        self, tree_id: str, settings: Settings, wanted: Collection[str], scorer: Run | None = None, checkpoint: str = ""
    ) -> Figures:
        """The metrics of a tree: those of a scorer trained on it, or of `scorer`, whose digest is `checkpoint`.

        Canaries and contract tests are asked only where `wanted` names one. A metric that cannot be had, such as a
        canary of a world without planted patterns, is left out. Raises `UsageError` where nothing can be trained
        or judged.
        """
        canaries = any(name.startswith(("canary.", "sharp.")) for name in wanted)
        contracts = any(name.startswith("contract.") for name in wanted)
        question: dict[str, Any] = {"tree": tree_id, "canaries": canaries, "contracts": contracts, "asked": _asked()}
        if scorer is None:
            question |= asdict(settings) | {"code": _columns()}
        else:
            question |= {"checkpoint": checkpoint, "seed": settings.seed, "episodes": settings.episodes}
        kept = self._answers.get(question)
        if kept is None:
            found = self._try(tree_id, settings, canaries, contracts, scorer)
            self._answers.put(question, {name: asdict(metric) for name, metric in found.items()})
            return found
        return {str(name): Metric(**values) for name, values in kept.items()}

    def transfer(self, trained_on: str, tested_on: str, settings: Settings) -> Figures:
        """The figures of a scorer trained on one tree, on the last sessions of another.

        They are those that a training on the other would not look at, and of them those that this one has
        not seen, so that all that is tested on a tree is tested on the same. Raises `UsageError` where
        there are none.
        """
        question = {"from": trained_on, "tree": tested_on, **asdict(settings), "code": _columns()}
        kept = self._answers.get(question)
        if kept is not None:
            return {str(name): Metric(**values) for name, values in kept.items()}
        from memento.measure.runs import metrics_of
        from memento.train.threads import one_thread
        from memento.validate import evaluate
        from memento.validate.evaluate import unseen

        run, rendering = self.trained(trained_on, settings), self.rendering(tested_on)
        seen = _before_the_last(run, rendering)
        if not len(unseen(rendering, seen)):
            raise UsageError(
                "training has seen its last sessions", "a branch of another seed, or a longer one, has others"
            )
        with one_thread():
            report = evaluate(run, rendering, seen=seen, seed=settings.seed)
        found = metrics_of(report)
        self._answers.put(question, {name: asdict(metric) for name, metric in found.items()})
        return found

    def trained(self, tree_id: str, settings: Settings) -> Run:
        """The training on a tree; the last one is at hand."""
        from memento.train import train

        key = tree_id, settings
        if self._trained is None or self._trained[0] != key:
            self.tell(f"Training {settings} on world {tree_id[:10]}")
            sources = [(self.rendering(tree_id), 1.0)]
            self._trained = key, train(sources, model=settings.model, seed=settings.seed, epochs=settings.epochs)
        return self._trained[1]

    def violations(self, tree_id: str) -> int:
        """How many invariants of a world do not hold."""
        question = {"tree": tree_id, "violations": True}
        kept = self._answers.get(question)
        if not isinstance(kept, int):
            from memento.world.check import check

            kept = len(check(self._world(tree_id)))
            self._answers.put(question, kept)
        return kept

    def flips(self, before: str, after: str) -> int:
        """How many labels cross one half from one tree to another."""
        question = {"before": before, "after": after, "flips": _columns()}
        kept = self._answers.get(question)
        if not isinstance(kept, int):
            from memento.render.flips import flips

            found = flips(self.rendering(before), self.rendering(after))
            kept = found.up + found.down
            self._answers.put(question, kept)
        return kept

    def rendering(self, tree_id: str, spec: Spec | None = None) -> Rendering:
        """The rendering of a tree, from the cache where it is there."""
        from memento.render.cache import Cache
        from memento.render.rendering import Spec

        spec = spec or Spec(labels=self._labels(tree_id))
        cache = Cache(self.repository.path / "cache" / "renderings")
        return cache.rendering(tree_id, spec, lambda: self._world(tree_id))

    def _try(self, tree_id: str, settings: Settings, canaries: bool, contracts: bool, run: Run | None) -> Figures:
        from memento.measure.runs import metrics_of
        from memento.models import BASELINES
        from memento.render.rendering import Spec
        from memento.train.threads import one_thread
        from memento.validate import evaluate
        from memento.validate.canary import run as ask
        from memento.validate.contracts import run as ask_contracts

        if run is None:
            rendering = self.rendering(tree_id)
            run = self.trained(tree_id, settings)
        else:
            trained = Spec.from_map(run.sources[0].spec)
            spec = Spec(labels=self._labels(tree_id), dimension=trained.dimension, context=trained.context)
            rendering = self.rendering(tree_id, spec)
        with one_thread():
            report = evaluate(run, rendering, seed=settings.seed, baselines=BASELINES)
            asked = held = None
            if self._labels(tree_id) == "planted":
                terms = (rendering.spec, settings.episodes, settings.seed)
                asked = ask(run, self._world(tree_id), *terms) if canaries else None
                held = ask_contracts(run, self._world(tree_id), *terms) if contracts else None
        return metrics_of(report, asked, held)

    def _labels(self, tree_id: str) -> str:
        return "planted" if tree.read_manifest(self.repository.objects, tree_id).patterns else "observed"

    def _world(self, tree_id: str) -> World:
        if tree_id not in self._worlds:
            self._worlds = {tree_id: tree.read(self.repository.objects, tree_id)}
        return self._worlds[tree_id]


def settings_of(values: Mapping[str, str]) -> Settings:
    """Settings from texts by name; what is not there is as ever. Raises `UsageError`."""
    numbers: dict[str, int] = {}
    for name in ("epochs", "seed", "episodes"):
        if name in values:
            if not values[name].isdecimal():
                raise UsageError(f"{name} {values[name]!r} is not a whole number")
            numbers[name] = int(values[name])
    return Settings(model=values.get("model", Settings.model), **numbers)


def _asked() -> str:
    """A digest of the code that judges, so that figures of other canaries, episodes or metrics never serve."""
    from memento import validate

    return code_digest(Path(validate.__file__).parent)


@cache
def code_digest(folder: Path) -> str:
    """The SHA-256 of all Python files below a folder, by name and content."""
    found = hashlib.sha256()
    for path in sorted(folder.rglob("*.py")):
        found.update(f"{path.relative_to(folder).as_posix()}\0".encode() + path.read_bytes() + b"\0")
    return found.hexdigest()


def _before_the_last(run: Run, rendering: Rendering) -> npt.NDArray[np.uint64]:
    """Hashes of the sessions that the run saw, and of those that a training on the rendering looks at."""
    from memento import rng
    from memento.train.trainer import split

    _, end = split(len(rendering), run.config.fit, run.config.validation)
    return np.union1d(run.seen, rng.hashes(list(rendering.session_ids[:end])))


def _columns() -> str:
    from memento.render.columns import schema_hash

    return schema_hash()
