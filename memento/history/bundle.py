"""Bundles: a history in one file, in git's own format (gitformat-bundle(5), version 2).

``# v2 git bundle``, then a line ``-ID`` for each commit that its reader must have already, a line
``ID NAME`` for each reference, an empty line, and a pack.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from memento.errors import RemoteError, UsageError
from memento.files import replacing
from memento.history.files import storing
from memento.history.incoming import Limits, Progress
from memento.history.names import HEADS, TAGS
from memento.history.notes import PREFIX as NOTES
from memento.history.quarantine import Quarantine
from memento.history.sending import missing, pack_chunks, peeled
from memento.history.transport import Choose, Listing, listing_of

if TYPE_CHECKING:
    from memento.history.repository import Repository

HEADER = b"# v2 git bundle\n"
_BLOCK = 1 << 20


def is_bundle(path: Path) -> bool:
    """Whether a path is a file, which can be nothing but a bundle."""
    return path.is_file()


@dataclass(frozen=True)
class Head:
    """What stands at the head of a bundle: the commits needed, the references, and where its pack begins."""

    needs: tuple[str, ...]
    refs: tuple[tuple[str, str], ...]
    start: int


class Bundle:
    """A bundle file, to fetch from."""

    def __init__(self, path: Path, limits: Limits | None = None) -> None:
        self.path = path
        self.limits = limits or Limits()
        self.head = _read_head(path, self.limits)

    def listing(self) -> Listing:
        """The references in it."""
        values = dict(self.head.refs)
        at = values.get("HEAD", "")
        branches = [name for name, value in self.head.refs if name.startswith(HEADS) and value == at]
        main = next((name for name in branches if name == HEADS + "main"), branches[0] if branches else "")
        return listing_of(self.head.refs, main, self.limits)

    def fetch(self, choose: Choose, haves: Iterable[str], write: Callable[[bytes], Any], progress: Progress) -> Listing:
        """As `Wire.fetch`; the whole pack of it."""
        listing = self.listing()
        if choose(listing):
            lacking = set(self.head.needs) - set(haves) if self.head.needs else set()
            if lacking:
                first = sorted(lacking)[0][:10]
                raise RemoteError(
                    f"{self.path} goes on from {len(lacking)} commit(s) that are not here, such as {first}. "
                    "Nothing was written",
                    "fetch the bundle before it first, or ask for a whole one: `memento bundle create FILE`",
                )
            with storing(self.path), open(self.path, "rb") as file:
                file.seek(self.head.start)
                while data := file.read(_BLOCK):
                    write(data)
        return listing


def create(
    repository: Repository, path: Path, revisions: Sequence[str] = (), since: str = "", progress: Progress | None = None
) -> tuple[Head, int]:
    """Writes branches, tags and notes (default: all) into a bundle, atomically; returns its head and
    how many objects it holds.

    With `since` (a revision) what that leads to is left out, and needed by whoever reads the bundle.
    """
    refs = repository.refs
    chosen: dict[str, str] = {}
    for name in revisions:
        ref = next((ref for ref in (HEADS + name, TAGS + name, name) if refs.read(ref)), "")
        if not ref.startswith("refs/"):
            repository.resolve(name)
            raise UsageError(f"{name!r} is no branch or tag, and a bundle needs names", f"`memento tag NAME {name}`")
        chosen[ref] = refs.read(ref)
    if not revisions:
        chosen = refs.values(HEADS) | refs.values(TAGS) | refs.values(NOTES)
    if not chosen:
        raise UsageError("there is nothing to put into a bundle yet", "`memento generate tiny` makes a first world")
    base = [repository.resolve(since)] if since else []
    hidden = repository.walker.ancestors(base)
    kept = {ref: value for ref, value in chosen.items() if peeled(repository.objects, value)[1] not in hidden}
    if not kept:
        raise UsageError(f"nothing is new since {since}", "leave --since out for a whole bundle")
    head = refs.read("HEAD")
    names = [*kept.items(), *([("HEAD", kept[head])] if head in kept else [])]
    ids = missing(repository.objects, repository.walker, kept.values(), base)
    lines = [HEADER, *(f"-{name} \n".encode() for name in _needed(repository, kept.values(), hidden))]
    lines += [f"{value} {ref}\n".encode() for ref, value in names]
    start = b"".join(lines) + b"\n"
    _write(path, [start], pack_chunks(repository.objects, ids), len(ids), progress)
    return _read_head(path, Limits()), len(ids)


def verify(path: Path, repository: Repository | None = None) -> tuple[Head, int]:
    """Checks a bundle from front to back; returns its head and the number of objects in its pack.

    Commits that it needs must be in `repository`. Raises `RemoteError`; writes nothing that stays.
    """
    import tempfile

    from memento.history.fetching import known_values
    from memento.history.objects import Objects

    bundle = Bundle(path)
    tips = {value for _, value in bundle.head.refs}
    with tempfile.TemporaryDirectory() as folder:
        if repository is None:
            store, known, place = Objects(Path(folder), False), set[str](), Path(folder)
            if bundle.head.needs:
                raise RemoteError(f"{path} goes on from commits that it does not hold", "check it inside a repository")
        else:
            store, known, place = repository.objects, known_values(repository), Path(folder)
        with Quarantine(place) as quarantine:
            bundle.fetch(lambda listing: list(tips), known, quarantine.write, quarantine.progress)
            quarantine.check(store, tips, known, durable=False)
            return bundle.head, len(quarantine.ids)


def _needed(repository: Repository, tips: Iterable[str], hidden: set[str]) -> list[str]:
    """The commits just outside of what is sent: parents that stay out."""
    if not hidden:
        return []
    starts = [commit for value in tips for commit in [peeled(repository.objects, value)[1]] if commit]
    found: set[str] = set()
    seen, queue = set(starts), list(starts)
    while queue:
        for parent in repository.walker.commit(queue.pop()).parents:
            if parent in hidden:
                found.add(parent)
            elif parent not in seen:
                seen.add(parent)
                queue.append(parent)
    return sorted(found)


def _write(path: Path, lead: list[bytes], pieces: Iterable[bytes], count: int, progress: Progress | None) -> None:
    with replacing(path) as file:
        file.writelines(lead)
        for number, piece in enumerate(pieces):
            file.write(piece)
            if progress is not None and number % 256 == 0:
                progress(number, count, "objects written")


def _read_head(path: Path, limits: Limits) -> Head:
    """Raises `RemoteError` for a file that is no bundle."""
    needs: list[str] = []
    refs: list[tuple[str, str]] = []
    try:
        with open(path, "rb") as file:
            if file.readline(100) != HEADER:
                raise RemoteError(f"{path} is not a bundle of version 2", "`git bundle create FILE --all` makes one")
            while line := file.readline(4096):
                if line == b"\n":
                    return Head(tuple(needs), tuple(refs), file.tell())
                text = line.decode("utf-8", "replace").rstrip("\n")
                if text[:1] == "-" and _is_id(text[1:41]):
                    needs.append(text[1:41])
                elif _is_id(text[:40]) and text[40:41] == " ":
                    refs.append((text[41:], text[:40]))
                else:
                    break
                if len(refs) > limits.refs or len(needs) > limits.refs:
                    raise RemoteError(
                        f"{path} names more than {limits.refs:,} references", "make one of fewer branches"
                    )
    except FileNotFoundError:
        raise RemoteError(f"{path} does not exist", "check the path") from None
    except OSError as error:
        raise RemoteError(f"cannot read {path}: {error.strerror}", "check the path and who may read it") from None
    raise RemoteError(f"{path} is not a whole bundle: its list of references cannot be read", "make it again")


def _is_id(text: str) -> bool:
    return len(text) == 40 and not set(text) - set("0123456789abcdef")
