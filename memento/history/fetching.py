"""Fetching: what comes in from another repository, and what becomes of its references.

Branches go under ``refs/remotes/NAME/``, tags that are not here are made, notes of both sides are
united. Names that break our rules are left out, with the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from memento.errors import CorruptRecord, NotFound, RemoteError, UsageError
from memento.history.address import Address
from memento.history.incoming import Limits, Progress
from memento.history.names import HEADS, TAGS, check_new
from memento.history.notes import PREFIX as NOTES
from memento.history.quarantine import Quarantine
from memento.history.refs import Move, short
from memento.history.sending import peeled
from memento.world.canonical import check_world

if TYPE_CHECKING:
    from memento.history.repository import Repository
    from memento.history.transport import Listing

TRACKING = "refs/remotes/"
_HAVES = 2_000


@dataclass(frozen=True, slots=True)
class Update:
    """One reference that moved, or did not: `kind` is new, forward, forced, merged, gone or refused,
    with the reason in `why`. The empty string stands for absence."""

    ref: str
    before: str
    after: str
    kind: str
    why: str = ""

    @property
    def name(self) -> str:
        """As people call it."""
        return self.ref.removeprefix(TRACKING) if self.ref.startswith(TRACKING) else short(self.ref)


@dataclass(frozen=True)
class Transfer:
    """What a fetch or a push did: with which remote, what moved, and how many objects and bytes came."""

    remote: str
    url: str
    updates: tuple[Update, ...] = ()
    objects: int = 0
    bytes: int = 0
    head: str = ""
    offered: int = 0

    @property
    def moved(self) -> tuple[Update, ...]:
        """The updates that took place."""
        return tuple(update for update in self.updates if update.kind != "refused")

    @property
    def refused(self) -> tuple[Update, ...]:
        """The updates that did not."""
        return tuple(update for update in self.updates if update.kind == "refused")


def take(
    repository: Repository,
    limits: Limits,
    name: str,
    address: Address,
    branches: Sequence[str] = (),
    prune: bool = False,
    notes_only: bool = False,
    progress: Progress | None = None,
    description: str = "",
    more: Callable[[Listing], Sequence[Move]] | None = None,
) -> Transfer:
    """Brings in what an address has, as one operation, after everything was checked.

    `branches` are names there (default: all); with `prune` those that are gone there go here too;
    `more` gives moves that belong to the same operation. Raises `RemoteError`, `NotFound`.
    """
    from memento.history.transfer import source

    known = known_values(repository)
    wanted: dict[str, str] = {}

    def choose(listing: Listing) -> list[str]:
        wanted.update(_wanted(listing, name, branches, notes_only))
        return [value for value in wanted.values() if value not in known]

    with Quarantine(repository.path, limits, progress) as quarantine:
        haves = islice(_haves(repository, name), _HAVES)
        listing = source(address, limits).fetch(choose, haves, quarantine.write, quarantine.progress)
        quarantine.check(repository.objects, set(wanted.values()), known, repository.config.durable)
        updates: list[Update] = [Update(odd, "", "", "refused", "its name is not allowed") for odd in listing.odd]

        def plan() -> list[Move]:
            updates.extend(_updates(repository, listing, name, wanted, prune and not branches and not notes_only))
            moves = [Move(u.ref, u.before, u.after) for u in updates if u.kind != "refused"]
            return [*moves, *(more(listing) if more else ())]

        repository.receive(description or f"fetch {name}", plan, quarantine.install)
        return Transfer(
            name, address.text, tuple(updates), len(quarantine.ids), quarantine.received, listing.head,
            len(listing.refs),
        )  # fmt: skip


def known_values(repository: Repository) -> set[str]:
    """Commits and tags of which everything is here."""
    known: set[str] = set()
    starts: list[str] = []
    for value in dict.fromkeys(repository.refs.values("refs/").values()):
        if not value.startswith("refs/"):
            tags, commit = peeled(repository.objects, value)
            known.update(tags)
            starts += [commit] if commit else []
    return known | repository.walker.ancestors(starts)


def _haves(repository: Repository, name: str) -> Iterable[str]:
    """Commits that are here, newest first: what was seen of that remote before, then everything."""
    seen = list(repository.refs.values(f"{TRACKING}{name}/").values())
    yield from (value for value in seen[:64] if not value.startswith("refs/"))
    tips = [*repository.refs.values(HEADS).values(), *repository.refs.values(NOTES).values()]
    yield from (commit.id for commit in repository.walker.log(list(dict.fromkeys(tips))))


def _updates(
    repository: Repository, listing: Listing, name: str, wanted: Mapping[str, str], prune: bool
) -> list[Update]:
    """What to do about each reference that was wanted; called under the lock."""
    refs = repository.refs
    tracking, tags = refs.values(f"{TRACKING}{name}/"), refs.values(TAGS)
    gone = [ref for ref in tracking if HEADS + ref.split("/", 3)[3] not in listing.refs] if prune else []
    taken = {ref.split("/", 3)[3] for ref in tracking}
    updates = [Update(ref, tracking.pop(ref), "", "gone") for ref in gone]
    for ref, value in wanted.items():
        if ref.startswith(HEADS):
            updates += _branch_update(repository, f"{TRACKING}{name}/", ref.removeprefix(HEADS), value, tracking, taken)
        elif ref.startswith(TAGS):
            updates += _tag_update(repository, ref, value, tags)
        else:
            updates += _notes_update(repository, ref, value)
    return updates


def _branch_update(
    repository: Repository, prefix: str, branch: str, value: str, existing: Mapping[str, str], taken: set[str]
) -> list[Update]:
    ref = prefix + branch
    before = existing.get(ref, "")
    if before == value:
        return []
    why = "" if before else _why_not(branch, taken, "branch")
    if not why and _kind(repository, value) != "commit":
        why = "it leads to no commit"
    if why:
        return [Update(ref, before, value, "refused", why)]
    taken.add(branch)
    walker = repository.walker
    kind = "new" if not before else "forward" if walker.is_ancestor(before, value) else "forced"
    return [Update(ref, before, value, kind)]


def _tag_update(repository: Repository, ref: str, value: str, existing: dict[str, str]) -> list[Update]:
    name = ref.removeprefix(TAGS)
    before = existing.get(ref, "")
    if before == value:
        return []
    why = f"there is another tag of that name here, at {before[:10]}" if before else ""
    why = why or _why_not(name, [tag.removeprefix(TAGS) for tag in existing], "tag")
    if not why and not peeled(repository.objects, value)[1]:
        why = "it leads to no commit"
    if why:
        return [Update(ref, before, value, "refused", why)]
    existing[ref] = value
    return [Update(ref, "", value, "new")]


def _notes_update(repository: Repository, ref: str, value: str) -> list[Update]:
    """Notes of both sides are united, so that they never stand in the way."""
    if _kind(repository, value) != "commit":
        return [Update(ref, "", value, "refused", "it leads to no commit")]
    notes = repository.notes(ref)
    before = notes.tip
    if before == value or (before and repository.walker.is_ancestor(value, before)):
        return []
    if not before or repository.walker.is_ancestor(before, value):
        return [Update(ref, before, value, "forward" if before else "new")]
    bases = repository.walker.merge_bases(before, value)
    try:
        return [Update(ref, before, notes.join(value, bases[0] if bases else ""), "merged")]
    except CorruptRecord as error:
        return [Update(ref, before, value, "refused", f"they cannot be read: {error.why}")]


def _kind(repository: Repository, value: str) -> str:
    return repository.objects.read(value)[0]


def check_branch(repository: Repository, commit: str, name: str, ours: str = "") -> None:
    """Raises `RemoteError` where a commit holds no world, or one that was put together by other means."""
    known = repository.tree_of(ours) if ours else None
    try:
        check_world(repository.objects, repository.tree_of(commit), known)
    except CorruptRecord as error:
        raise RemoteError(
            f"{name} cannot be taken over: commit {commit[:10]} holds no world as memento keeps it: {error.why}",
            "`memento log` shows who made it; it was fetched, and no branch of yours has moved",
        ) from None


def _wanted(listing: Listing, name: str, branches: Sequence[str], notes_only: bool) -> dict[str, str]:
    if notes_only:
        return {ref: value for ref, value in listing.refs.items() if ref.startswith(NOTES)}
    if not branches:
        return dict(listing.refs)
    wanted = {ref: value for ref, value in listing.refs.items() if ref.startswith(NOTES)}
    for branch in branches:
        if HEADS + branch not in listing.refs:
            known = [ref.removeprefix(HEADS) for ref in listing.refs if ref.startswith(HEADS)]
            raise NotFound(f"branch of {name}", branch, known, f"`memento remote show {name}` lists what it has")
        wanted[HEADS + branch] = listing.refs[HEADS + branch]
    return wanted


def _why_not(name: str, taken: Collection[str], what: str) -> str:
    """Why a name of theirs cannot be one here; empty where it can."""
    try:
        check_new([name], taken, what)
    except UsageError as error:
        return error.message.partition(": ")[2] or error.message
    return ""
