"""Renderings kept in a folder, so that a revision is compiled once.

An entry is named by what it is made from: the tree, the spec and the column schema, so that
branches of one tree share it and a new formula never reads an old entry. Entries are written
whole; one that cannot be read, or is not what it claims, is a miss and is replaced.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path

from memento.errors import MementoError, StoreError
from memento.render.columns import schema_hash
from memento.render.rendering import FORMAT, Rendering, Spec, load, render
from memento.world.world import World

DEFAULT_LIMIT = 4 << 30


class Cache:
    """Renderings in `folder`, at most about `limit` bytes of them; the longest unused go first."""

    def __init__(self, folder: str | os.PathLike[str], limit: int = DEFAULT_LIMIT) -> None:
        self.folder = Path(folder)
        self.limit = limit

    def path(self, tree: str, spec: Spec) -> Path:
        """Where the rendering of a tree by a spec lies, or would lie."""
        text = f"{FORMAT} {schema_hash()} {tree} {json.dumps(spec.to_map(), sort_keys=True)}"
        return self.folder / f"{hashlib.sha256(text.encode()).hexdigest()}.safetensors"

    def get(self, tree: str, spec: Spec) -> Rendering | None:
        """The rendering that is kept, or None."""
        place = self.path(tree, spec)
        if not place.is_file():
            return None
        try:
            found = load(place)
        except MementoError:
            return None
        if found.tree != tree or found.spec != spec:
            return None
        with contextlib.suppress(OSError):
            os.utime(place)
        return found

    def put(self, rendering: Rendering) -> None:
        """Keeps a rendering that names its tree. Raises `StoreError` where the folder cannot be written."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"cannot make the folder {self.folder}: {error.strerror or error}") from None
        place = self.path(rendering.tree, rendering.spec)
        rendering.save(place)
        self._shrink(place)

    def rendering(self, tree: str, spec: Spec, world: Callable[[], World], commit: str = "") -> Rendering:
        """The rendering of a tree, from the cache or made from `world()` and kept.

        Failing to keep it is no failure: the rendering is given all the same.
        """
        found = self.get(tree, spec)
        if found is None:
            found = render(world(), spec, commit, tree)
            with contextlib.suppress(StoreError):
                self.put(found)
        return dataclasses.replace(found, commit=commit)

    def clear(self) -> int:
        """Removes every entry; how many there were."""
        entries = self._entries()
        for place, _, _ in entries:
            place.unlink(missing_ok=True)
        return len(entries)

    def _entries(self) -> list[tuple[Path, int, int]]:
        entries = []
        for place in self.folder.glob("*.safetensors"):
            with contextlib.suppress(OSError):
                status = place.stat()
                entries.append((place, status.st_size, status.st_mtime_ns))
        return sorted(entries, key=lambda entry: (entry[2], entry[0].name))

    def _shrink(self, newest: Path) -> None:
        entries = self._entries()
        total = sum(size for _, size, _ in entries)
        for place, size, _ in entries:
            if total <= self.limit:
                return
            if place != newest:
                with contextlib.suppress(OSError):
                    place.unlink()
                total -= size
