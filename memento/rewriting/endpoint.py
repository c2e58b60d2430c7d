"""A server that speaks OpenAI's chat completions: one request at a time, bounded in time, size and attempts.

Any server with ``POST BASE/chat/completions`` serves: OpenAI's, vLLM's, llama.cpp's, Ollama's. Its answers are samples:
batching and hardware change them even at temperature 0 with a seed, so what makes a run repeatable is the record of the
answers, not a parameter.
"""

from __future__ import annotations

import http.client
import json
import socket
import threading
import time
import urllib.parse
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from memento import __version__
from memento.errors import StoreError, UsageError

MAX_BYTES = 4 << 20
"""The largest answer that is read."""
MAX_TEXT = 1 << 16
"""Characters of a text that are kept; a longer one counts as cut short."""
_LONGEST_NAME = 200
_LONGEST_WORD = 100
_TRIES = 4
_LONGEST_WAIT = 60.0
_BUSY = frozenset({408, 425, 429, 500, 502, 503, 504})


@dataclass(frozen=True)
class Completion:
    """What a server answered: the text, why it ended, and the fingerprint of the system that made it."""

    text: str
    finish: str
    fingerprint: str


@dataclass(frozen=True)
class Endpoint:
    """A server by its base address, such as ``http://127.0.0.1:8080/v1``, and a model that it serves.

    `key` goes into the Authorization header and nowhere else. `timeout` bounds one exchange as a whole, in seconds.
    `sleep` is called between attempts, with seconds. Raises `UsageError` for an address, model or key that is none.
    """

    base: str
    model: str
    key: str = field(default="", repr=False)
    timeout: float = 60.0
    sleep: Callable[[float], None] = field(default=time.sleep, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not _is_address(self.base):
            raise UsageError(f"{self.base!r} is not the address of a server", "such as http://127.0.0.1:8080/v1")
        if urllib.parse.urlsplit(self.base).username is not None:
            raise UsageError("the address of a server holds a user or password", "set MEMENTO_API_KEY instead")
        check_model(self.model)
        if self.key and not (self.key.isascii() and self.key.isprintable()):
            raise UsageError("the key of the server has characters that no key has", "look at MEMENTO_API_KEY")

    def complete(self, request: Mapping[str, Any]) -> Completion:
        """The server's answer; waits where it is busy, as long as it asks (up to a minute), and asks again.

        Raises `ServerError` where it does not answer, refuses, sends elsewhere, or answers what is no completion.
        """
        content = json.dumps({"model": self.model, **request}, ensure_ascii=False).encode()
        for attempt in range(_TRIES):
            status, headers, body = self._post(content)
            if status == 200:
                return _read(body, self.base)
            if status not in _BUSY or attempt == _TRIES - 1:
                raise self._refused(status, body)
            self.sleep(_wait(headers.get("retry-after", ""), attempt))
        raise AssertionError

    def _post(self, content: bytes) -> tuple[int, dict[str, str], bytes]:
        parts = urllib.parse.urlsplit(self.base)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        connection = kind(str(parts.hostname), parts.port, timeout=self.timeout)
        headers = {"Content-Type": "application/json", "User-Agent": f"memento/{__version__}"}
        if self.key:
            headers["Authorization"] = f"Bearer {self.key}"
        late = threading.Event()
        clock = threading.Timer(self.timeout, _hang_up, (connection, late))
        clock.daemon = True
        try:
            connection.connect()
            clock.start()
            connection.request("POST", parts.path.rstrip("/") + "/chat/completions", content, headers)
            with connection.getresponse() as answer:
                body = answer.read(MAX_BYTES + 1)
                missing = answer.length or 0
        except (OSError, http.client.HTTPException, UnicodeError) as error:
            if late.is_set() or isinstance(error, TimeoutError):
                raise self._late() from None
            raise ServerError(
                f"{self.base} cannot be reached: {error}", "is the server running, and the address right?"
            ) from None
        finally:
            clock.cancel()
            connection.close()
        if late.is_set():
            raise self._late()
        if len(body) > MAX_BYTES:
            raise ServerError(
                f"{self.base} answered more than {MAX_BYTES >> 20} MiB", "is that a server of chat completions?"
            )
        if missing:
            raise ServerError(f"{self.base} ended its answer {missing:,} bytes too early", "try again")
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, body

    def _late(self) -> ServerError:
        return ServerError(f"{self.base} did not answer within {self.timeout:g} s", "try again, or give --timeout")

    def _refused(self, status: int, body: bytes) -> ServerError:
        try:
            said = str(json.loads(body)["error"]["message"])[:300]
        except (ValueError, LookupError, TypeError, RecursionError):
            said = ""
        hint = {
            401: "set MEMENTO_API_KEY to your key",
            403: "this key may not use that model",
            404: f"is {self.model} a model of that server, and does the address end with /v1?",
            429: "the server limits its rate: wait, and run it again; what was answered is recorded",
        }.get(status, "nothing was committed; what was answered is recorded, so running it again goes on from here")
        if 300 <= status < 400:
            said, hint = "it sends elsewhere, which is not followed", "name the address that it moved to"
        return ServerError(f"{self.base} answered {status}" + (f": {said}" if said else ""), hint)


def check_model(name: str) -> str:
    """The name of a model, which a commit will tell. Raises `UsageError` for none, or one that is no short line."""
    if not name.strip():
        raise UsageError("no model is named", "set MEMENTO_MODEL, or give --model NAME")
    if len(name) > _LONGEST_NAME or not name.isprintable():
        raise UsageError(
            f"the name of the model is not a line of at most {_LONGEST_NAME} characters", "look at MEMENTO_MODEL"
        )
    return name


class ServerError(StoreError):
    """A server did not give an answer that can be used."""


def _is_address(base: str) -> bool:
    try:
        parts = urllib.parse.urlsplit(base)
        port = parts.port
    except ValueError:
        return False
    good = parts.scheme in ("http", "https") and parts.hostname and port != 0 and base.isascii() and base.isprintable()
    return bool(good and not (parts.query or parts.fragment or " " in base))


def _hang_up(connection: http.client.HTTPConnection, late: threading.Event) -> None:
    """Ends an exchange that takes too long, whatever it waits for."""
    late.set()
    with suppress(OSError, AttributeError):
        connection.sock.shutdown(socket.SHUT_RDWR)


def _wait(asked: str, attempt: int) -> float:
    """Seconds to wait: what the server asks for, else longer each time."""
    try:
        return min(max(0.0, float(asked)), _LONGEST_WAIT)
    except ValueError:
        return min(float(2**attempt), _LONGEST_WAIT)


def _read(body: bytes, base: str) -> Completion:
    try:
        answer = json.loads(body)
        choice = answer["choices"][0]
        text, finish = choice["message"]["content"], _word(choice.get("finish_reason"))
    except (ValueError, LookupError, TypeError, RecursionError):
        raise ServerError(f"{base} answered what is no chat completion", "does the address end with /v1?") from None
    if not isinstance(text, str):
        raise ServerError(f"{base} answered a completion without text", "use a model that writes text")
    text = text.encode("utf-8", "replace").decode()
    if len(text) > MAX_TEXT:
        text, finish = text[:MAX_TEXT], "length"
    return Completion(text, finish, _word(answer.get("system_fingerprint")))


def _word(value: Any) -> str:
    """A short text that a server sent beside the answer; anything else says nothing."""
    return value[:_LONGEST_WORD].encode("utf-8", "replace").decode() if isinstance(value, str) else ""
