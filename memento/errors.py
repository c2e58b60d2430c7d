"""Every error that memento raises on purpose: what, where, why, then the way out.

The command line prints ``Error: <message>`` and ``Hint: <hint>`` on stderr and exits with
`exit_code`; nothing that a user can cause ends in a traceback.

| code | meaning |
| ---- | ------- |
| 1 | a merge stopped at conflicts or violations, or a check did not hold |
| 2 | usage: bad input, an unknown name, an invalid file |
| 3 | no repository here |
| 4 | the store or the machine failed: corrupt object, disk full, lock held |
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence


class MementoError(Exception):
    """Base of all errors that memento raises on purpose; carries a way out in `hint`."""

    exit_code = 2

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\nHint: {self.hint}" if self.hint else self.message


class UsageError(MementoError):
    """The caller asked for something that cannot be: a bad value, option or combination."""


class NotFound(UsageError):
    """A name that names nothing; the hint offers the nearest names that exist."""

    def __init__(self, what: str, name: str, known: Iterable[str] = (), hint: str = "") -> None:
        near = nearest(name, known)
        if near:
            hint = f"did you mean {' or '.join(near)}?" + (f" {hint}" if hint else "")
        super().__init__(f"no {what} named {name!r}", hint)
        self.name = name


class InvalidFile(UsageError):
    """A file, or a value of many parts, with faults; all of them are listed at once."""

    def __init__(self, where: str, faults: Sequence[str], hint: str = "") -> None:
        self.where = where
        self.faults = tuple(faults)
        count = "1 fault" if len(faults) == 1 else f"{len(faults)} faults"
        super().__init__("\n".join([f"{where}: {count}", *(f"  - {fault}" for fault in faults)]), hint)


class Interrupted(KeyboardInterrupt):
    """A stop asked for by the user that leaves something to go on with; `hint` says how."""

    def __init__(self, hint: str) -> None:
        super().__init__(hint)
        self.hint = hint


class ConflictError(MementoError):
    """A merge cannot end yet, because conflicts or violations are open."""

    exit_code = 1


class GateFailed(ConflictError):
    """A branch's gate asks for what the world to come does not give; nothing has moved."""


class ProtectedBranch(ConflictError):
    """A branch takes merges only, and this was none."""


class RepositoryNotFound(MementoError):
    """No `.memento` folder here or above."""

    exit_code = 3


class StoreError(MementoError):
    """The store or the machine failed; the repository is as it was."""

    exit_code = 4


class CorruptRecord(StoreError):
    """Stored bytes that are not what they claim to be, named by object id and place."""

    def __init__(self, why: str, object_id: str = "", path: str = "", hint: str = "") -> None:
        where = " ".join(
            part for part in (f"object {object_id}" if object_id else "", f"({path})" if path else "") if part
        )
        super().__init__(
            f"corrupt {where or 'data'}: {why}",
            hint or "only what lies in this object is affected; restore it from a clone or a backup",
        )
        self.why = why
        self.object_id = object_id
        self.path = path


class StaleBranch(StoreError):
    """A branch is no longer where the caller read it: someone else moved it meanwhile."""


class LockHeld(StoreError):
    """Another process is changing the repository and did not finish in time."""


class RemoteError(StoreError):
    """Another repository cannot be reached, refuses, or sends what must not come in; this one is as it was."""


class PushRejected(ConflictError):
    """Another repository has what this one has not seen: fetch and merge first."""


class NewerFormat(StoreError):
    """Stored by a newer memento than this one."""


def nearest(name: str, known: Iterable[str], count: int = 3) -> list[str]:
    """The up to `count` names of `known` that are most like `name`, best first."""
    return difflib.get_close_matches(name, sorted(set(known)), n=count, cutoff=0.6)
