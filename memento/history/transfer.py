"""The other end of a fetch, a clone or a push: a folder, a bundle, or a server; and cloning."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

from memento.errors import CorruptRecord, RemoteError, StaleBranch, UsageError
from memento.history.address import Address, parse_address
from memento.history.bundle import Bundle, is_bundle
from memento.history.fetching import Transfer, check_branch, known_values, take
from memento.history.files import make_folders, sync_folder
from memento.history.folder import Folder, git_folder, is_memento
from memento.history.incoming import Limits, Progress
from memento.history.names import HEADS, check_name
from memento.history.place import FOLDER, make
from memento.history.pushing import stale_there
from memento.history.quarantine import Quarantine
from memento.history.refs import Move
from memento.history.remotes import DEFAULT, Remotes
from memento.history.repository import Repository
from memento.history.sending import pack_chunks
from memento.history.transport import Choose, Listing, Plan, Wire
from memento.world import tree

Missing = Callable[[Sequence[str], Iterable[str]], list[str]]


class Source(Protocol):
    """Something to fetch from."""

    def fetch(self, choose: Choose, haves: Iterable[str], write: Callable[[bytes], Any], progress: Progress) -> Listing:
        """Writes a pack of what `choose` wants of what is offered, and `haves` do not lead to."""
        ...

    def listing(self) -> Listing:
        """What is offered."""
        ...


class Target(Protocol):
    """Something to push to."""

    def push(self, plan: Plan, missing: Missing, ours: Repository, progress: Progress) -> dict[str, str]:
        """Sets references there; returns why it refused, by name (the empty string: it did not)."""
        ...


def source(address: Address, limits: Limits) -> Source:
    """Where to fetch from. Raises `RemoteError` where nothing is there."""
    if address.kind != "file":
        return Wire(address, limits)
    if is_bundle(Path(address.path)):
        return Bundle(Path(address.path), limits)
    return Folder(address, limits)


def target(address: Address, limits: Limits) -> Target:
    """Where to push to. Raises `RemoteError`."""
    if address.kind != "file":
        return _Server(Wire(address, limits))
    if Path(address.path).is_file():
        raise UsageError(f"{address.path} is a file; nothing is pushed to it", "`memento bundle create FILE` makes one")
    path = git_folder(address)
    return _Memento(path, address, limits) if is_memento(path) else _Server(Wire(address, limits, str(path)))


class _Server:
    """A git server, or a folder of stock git."""

    def __init__(self, wire: Wire) -> None:
        self.wire = wire

    def push(self, plan: Plan, missing: Missing, ours: Repository, progress: Progress) -> dict[str, str]:
        return self.wire.push(plan, missing, ours.objects, progress)


class _Memento:
    """A repository of memento on this machine, changed under its own lock, as one operation of its own."""

    def __init__(self, path: Path, address: Address, limits: Limits) -> None:
        self.path = path
        self.address = address
        self.limits = limits

    def push(self, plan: Plan, missing: Missing, ours: Repository, progress: Progress) -> dict[str, str]:
        with Repository(self.path) as theirs:
            before = {ref: value for ref, value in theirs.refs.values("refs/").items() if not value.startswith("refs/")}
            wanted = plan(before)
            if not wanted:
                return {}
            head = theirs.refs.read("HEAD")
            if head in wanted and not wanted[head]:
                raise UsageError(
                    f"{head.removeprefix(HEADS)} is the current branch of {self.address.text}: it is not deleted",
                    "`memento switch` there chooses another one first",
                )
            tips = [value for value in wanted.values() if value]
            with Quarantine(theirs.path, self.limits, progress) as quarantine:
                known = known_values(theirs)
                if any(tip not in known for tip in tips):
                    ids = missing(tips, before.values())
                    for piece in pack_chunks(ours.objects, ids):
                        quarantine.write(piece)
                quarantine.check(theirs.objects, tips, known, theirs.config.durable)
                moves = [Move(ref, before.get(ref, ""), value) for ref, value in wanted.items()]
                names = ", ".join(ref.removeprefix(HEADS) for ref in list(wanted)[:3])
                try:
                    theirs.receive(f"push of {names} from {ours.root}", lambda: moves, quarantine.install)
                except StaleBranch as error:
                    raise stale_there(error, self.address.text) from None
        return dict.fromkeys(wanted, "")


def clone(
    url: str,
    directory: str | Path | None = None,
    branch: str = "",
    remote: str = DEFAULT,
    limits: Limits | None = None,
    progress: Progress | None = None,
) -> tuple[Path, Transfer]:
    """Copies a repository or a bundle into ``directory/.memento``; all of it or nothing.

    `directory` is called after the address where it is left out. The current branch is `branch`, or
    the current one there. Returns the folder and what came. Raises `UsageError` where a repository
    is there already, `RemoteError` where the other holds no worlds, `NewerFormat`.
    """
    address = parse_address(url)
    root = Path(directory or address.name).absolute()
    path = root / FOLDER
    if path.exists():
        raise UsageError(f"there is a repository in {root} already", "choose another folder: `memento clone URL DIR`")
    made = not root.exists()
    building = root / f"{FOLDER}-{secrets.token_hex(4)}"
    make_folders(str(root), True)
    try:
        make(building, "main")
        with Repository(building) as repository:
            remotes = Remotes(repository)
            remotes.add(remote, url)
            done = take(
                repository, limits or Limits(), remote, address, progress=progress, description=f"clone {address.text}",
                more=lambda listing: _first_branch(repository, listing, branch, address.text),
            )  # fmt: skip
            own = repository.refs.read("HEAD").removeprefix(HEADS)
            if repository.refs.read(HEADS + own):
                check_branch(repository, repository.refs.read(HEADS + own), own)
                remotes.follow(own, remote, own)
        building.rename(path)
        sync_folder(str(root))
    except BaseException:
        shutil.rmtree(building, ignore_errors=True)
        if made:
            with suppress(OSError):
                root.rmdir()
        raise
    return path, done


def _first_branch(repository: Repository, listing: Listing, wanted: str, url: str) -> list[Move]:
    """Makes our own branch of the one that is current there, or of another that holds a world."""
    branches = {ref.removeprefix(HEADS): value for ref, value in listing.refs.items() if ref.startswith(HEADS)}
    if not branches:
        return []
    if wanted and wanted not in branches:
        raise RemoteError(f"{url} has no branch {wanted!r}", f"it has {', '.join(list(branches)[:5])}")
    order = [wanted] if wanted else [name for name in (listing.head, "main", *branches) if name in branches]
    for name in dict.fromkeys(order):
        if _holds_world(repository, branches[name]):
            check_name(name)
            ref, head = HEADS + name, repository.refs.read("HEAD")
            return [Move(ref, "", branches[name])] + ([Move("HEAD", head, ref)] if head != ref else [])
    which = f"its branch {wanted} holds none" if wanted else f"none of its {len(branches)} branches holds one"
    raise RemoteError(
        f"{url} holds no worlds: {which}", "`git clone` copies any repository; memento keeps worlds alone"
    )


def _holds_world(repository: Repository, commit: str) -> bool:
    try:
        tree.read_manifest(repository.objects, repository.tree_of(commit))
    except CorruptRecord:
        return False
    return True
