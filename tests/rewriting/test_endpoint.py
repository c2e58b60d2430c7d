from __future__ import annotations

import json
import socket
import threading
import time
from contextlib import suppress

import pytest

from memento.errors import UsageError
from memento.rewriting.endpoint import MAX_BYTES, Endpoint, ServerError
from rewriting.server import completion, politely, serving

REQUEST = {"messages": [{"role": "user", "content": "It is so."}], "temperature": 0.0, "seed": 3}


def test_a_completion_is_asked_for_and_read() -> None:
    with serving(politely) as (base, seen):
        answer = Endpoint(base, "m", "secret").complete(REQUEST)
    assert answer.text == "It is so. Thank you."
    assert (answer.finish, answer.fingerprint) == ("stop", "fp_1")
    assert seen[0]["path"] == "/v1/chat/completions"
    assert seen[0]["model"] == "m"
    assert seen[0]["seed"] == 3
    assert seen[0]["headers"]["Authorization"] == "Bearer secret"
    assert "secret" not in repr(Endpoint(base, "m", "secret"))


def test_a_busy_server_is_asked_again_when_it_says() -> None:
    waits: list[float] = []
    calls = iter([(429, {"Retry-After": "7"}, b""), (503, {}, b""), (200, {}, completion("yes"))])
    with serving(lambda _: next(calls)) as (base, seen):
        assert Endpoint(base, "m", sleep=waits.append).complete(REQUEST).text == "yes"
    assert waits == [7.0, 2.0]
    assert len(seen) == 3


def test_it_gives_up_on_one_that_stays_busy() -> None:
    waits: list[float] = []
    busy = (429, {"Retry-After": "999999"}, b"{}")
    with serving(lambda _: busy) as (base, seen), pytest.raises(ServerError, match="answered 429") as caught:
        Endpoint(base, "m", sleep=waits.append).complete(REQUEST)
    assert len(seen) == 4
    assert waits == [60.0, 60.0, 60.0]
    assert "limits its rate" in caught.value.hint


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ((401, {}, b'{"error":{"message":"no such key"}}'), "401: no such key"),
        ((404, {}, b"not found"), "answered 404"),
        ((302, {"Location": "http://127.0.0.1:9/v1"}, b""), "sends elsewhere"),
        ((200, {}, b"<html>"), "no chat completion"),
        ((200, {}, b"{}"), "no chat completion"),
        ((200, {}, b'{"choices":[{"message":{"content":null}}]}'), "without text"),
        ((200, {}, b"[" * 100_000), "no chat completion"),
        ((200, {"Content-Length": "5000"}, b"{"), "4,999 bytes too early"),
        ((200, {}, b" " * (MAX_BYTES + 10)), "more than 4 MiB"),
    ],
)  # fmt: skip
def test_bad_answers_are_told(answer: tuple[int, dict[str, str], bytes], told: str) -> None:
    with serving(lambda _: answer) as (base, seen), pytest.raises(ServerError, match=told) as caught:
        Endpoint(base, "m", sleep=lambda _: None, timeout=5).complete(REQUEST)
    assert caught.value.hint
    assert len(seen) == 1


def test_a_server_that_says_nothing_is_not_waited_for() -> None:
    def slow(_: object) -> tuple[int, dict[str, str], bytes]:
        time.sleep(1.0)
        return 200, {}, completion("late")

    with serving(slow) as (base, _), pytest.raises(ServerError, match=r"did not answer within 0\.2 s"):
        Endpoint(base, "m", timeout=0.2).complete(REQUEST)


def test_one_that_answers_drop_by_drop_is_not_waited_for() -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        held.listen()

        def drip() -> None:
            taken, _ = held.accept()
            with taken, suppress(OSError):
                taken.recv(1 << 16)
                taken.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 60\r\n\r\n")
                for _ in range(60):
                    taken.sendall(b" ")
                    time.sleep(0.05)

        thread = threading.Thread(target=drip, daemon=True)
        thread.start()
        start = time.monotonic()
        with pytest.raises(ServerError, match=r"did not answer within 0\.3 s"):
            Endpoint(f"http://127.0.0.1:{held.getsockname()[1]}/v1", "m", timeout=0.3).complete(REQUEST)
        assert time.monotonic() - start < 2.0
        thread.join()


@pytest.mark.parametrize("key", ["s3cret\n", "s3cret key\x00", "s3crèt"])
def test_a_key_that_is_none_is_never_told(key: str) -> None:
    with pytest.raises(UsageError, match="key of the server") as caught:
        Endpoint("http://127.0.0.1/v1", "m", key)
    assert "s3c" not in f"{caught.value} {caught.value.hint} {Endpoint('http://127.0.0.1/v1', 'm', 's3cret')!r}"
    with pytest.raises(UsageError, match="user or password") as caught:
        Endpoint("http://me:s3cret@127.0.0.1/v1", "m")
    assert "s3c" not in f"{caught.value} {caught.value.hint}"


def test_nobody_there() -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port = held.getsockname()[1]
    with pytest.raises(ServerError, match="cannot be reached"):
        Endpoint(f"http://127.0.0.1:{port}/v1", "m").complete(REQUEST)


@pytest.mark.parametrize(
    "base",
    [
        "",
        "127.0.0.1:80",
        "ftp://x/v1",
        "http:///v1",
        "http://x/v1?key=1",
        "http://x:99999/v1",
        "http://x:y/v1",
        "http://x y/v1",
    ],
)
def test_an_address_must_be_one(base: str) -> None:
    with pytest.raises(UsageError, match="is not the address"):
        Endpoint(base, "m")
    with pytest.raises(UsageError, match="no model"):
        Endpoint("http://x/v1", "")


@pytest.mark.parametrize(
    "body",
    [
        b"[]", b"1", b'"x"', b"null", b"\xff\xfe", b"{" * 100_000, b"9" * 10_000, b'{"choices": {}}',
        b'{"choices": []}', b'{"choices": [null]}', b'{"choices": ["x"]}', b'{"choices": [[1]]}',
        b'{"choices": [{"message": "x"}]}', b'{"choices": [{"message": {"content": 1}}]}',
        b'{"choices": [{"message": {"content": NaN}}]}', b'{"choices": [{"message": {"content": ["x"]}}]}',
    ],
)  # fmt: skip
def test_bodies_that_are_no_completion(body: bytes) -> None:
    with serving(lambda _: (200, {}, body)) as (base, _), pytest.raises(ServerError):
        Endpoint(base, "m").complete({"messages": []})


def test_what_stands_beside_a_text_is_kept_short_and_plain() -> None:
    huge = {"a": ["x" * 1000] * 1000}
    body = json.dumps({
        "choices": [{"message": {"content": "yes"}, "finish_reason": "stop" * 1000}], "system_fingerprint": huge,
    }).encode()  # fmt: skip
    with serving(lambda _: (200, {}, body)) as (base, _):
        found = Endpoint(base, "m").complete({"messages": []})
    assert found.text == "yes"
    assert len(found.finish) <= 100
    assert len(found.fingerprint) <= 100


@pytest.mark.parametrize("host", ["a..b", "x" * 64 + ".org", ".org"])
def test_a_host_that_no_name_server_takes(host: str) -> None:
    with pytest.raises((ServerError, UsageError)):
        Endpoint(f"http://{host}/v1", "m", timeout=5).complete({"messages": []})


@pytest.mark.parametrize("model", [" ", "a\nb", "a\0b", "x" * 201, "\ud800"])
def test_a_model_is_one_line(model: str) -> None:
    with pytest.raises(UsageError, match="model"):
        Endpoint("http://127.0.0.1:1/v1", model)
