"""The loop: a line in, a line out, until the other side closes the pipe.

A line that cannot be read, or a request that cannot be met, is answered with an error of JSON-RPC and
changes nothing. Lines are bounded, and each answer is flushed.
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from contextlib import suppress
from typing import Any, BinaryIO

import msgspec
import numpy as np

from memento.errors import MementoError
from memento.serve import protocol
from memento.serve.lines import lines
from memento.serve.protocol import Answer, Failure, Fault
from memento.serve.regular import Reader
from memento.serve.service import Service

LONGEST = 1 << 26
"""Bytes of the longest line that is read: a hundred times a request of 80 candidates at 768 numbers."""
_BLANK = b" \t\r\x0b\x0c"
_NOBODY = msgspec.Raw(b"null")
_PARAMS: dict[str, Any] = {
    "train": protocol.TrainParams,
    "train_from_db": protocol.TrainFromDbParams,
    "save_checkpoint": protocol.SaveCheckpointParams,
    "score": protocol.ScoreParams,
}


class Server:
    """Answers lines by a service."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self._regular = Reader()
        self._score = msgspec.json.Decoder(protocol.ScoreRequest)
        self._request = msgspec.json.Decoder(protocol.Request)
        self._params = {name: msgspec.json.Decoder(kind) for name, kind in _PARAMS.items()}
        self._methods: dict[str, Callable[[Any], Any]] = {name: getattr(service, name) for name in _PARAMS}
        self._encoder = msgspec.json.Encoder()

    def run(self, source: BinaryIO, sink: BinaryIO) -> None:
        """Answers every line of `source` until it ends. A reader that went away ends it quietly too."""
        with suppress(BrokenPipeError):
            for line in lines(source, LONGEST):
                if line is None:
                    answer = self._failure(_NOBODY, protocol.INVALID_REQUEST, f"a line of more than {LONGEST} bytes")
                elif not line or (line[0] in _BLANK and not bytes(line).strip()):
                    continue
                else:
                    answer = self.answer(line)
                sink.write(answer + b"\n")
                sink.flush()

    def warm(self) -> None:
        """Has everything ready that a first request would have to wait for."""
        width = self.service.served.dimension
        many = [[0.0] * width] * 2
        request = {"context_embedding": many[0], "candidate_ids": ["", ""], "candidate_embeddings": many}
        line = self._encoder.encode({"jsonrpc": "2.0", "id": 0, "method": "score", "params": request})
        for _ in range(3):
            self.answer(line)
        gc.collect()
        gc.freeze()  # what is there by now stays, so no collection has to look at it

    def answer(self, line: bytes | memoryview) -> bytes:
        """The answer to one line, without its newline."""
        regular = self._regular.read(line)
        if regular is not None:
            return self._called(msgspec.Raw(self._encoder.encode(regular.id)), self.service.score, regular)
        try:
            request = self._score.decode(line)
            if request.jsonrpc == "2.0":
                return self._called(request.id, self.service.score, request.params)
        except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
            pass
        try:
            general = self._request.decode(line)
        except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
            return self._failure(_NOBODY, protocol.PARSE_ERROR, f"invalid JSON: {error}")
        if general.jsonrpc != "2.0":
            return self._failure(general.id, protocol.INVALID_REQUEST, "jsonrpc must be '2.0'")
        if general.method == "status":
            return self._called(general.id, lambda _: self.service.status(), None)
        if general.method not in self._params:
            return self._failure(general.id, protocol.METHOD_NOT_FOUND, "method not found")
        try:
            params = self._params[general.method].decode(general.params)
        except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
            return self._failure(general.id, protocol.INVALID_PARAMS, f"invalid params: {error}")
        return self._called(general.id, self._methods[general.method], params)

    def _called(self, key: msgspec.Raw, method: Callable[[Any], Any], params: Any) -> bytes:
        try:
            with np.errstate(all="ignore"):  # what is not finite is looked for, and refused
                return self._encoder.encode(Answer("2.0", key, method(params)))
        except MementoError as error:
            return self._failure(key, protocol.REFUSED, error.message)
        except Exception as error:  # whatever a request brings about, the next one is answered
            return self._failure(key, protocol.INTERNAL, f"{type(error).__name__}: {error}")

    def _failure(self, key: msgspec.Raw, code: int, message: str) -> bytes:
        return self._encoder.encode(Failure("2.0", key, Fault(code, message)))
