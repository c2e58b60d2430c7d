"""What a variant is worth: how new it is, and what training on it gains.

Novelty is a distance in two spaces: of features, how far the variant's sessions lie from the nearest ones of the base
and of the variants before it; of texts, the share of its shingles that none of them has. The gain is the NDCG on a
held-out branch of a model trained on base and variant together, less that of one trained on the base alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from memento import rng
from memento.errors import UsageError
from memento.history import Repository
from memento.language.embed import tokenize
from memento.render.rendering import Rendering, Spec
from memento.world import tree
from memento.world.world import World

Floats = npt.NDArray[np.float64]
_SHINGLE = 3
_SESSIONS = 400
_KEPT = 50_000


@dataclass(frozen=True)
class Value:
    """One variant: novelty of features and of texts in [0, 1], and the gain in NDCG with its interval, if asked for."""

    name: str
    features: float
    text: float
    gain: float | None = None
    low: float | None = None
    high: float | None = None

    @property
    def novelty(self) -> float:
        """The mean of both novelties."""
        return (self.features + self.text) / 2.0

    @property
    def worth(self) -> float:
        """What variants are ranked by: the gain where it is known, and novelty besides."""
        return self.novelty + (10.0 * self.gain if self.gain is not None else 0.0)


def rank(
    repository: Repository,
    names: Sequence[str],
    base: str,
    rendering: Callable[[str], Rendering],
    against: str = "",
    model: str = "linear",
    epochs: int | None = None,
    seed: int = 0,
    progress: Callable[[int, int, str], None] | None = None,
) -> list[Value]:
    """Variants, the most valuable first; equals by name.

    Each is compared with the base and with all variants that rank by name before it, so of two alike one is new and one
    is not. `rendering` gives that of a revision; with `against` models are trained and judged on its sessions. Raises
    `UsageError` where there is nothing to rank.
    """
    if not names:
        raise UsageError("no branch is to be ranked", "`memento branch 'PATTERN'` lists branches")
    objects = repository.objects

    def world(name: str) -> World:
        return tree.read(objects, repository.tree_of(name))

    root = world(base)
    scale = _scale(sketches(rendering(base)))
    seen = sketches(rendering(base)) / scale
    said = shingles(root)
    gains = _gains(names, base, against, rendering, model, epochs, seed, progress) if against else {}
    found = []
    for number, name in enumerate(sorted(names)):
        mine = sketches(rendering(name)) / scale
        apart = _nearest(mine, seen)
        own = shingles(world(name))
        fresh = 1.0 - float(np.isin(own, said).mean()) if len(own) else 0.0
        gain = gains.get(name, (None, None, None))
        far = float(np.mean(1.0 - np.exp(-apart))) if len(apart) else 0.0
        found.append(Value(name, far, fresh, *gain))
        seen = np.concatenate([seen, mine])[-_KEPT:]
        said = np.union1d(said, own)
        if progress and not against:
            progress(number + 1, len(names), "variants")
    return sorted(found, key=lambda value: (-value.worth, value.name))


def sketches(rendering: Rendering) -> Floats:
    """One row for each session: the mean and the spread of its candidates' columns and labels, (S, 36)."""
    rows = np.concatenate([rendering.features, rendering.labels[:, None]], axis=1).astype(np.float64)
    offsets, sizes = rendering.offsets[:-1], np.maximum(np.diff(rendering.offsets), 1)[:, None]
    if not len(offsets):
        return np.zeros((0, 2 * rows.shape[1]))
    mean = np.add.reduceat(rows, offsets) / sizes
    square = np.add.reduceat(rows**2, offsets) / sizes
    found = np.concatenate([mean, np.sqrt(np.maximum(square - mean**2, 0.0))], axis=1)
    return np.asarray(found[:: -(-len(found) // _SESSIONS)])


def shingles(world: World) -> npt.NDArray[np.uint64]:
    """The hashes of all runs of three words in a world's memories and turns, sorted (Broder 1997)."""
    runs: set[str] = set()
    for text in [*world.memories["text"].tolist(), *world.turns["text"].tolist()]:
        words = tokenize(text)
        runs.update(" ".join(words[place : place + _SHINGLE]) for place in range(max(1, len(words) - _SHINGLE + 1)))
    return np.sort(rng.hashes(sorted(runs)))


def _scale(rows: Floats) -> Floats:
    spread = rows.std(axis=0) if len(rows) else np.ones(rows.shape[1])
    return np.asarray(np.where(spread > 1e-9, spread, 1.0) * np.sqrt(rows.shape[1]))


def _nearest(rows: Floats, others: Floats, step: int = 200) -> Floats:
    """The distance of each row to the nearest of some others, (N,)."""
    if not len(others):
        return np.full(len(rows), np.inf)
    found = np.empty(len(rows))
    norms = (others**2).sum(axis=1)
    for low in range(0, len(rows), step):
        part = rows[low : low + step]
        squares = (part**2).sum(axis=1)[:, None] - 2.0 * part @ others.T + norms
        found[low : low + step] = np.sqrt(np.maximum(squares.min(axis=1), 0.0))
    return found


def _gains(
    names: Sequence[str],
    base: str,
    against: str,
    rendering: Callable[[str], Rendering],
    model: str,
    epochs: int | None,
    seed: int,
    progress: Callable[[int, int, str], None] | None,
) -> dict[str, tuple[float, float, float]]:
    """The gain of each variant over the base alone, session by session, with its 95% interval."""
    from memento.train.threads import one_thread
    from memento.validate.intervals import Bootstrap

    judge = Judge(rendering, against, model, epochs, seed)
    judge.refuse_seen([base, *names])
    bootstrap = Bootstrap(len(judge.held), 1000, seed)
    with one_thread():
        alone = judge([base])
        found = {}
        for number, name in enumerate(sorted(names)):
            figure = bootstrap.figure(judge([base, name]) - alone)
            found[name] = (figure.value, figure.low, figure.high)
            if progress:
                progress(number + 1, len(names), "variants")
    return found


class Judge:
    """Trains a model on some revisions together and tells its NDCG@10 on each session of a held-out one."""

    def __init__(
        self, rendering: Callable[[str], Rendering], against: str, model: str, epochs: int | None, seed: int
    ) -> None:
        from memento.train.batches import Resident

        self.rendering, self.model, self.epochs, self.seed = rendering, model, epochs, seed
        self.held = rendering(against)
        self._resident = Resident([self.held])

    def refuse_seen(self, revisions: Sequence[str]) -> None:
        """Raises `UsageError` where a revision to train on has sessions of the held-out one."""
        held = set(self.held.session_ids)
        for revision in revisions:
            shared = held.intersection(self.rendering(revision).session_ids)
            if shared:
                raise UsageError(
                    f"{len(shared):,} of the {len(held):,} sessions to judge by are seen in training, in {revision}",
                    "--against takes a world of its own, such as one generated with another seed",
                )

    def __call__(self, revisions: Sequence[str]) -> Floats:
        """NDCG@10 by session, shape (S,), of a model that saw every revision with the same weight."""
        from memento.train import train
        from memento.validate import metrics

        sources = [(self.rendering(revision), 1.0) for revision in revisions]
        scorer = train(sources, model=self.model, seed=self.seed, epochs=self.epochs).scorer
        scores = self._resident.score(scorer)
        return np.asarray(metrics.table(scores, self.held.labels, self.held.offsets)["ndcg"])


def spec_of(labels: str) -> Spec:
    """What variants are rendered by: small embeddings, since novelty is of columns and words."""
    return Spec(labels=labels, dimension=32)
