"""What is served: a scorer that answers requests and learns from them, with the counts that status tells."""

from __future__ import annotations

import struct
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from memento.errors import MementoError, UsageError
from memento.models.base import COLUMNS
from memento.models.signet import tokens
from memento.serve import protocol
from memento.serve.database import load
from memento.serve.gate import Gate, retrain
from memento.serve.regular import Regular
from memento.serve.scorers import Served
from memento.train.signet import Sample

Matrix = npt.NDArray[np.float64]


class Service:
    """The five methods. Raises `UsageError` for what cannot be met, with Signet's own words where it has some.

    `now` gives the time as text for ``last_trained``; `say` is told what an answer has no place for.
    """

    def __init__(self, served: Served, now: Callable[[], str], say: Callable[[str], None] = lambda words: None) -> None:
        self.served = served
        self.now = now
        self.say = say
        self.version, self.steps, self.pairs = 1, 0, 0
        self.last_trained: str | None = None

    def status(self) -> protocol.Status:
        """What is served, and what it has learned."""
        return protocol.Status(self.steps > 0, self.pairs, self.version, self.last_trained, self.served.dimension)

    def score(self, params: protocol.ScoreParams | Regular) -> protocol.Scores:
        """Softmax scores of the candidates, the best first; equals stay in the order given."""
        count = len(params.candidate_ids)
        for name in ("embeddings", "texts", "features"):
            given: Sequence[Any] = getattr(params, f"candidate_{name}")
            if len(given) and len(given) != count:
                raise UsageError(f"candidate_ids and candidate_{name} length mismatch")
        if not count:
            raise UsageError("cannot score empty candidate set")
        sample = self._sample(params, params.candidate_ids, params.candidate_texts, live=True)
        scores = self.served.scores(sample)
        if not np.isfinite(scores).all():
            raise UsageError("the scores are not finite: embeddings or features are too large")
        order = np.argsort(-scores, kind="stable").tolist()
        values = scores.tolist()
        return protocol.Scores([protocol.Scored(params.candidate_ids[place], values[place]) for place in order])

    def train(self, params: protocol.TrainParams) -> protocol.Trained:
        """One step on one session."""
        if len(params.candidate_embeddings) != len(params.labels):
            raise UsageError("candidate_embeddings and labels length mismatch")
        _require_temperature(params.temperature)
        if params.candidate_features and len(params.candidate_features) != len(params.labels):
            raise UsageError("candidate_embeddings and candidate_features length mismatch")
        loss, steps = 0.0, 0
        if params.labels:
            names = [str(place) for place in range(len(params.labels))]
            sample = self._sample(params, names, (), params.labels)
            stats = self.served.train([sample], 1, params.temperature)
            loss, steps = stats.loss, stats.steps
        self._learned(steps, len(params.labels))
        return protocol.Trained(loss, self.steps)

    def train_from_db(self, params: protocol.TrainFromDbParams) -> protocol.TrainedFromDb:
        """Epochs over a Signet database, the newest session first; saves where a path is given and the canary holds."""
        _require_temperature(params.temperature)
        began = time.monotonic()
        loaded = load(Path(params.db_path), self.served.dimension, params.limit, params.min_confidence)

        def milliseconds() -> int:
            return int((time.monotonic() - began) * 1000)

        gate = retrain(self.served, loaded.samples, params.epochs, params.temperature)
        if gate is None:
            return protocol.TrainedFromDb(0.0, self.steps, 0, loaded.skipped, milliseconds(), 0.0, 1.0, False)
        saved = bool(params.checkpoint_path) and self._saved(gate, Path(params.checkpoint_path or ""))
        self._learned(gate.steps, gate.sessions)
        return protocol.TrainedFromDb(
            gate.loss, self.steps, gate.sessions, loaded.skipped, milliseconds(), gate.variance, gate.stability, saved
        )

    def _saved(self, gate: Gate, path: Path) -> bool:
        """Whether a checkpoint was written; where it was not, why is said."""
        if not gate.holds:
            found = f"loss {gate.loss:.3g}, top-5 stability {gate.stability:.2f}, variance {gate.variance:.2g}"
            why = f"the save gate does not hold: {found}"
        else:
            try:
                self.served.save(path, 0)
                return True
            except MementoError as error:
                why = error.message
            except OSError as error:
                why = error.strerror or str(error)
        self.say(f"{path} was not saved: {why}")
        return False

    def save_checkpoint(self, params: protocol.SaveCheckpointParams) -> protocol.Saved:
        """Writes the weights."""
        self.served.save(Path(params.path), params.flags)
        return protocol.Saved(True)

    def _sample(
        self,
        params: protocol.ScoreParams | protocol.TrainParams | Regular,
        names: Sequence[str],
        texts: Sequence[str | None],
        labels: Sequence[float] = (),
        live: bool = False,
    ) -> Sample:
        width, count = self.served.dimension, len(names)
        if len(params.context_embedding) != width:
            raise UsageError(f"query embedding dim mismatch: expected {width}, got {len(params.context_embedding)}")
        features = params.candidate_features if len(params.candidate_features) else [[0.0] * COLUMNS] * count
        if any(len(row) != COLUMNS for row in features):
            raise UsageError("candidate_features row has invalid dimension")
        rows, read = self._rows(params, names, texts)
        return Sample(
            rows=rows,
            features=self.served.read_clock(_matrix(features, COLUMNS)) if live else _matrix(features, COLUMNS),
            labels=np.array(labels, np.float64),
            project=params.project_slot,
            texts=tuple(read),
            memories=tuple(names) if live else (),
        )

    def _rows(
        self,
        params: protocol.ScoreParams | protocol.TrainParams | Regular,
        names: Sequence[str],
        texts: Sequence[str | None],
    ) -> tuple[Matrix, list[tuple[int, npt.NDArray[np.int64]]]]:
        """The candidates' embeddings and the context, shape (C + 1, D), and the words of those that have none."""
        width, given = self.served.dimension, params.candidate_embeddings
        if isinstance(given, np.ndarray) and given.shape[1] == width:
            return np.vstack([given, params.context_embedding]), []
        whole = [row if row is not None and len(row) == width else None for row in given] or [None] * len(names)
        read = []
        for place, row in enumerate(whole):
            if row is None:
                text = texts[place] if texts else None
                if text is None and not self.served.lenient:
                    raise UsageError(f"candidate {names[place]} must provide either native embedding or text")
                read.append((place, np.array(tokens(text or ""), np.int64)))
        blank = np.zeros(width) if isinstance(params, Regular) else [0.0] * width
        rows = [blank if row is None else row for row in whole] + [params.context_embedding]
        return np.vstack(rows) if isinstance(params, Regular) else _matrix(rows, width), read

    def _learned(self, steps: int, pairs: int) -> None:
        self.steps += steps
        self.pairs += pairs
        if steps:
            self.version += 1
            self.last_trained = self.now()


def _matrix(rows: Sequence[Sequence[float] | Matrix] | Matrix, width: int) -> Matrix:
    """Equally long rows as float64, shape (len(rows), width)."""
    if isinstance(rows, np.ndarray):
        return rows
    pack = struct.Struct(f"{width}d").pack
    return np.frombuffer(b"".join([pack(*row) for row in rows]), np.float64).reshape(len(rows), width)


def _require_temperature(temperature: float) -> None:
    if not np.isfinite(temperature) or temperature <= 0.0:
        raise UsageError("temperature must be > 0")
