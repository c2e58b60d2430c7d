"""A training that is not finished yet, in a file: after a kill or a power cut it goes on from there.

The file is a safetensors file beside the checkpoint to be, written anew after each epoch, whole or
not at all. It names what it is a state of; another training refuses it and says what differs.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from memento import __version__
from memento.errors import CorruptRecord, InvalidFile
from memento.render import storage
from memento.render.columns import schema_hash
from memento.train.checkpoint import digest
from memento.train.config import Config
from memento.train.loop import Loop
from memento.train.run import Epoch, Run, Source

FORMAT = 1
KIND = "memento unfinished training"
_WITHOUT = "--force without --resume begins anew"
_ANEW = "--force begins anew, without --resume; otherwise train with what it was begun with"


class State:
    """The file that keeps the state of one training; `config`, `sources` and the run it began at say of which."""

    def __init__(
        self, path: str | os.PathLike[str], config: Config, sources: Sequence[Source], initial: Run | None = None
    ) -> None:
        self.path = Path(path)
        made = {"memento": __version__, "torch": torch.__version__, "columns": schema_hash()}
        if initial is not None:
            made["checkpoint"] = digest(initial)
        self.identity = _plain(
            {
                "options": config.to_map(),
                "sources": [{k: v for k, v in source.to_map().items() if k != "revision"} for source in sources],
                "made with": made,
            }
        )

    def keep(self, loop: Loop) -> None:
        """Writes where a loop stands, in place of what was kept before."""
        arrays = loop.arrays()
        document = {
            **self.identity,
            "history": [epoch.to_map() for epoch in loop.history],
            "best": loop.best,
        }
        text = json.dumps(document, sort_keys=True, separators=(",", ":"), allow_nan=False)
        whole = storage.digest(text, {name: arrays[name] for name in sorted(arrays)})
        metadata = {"kind": KIND, "format": str(FORMAT), "document": text, "digest": whole}
        storage.write(self.path, arrays, metadata)

    def restore(self, loop: Loop) -> int:
        """Takes a loop to where it was kept; the number of epochs that are behind it, 0 where nothing is kept.

        Raises `InvalidFile` for the state of another training, with all that differs, and
        `CorruptRecord` for damage.
        """
        if not self.path.exists():
            return 0
        try:
            arrays, metadata = storage.read(self.path)
        except CorruptRecord as error:
            raise CorruptRecord(error.why, error.object_id, error.path, _WITHOUT) from None
        try:
            if metadata.get("kind") != KIND or storage.format_number(metadata) != FORMAT:
                raise ValueError("it is no unfinished training of this memento")
            document = json.loads(metadata["document"])
            if metadata.get("digest") != storage.digest(
                metadata["document"], {name: arrays[name] for name in sorted(arrays)}
            ):
                raise ValueError("its content does not give the digest that it names")
            faults = list(differences(self.identity, document))
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
            raise self._damaged(error) from None
        if faults:
            raise InvalidFile(str(self.path), faults, _ANEW)
        try:
            for name, array in arrays.items():
                if not np.isfinite(array).all():
                    raise ValueError(f"{name} holds values that are not finite")
            loop.restore(arrays, [Epoch.from_map(epoch) for epoch in document["history"]], int(document["best"]))
        except (ValueError, LookupError, TypeError, AttributeError, RuntimeError) as error:
            raise self._damaged(error) from None
        return len(loop.history)

    def remove(self) -> None:
        """Takes the file away, once the training is finished and written."""
        self.path.unlink(missing_ok=True)

    def _damaged(self, error: Exception) -> CorruptRecord:
        return CorruptRecord(f"not a whole state of a training: {error}", path=str(self.path), hint=_WITHOUT)


def differences(here: Mapping[str, Any], there: Mapping[str, Any]) -> Iterator[str]:
    """What is not the same in two trainings' identities, in words."""
    for part in ("options", "made with"):
        mine, theirs = here[part], dict(there[part])
        for name in sorted({*mine, *theirs}):
            if mine.get(name) != theirs.get(name):
                yield f"{name} is {_told(mine.get(name))} here, and {_told(theirs.get(name))} there"
    sources, others = here["sources"], list(there["sources"])
    if len(sources) != len(others):
        yield f"there are {len(sources)} sources here, and {len(others)} there"
        return
    for number, (one, other) in enumerate(zip(sources, others)):
        for name in sorted(one):
            if one[name] != other.get(name):
                yield f"{name} of source {number + 1} is {_told(one[name])} here, and {_told(other.get(name))} there"


def _told(value: Any) -> str:
    return "none" if value is None else repr(value)


def _plain(values: Any) -> Any:
    """Values as JSON gives them back."""
    return json.loads(json.dumps(values))
