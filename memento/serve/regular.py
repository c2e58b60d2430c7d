"""Requests to score as an agent sends them, read by simdjson: numbers go from text to arrays.

Otherwise each number is made an object of Python's first, and making and dropping sixty thousand of these takes longer
than reading their text. A request that is anything but regular is not read here: it goes the general way, which says
what is wrong with it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

try:
    import simdjson
except ImportError:  # where there is no wheel of it, all requests go the general way
    simdjson = None  # type: ignore[assignment]

Array = npt.NDArray[np.float64]

_SCORE = re.compile(rb'\s*\{[^{\[]{0,200}"method"\s*:\s*"score"')
_BRACKET = ord("[")
_LARGEST = 2**53


@dataclass(frozen=True)
class Regular:
    """What `protocol.ScoreParams` has, where all candidates have embeddings of one length; and the request's id.

    Shapes: `context_embedding` (D,), `candidate_embeddings` (C, W), `candidate_features` (C, F) or (0, 0).
    """

    id: str | int
    context_embedding: Array
    candidate_ids: Sequence[str]
    candidate_embeddings: Array
    candidate_texts: Sequence[str | None]
    candidate_features: Array
    project_slot: int


class Reader:
    """Reads lines; its parser keeps its memory from one to the next."""

    def __init__(self) -> None:
        self._parser = None if simdjson is None else simdjson.Parser()

    def read(self, line: bytes | memoryview) -> Regular | None:
        """The request, or None where a line is not a regular request to score."""
        if self._parser is None or _SCORE.match(line) is None:
            return None
        try:
            return _regular(self._parser.parse(line), line)
        except (ValueError, TypeError, KeyError, AttributeError, RuntimeError):
            return None


def _regular(request: Any, line: bytes | memoryview) -> Regular | None:
    params = request["params"]
    if _repeats(request) or _repeats(params) or request["jsonrpc"] != "2.0" or request["method"] != "score":
        return None
    key, slot = request["id"], params.get("project_slot", 0)
    names, texts = params["candidate_ids"].as_list(), _list(params.get("candidate_texts"))
    context, embeddings = _numbers(params["context_embedding"]), _table(params["candidate_embeddings"])
    features = _table(params["candidate_features"]) if "candidate_features" in params else np.zeros((0, 0))
    plain = (
        type(key) in (str, int)
        and type(slot) is int
        and 0 <= slot <= _LARGEST
        and all(type(name) is str for name in names)
        and all(text is None or type(text) is str for text in texts)
    )
    lists = 3 + ("candidate_texts" in params) + len(embeddings)
    lists += 1 + len(features) if "candidate_features" in params else 0
    flat = np.count_nonzero(np.frombuffer(line, np.uint8) == _BRACKET) == lists
    return Regular(key, context, names, embeddings, texts, features, slot) if plain and flat else None


def _repeats(found: Any) -> bool:
    """Whether an object has a member twice, of which simdjson gives the first."""
    names = list(found.keys())
    return len(set(names)) < len(names)


def _list(found: Any) -> list[Any]:
    return [] if found is None else list(found.as_list())


def _numbers(found: Any) -> Array:
    return np.frombuffer(found.as_buffer(of_type="d"), np.float64)


def _table(found: Any) -> Array:
    """Equally long lists of numbers as a matrix, shape (n, width). Raises `ValueError` for others."""
    widths = {len(row) for row in found}
    if len(widths) != 1:
        raise ValueError("rows of several lengths")
    return _numbers(found).reshape(len(found), widths.pop())
