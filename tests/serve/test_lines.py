"""Lines out of pieces of any size."""

from __future__ import annotations

import io
import os
import random
from typing import Any

import pytest

from memento.serve import lines as lines_file
from memento.serve.lines import lines


class Drip:
    """A pipe that gives a few bytes at a time, and now and then none yet."""

    def __init__(self, data: bytes, seed: int) -> None:
        self.data, self.draw = io.BytesIO(data), random.Random(seed)

    def readinto(self, place: memoryview) -> int:
        return self.data.readinto(place[: self.draw.randrange(1, 40)])


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines_file, "PIECE", 16)


@pytest.mark.parametrize("seed", range(30))
def test_lines_are_those_that_were_written(seed: int) -> None:
    draw = random.Random(seed)
    written = [bytes(draw.choices(b"abc {}", k=draw.choice([0, 3, 20, 90, 300]))) for _ in range(25)]
    data = b"\n".join(written) + (b"\n" if seed % 2 else b"")
    expected: list[bytes | None] = [line if len(line) <= 100 else None for line in data.split(b"\n")]
    if expected[-1] == b"":  # what follows the last newline is no line
        expected.pop()
    found = [None if line is None else bytes(line) for line in lines(Drip(data, seed), 100)]
    assert found == expected


def test_a_line_without_an_end_is_held_within_bounds() -> None:
    class Endless:
        read = 0

        def readinto(self, place: memoryview) -> int:
            self.read += len(place)
            place[:] = b"x" * len(place)
            return len(place) if self.read < 1 << 20 else 0

    assert list(lines(Endless(), 1000)) == [None]


def test_a_pipe_that_does_not_wait_is_waited_for() -> None:
    ours, theirs = os.pipe()
    os.set_blocking(ours, False)
    with open(ours, "rb") as source:
        reading = lines(source, 1000)
        os.write(theirs, b"one\ntwo\n")
        assert bytes(_line(next(reading))) == b"one"
        assert bytes(_line(next(reading))) == b"two"
        os.close(theirs)
        assert list(reading) == []


def _line(line: Any) -> memoryview:
    assert line is not None
    return line
