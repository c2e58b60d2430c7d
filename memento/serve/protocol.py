"""What is said over the pipe: JSON-RPC 2.0, one object a line, with the members of Signet's sidecar.

Source: Signet 0.58.1, ``packages/predictor/src/protocol.rs`` and ``main.rs``. Members that are not
named here are passed over. The one thing taken that the sidecar refuses is null for an embedding.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from memento.models.base import COLUMNS

PARSE_ERROR, INVALID_REQUEST, METHOD_NOT_FOUND, INVALID_PARAMS, INTERNAL, REFUSED = (
    -32700, -32600, -32601, -32602, -32603, -32000,
)  # fmt: skip

Vector = list[float]
MOST = 2**53
Count = Annotated[int, msgspec.Meta(ge=0, le=MOST)]
Flags = Annotated[int, msgspec.Meta(ge=0, le=2**32 - 1)]


class ScoreParams(msgspec.Struct, gc=False):
    """Candidates of one session to be ranked."""

    context_embedding: Vector
    candidate_ids: list[str]
    candidate_embeddings: list[Vector | None] = []
    candidate_texts: list[str | None] = []
    candidate_features: list[Vector] = []
    project_slot: Count = 0


class TrainParams(msgspec.Struct, gc=False):
    """One session to learn from, in one step."""

    context_embedding: Vector
    candidate_embeddings: list[Vector | None]
    labels: Vector
    candidate_features: list[Vector] = []
    project_slot: Count = 0
    temperature: float = 0.5


class TrainFromDbParams(msgspec.Struct):
    """A Signet database to learn from."""

    db_path: str
    checkpoint_path: str | None = None
    limit: Count = 5000
    epochs: Count = 3
    temperature: float = 0.5
    min_confidence: float = 0.6


class SaveCheckpointParams(msgspec.Struct):
    """Where the weights are to be written."""

    path: str
    flags: Flags = 0


class Status(msgspec.Struct):
    """What is served, and what it has learned since it was started."""

    trained: bool
    training_pairs: int
    model_version: int
    last_trained: str | None
    native_dimensions: int
    feature_dimensions: int = COLUMNS


class Scored(msgspec.Struct):
    """One candidate's share of the session."""

    id: str
    score: float


class Scores(msgspec.Struct):
    """All candidates, the best first."""

    scores: list[Scored]


class Trained(msgspec.Struct):
    """The loss before the step, and how many steps were made since the start."""

    loss: float
    step: int


class TrainedFromDb(msgspec.Struct):
    """What training on a database came to."""

    loss: float
    step: int
    samples_used: int
    samples_skipped: int
    duration_ms: int
    canary_score_variance: float
    canary_topk_stability: float
    checkpoint_saved: bool


class Saved(msgspec.Struct):
    """That the weights were written."""

    saved: bool


class Request(msgspec.Struct):
    """Any request: `id` and `params` as they stand in the line."""

    jsonrpc: str
    method: str
    id: msgspec.Raw
    params: msgspec.Raw = msgspec.Raw(b"null")


class ScoreRequest(msgspec.Struct, tag_field="method", tag="score"):
    """A request to score, whose many numbers are read in one go."""

    jsonrpc: str
    id: msgspec.Raw
    params: ScoreParams


class Fault(msgspec.Struct):
    """Why there is no result."""

    code: int
    message: str


class Answer(msgspec.Struct):
    """The answer to a request that could be met."""

    jsonrpc: str
    id: msgspec.Raw
    result: Any


class Failure(msgspec.Struct):
    """The answer to a request that could not be met."""

    jsonrpc: str
    id: msgspec.Raw
    error: Fault
