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

from memento.serve.protocol import MOST

try:
    import simdjson
except ImportError:  # where there is no wheel of it, all requests go the general way
    simdjson = None  # type: ignore[assignment]

Array = npt.NDArray[np.float64]

_SCORE = re.compile(rb'\s*\{[^{\[]{0,200}"method"\s*:\s*"score"')
_BRACKET = ord("[")
_BY_NUMBER = re.compile(rb"u005[bB]")


@dataclass(frozen=True)
class Regular:
    """What `protocol.ScoreParams` has, and the request's id.

    Shapes: `context_embedding` (D,), `candidate_embeddings` (C, W), or a list where some are None or of another length,
    `candidate_features` (C, F) or (0, 0).
    """

    id: str | int
    context_embedding: Array
    candidate_ids: Sequence[str]
    candidate_embeddings: Array | list[Array | None]
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
    names = params["candidate_ids"].as_list()
    texts = params["candidate_texts"].as_list() if "candidate_texts" in params else []
    plain = (
        type(key) in (str, int)
        and type(slot) is int
        and 0 <= slot <= MOST
        and all(type(name) is str for name in names)
        and all(text is None or type(text) is str for text in texts)
    )
    if not plain:
        return None
    rows = list(params["candidate_embeddings"])
    lists = 3 + sum(row is not None for row in rows) + ("candidate_texts" in params)
    features = np.zeros((0, 0))
    if "candidate_features" in params:
        table = _table(list(params["candidate_features"]), params["candidate_features"])
        if table is None:
            return None
        features = table
        lists += 1 + len(features)
    if not _flat(line, lists, [key, *names, *texts]):
        return None
    embeddings: Array | list[Array | None] | None = _table(rows, params["candidate_embeddings"])
    if embeddings is None:
        embeddings = [None if row is None else _numbers(row) for row in rows]
    return Regular(key, _numbers(params["context_embedding"]), names, embeddings, texts, features, slot)


def _flat(line: bytes | memoryview, lists: int, told: Sequence[Any]) -> bool:
    """Whether a line begins so many lists and no more, as it does where none stands within a list of numbers.

    simdjson takes nested lists of numbers as one. A bracket in a text may be written as itself or by its number.
    """
    found = np.count_nonzero(np.frombuffer(line, np.uint8) == _BRACKET)
    inside = sum(text.count("[") for text in told if isinstance(text, str))
    return found == lists + inside and (not inside or _BY_NUMBER.search(line) is None)


def _repeats(found: Any) -> bool:
    """Whether an object has a member twice, of which simdjson gives the first."""
    names = list(found.keys())
    return len(set(names)) < len(names)


def _numbers(found: Any) -> Array:
    return np.frombuffer(found.as_buffer(of_type="d"), np.float64)


def _table(rows: Sequence[Any], found: Any) -> Array | None:
    """The equally long `rows` of a list as a matrix, shape (n, width); None where they are not."""
    widths = {-1 if row is None else len(row) for row in rows}
    return _numbers(found).reshape(len(rows), *widths) if len(widths) == 1 and -1 not in widths else None
