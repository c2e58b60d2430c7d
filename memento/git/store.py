"""The objects of a clone of stock git, read and written by git itself."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Sequence
from types import TracebackType

from memento.errors import CorruptRecord, StoreError
from memento.history.commit import Commit, parse_commit
from memento.history.packfile import pack_bytes
from memento.history.packs import MAX_OBJECT, TYPES
from memento.world.objects import Entry, MemoryObjects, object_id, parse_tree


def git(*words: str, input: bytes | None = None) -> bytes:
    """What a git command says. Raises `StoreError` with what it complains about."""
    done = subprocess.run(["git", *words], input=input, capture_output=True, check=False)
    if done.returncode:
        raise StoreError(f"git {words[0]}: {done.stderr.decode('utf-8', 'replace').strip() or 'failed'}")
    return done.stdout


class GitObjects:
    """An `ObjectStore` of the repository that git finds from here: ``git cat-file`` reads it, and what
    is added stays in memory until `flush`. Use as a context manager."""

    def __init__(self) -> None:
        self._new = MemoryObjects()
        self._reader = subprocess.Popen(
            ["git", "cat-file", "--batch"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=-1
        )

    def __enter__(self) -> GitObjects:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for pipe in (self._reader.stdin, self._reader.stdout):
            if pipe is not None:
                pipe.close()
        self._reader.wait()

    def read(self, object_id: str, path: str = "") -> tuple[str, bytes]:
        """Kind and content of an object. Raises `CorruptRecord`."""
        if object_id in self._new.objects:
            return self._new.objects[object_id]
        stdin, stdout = self._reader.stdin, self._reader.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(object_id.encode() + b"\n")
        stdin.flush()
        words = stdout.readline().split()
        if len(words) != 3 or not words[2].isdigit():
            raise CorruptRecord("it is missing", object_id, path)
        size = int(words[2])
        if size > MAX_OBJECT:
            raise CorruptRecord(f"it has {size} bytes (limit {MAX_OBJECT})", object_id, path)
        data = stdout.read(size)
        stdout.read(1)
        return words[1].decode(), data

    def commit(self, revision: str) -> Commit:
        """The commit that a revision names."""
        name = git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}").decode().strip()
        return parse_commit(name, self._expect("commit", name, ""))

    def tree(self, object_id: str, path: str = "") -> tuple[Entry, ...]:
        """The entries of a tree. Raises `CorruptRecord`."""
        try:
            return parse_tree(self._expect("tree", object_id, path))
        except ValueError as error:
            raise CorruptRecord(str(error), object_id, path) from None

    def blob(self, object_id: str, path: str = "") -> bytes:
        """The content of a blob. Raises `CorruptRecord`."""
        return self._expect("blob", object_id, path)

    def blobs(self, wanted: Sequence[tuple[str, str]]) -> list[bytes]:
        """The blobs of (object id, path) pairs, in order."""
        return [self.blob(object_id, path) for object_id, path in wanted]

    def add_blob(self, data: bytes) -> str:
        """Adds a blob; returns its id."""
        return self._new.add_blob(data)

    def add_tree(self, entries: Iterable[Entry]) -> str:
        """Adds a tree; returns its id."""
        return self._new.add_tree(entries)

    def flush(self) -> None:
        """Gives git what was added."""
        rows = [(bytes.fromhex(name), TYPES[kind], data) for name, (kind, data) in self._new.objects.items()]
        git("unpack-objects", "-q", input=pack_bytes(rows, 1)[0])

    def _expect(self, kind: str, name: str, path: str) -> bytes:
        found, data = self.read(name, path)
        if found != kind:
            raise CorruptRecord(f"a {found} where a {kind} belongs", name, path)
        return data


def blob_name(data: bytes) -> str:
    """The id that git gives to a file."""
    return object_id("blob", data)
