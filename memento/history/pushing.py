"""Pushing: what another repository is asked to take, and what it may not be asked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from memento.errors import NotFound, PushRejected, StaleBranch
from memento.history.address import Address
from memento.history.fetching import TRACKING, Transfer, Update, known_values, take
from memento.history.incoming import Limits, Progress
from memento.history.names import HEADS, TAGS, check_name
from memento.history.notes import PREFIX as NOTES
from memento.history.refs import Move, short
from memento.history.sending import missing

if TYPE_CHECKING:
    from memento.history.repository import Repository


def push(
    repository: Repository,
    limits: Limits,
    name: str,
    address: Address,
    names: Sequence[str],
    tags: bool = False,
    lease: bool = False,
    delete: bool = False,
    dry_run: bool = False,
    named: bool = True,
    progress: Progress | None = None,
) -> Transfer:
    """Sends branches and tags of ours, `names` being ``OURS`` or ``OURS:THEIRS``, and notes.

    See `Remotes.push`. Where the other is `named`, its branches are noted where they are then.
    """
    from memento.history.transfer import target

    wanted = dict.fromkeys((_full(n) for n in names), "") if delete else _sent(repository, names, tags)
    other = target(address, limits)
    if not delete and not dry_run:
        _share_notes(repository, limits, name, address)
    if not delete:
        wanted |= repository.refs.values(NOTES)
    updates: list[Update] = []

    def plan(before: Mapping[str, str]) -> dict[str, str]:
        updates.clear()
        updates.extend(_push_updates(repository, before, wanted, name, lease))
        return {} if dry_run else {update.ref: update.after for update in updates}

    def lacking(wants: Sequence[str], haves: Iterable[str]) -> list[str]:
        return missing(repository.objects, repository.walker, wants, haves)

    told = other.push(plan, lacking, repository, progress or (lambda done, total, note: None))
    done = [update for update in updates if not told.get(update.ref)]
    failed = [replace(u, kind="refused", why=told[u.ref]) for u in updates if told.get(u.ref)]
    if named and not dry_run:
        _note(repository, name, done)
    if failed:
        from memento.history.transport import rejected

        raise rejected(short(failed[0].ref), failed[0].why, name)
    return Transfer(name, address.text, tuple(done))


def _sent(repository: Repository, names: Sequence[str], tags: bool) -> dict[str, str]:
    refs = repository.refs
    wanted: dict[str, str] = {}
    for given in names:
        ours, _, theirs = given.partition(":")
        ref = next((ref for ref in (HEADS + ours, TAGS + ours) if refs.read(ref)), "")
        if not ref:
            repository.require_branch(ours)
        prefix = HEADS if ref.startswith(HEADS) else TAGS
        wanted[prefix + check_name(theirs or ours)] = refs.read(ref)
    return wanted | (refs.values(TAGS) if tags else {})


def _full(name: str) -> str:
    return name if name.startswith("refs/") else HEADS + check_name(name)


def _share_notes(repository: Repository, limits: Limits, name: str, address: Address) -> None:
    """Brings in notes that were made there, so that ours go on from them."""
    from memento.history.transfer import source

    own = repository.refs.values(NOTES)
    if not own:
        return
    theirs = source(address, limits).listing().refs
    for ref, value in own.items():
        seen = theirs.get(ref, "")
        if seen and seen != value and seen not in known_values(repository):
            take(repository, limits, name, address, notes_only=True, description=f"fetch notes of {name}")
            return


def _push_updates(
    repository: Repository, before: Mapping[str, str], wanted: Mapping[str, str], name: str, lease: bool
) -> list[Update]:
    updates = []
    for ref, after in wanted.items():
        now = before.get(ref, "")
        if now == after:
            if not after:
                known = [r.removeprefix(HEADS) for r in before if r.startswith(HEADS)]
                raise NotFound(f"branch of {name}", ref.removeprefix(HEADS), known)
            continue
        if not now or not after:
            updates.append(Update(ref, now, after, "gone" if now else "new"))
            continue
        seen = repository.objects.contains(now)
        if seen and not ref.startswith(TAGS) and repository.is_ancestor(now, after):
            updates.append(Update(ref, now, after, "forward"))
            continue
        last = repository.refs.read(f"{TRACKING}{name}/{ref.removeprefix(HEADS)}") if ref.startswith(HEADS) else now
        if lease and now == last:
            updates.append(Update(ref, now, after, "forced"))
            continue
        raise _not_forward(ref, now, name, seen, lease)
    return updates


def _note(repository: Repository, name: str, done: Sequence[Update]) -> None:
    """Takes note of where the branches there are now."""
    refs = repository.refs
    seen = {f"{TRACKING}{name}/{u.ref.removeprefix(HEADS)}": u.after for u in done if u.ref.startswith(HEADS)}

    def plan() -> list[Move]:
        return [Move(ref, refs.read(ref), after) for ref, after in seen.items()]

    repository.receive(f"push to {name}", plan)


def _not_forward(ref: str, now: str, name: str, seen: bool, lease: bool) -> PushRejected:
    what = short(ref)
    if ref.startswith(TAGS):
        return PushRejected(
            f"{what} is at {now[:10]} in {name} already, and tags do not move",
            f"choose another name, or delete it there: `memento push {name} --delete {ref}`",
        )
    if lease:
        return PushRejected(
            f"{what} in {name} is not where it was last seen: it is at {now[:10]} now",
            f"`memento fetch {name}` looks at it again",
        )
    why = "has commits that yours has not" if not seen else "would lose commits"
    branch = ref.removeprefix(HEADS)
    return PushRejected(
        f"{what} in {name} {why}: it is at {now[:10]}",
        f"`memento pull {name} {branch}` brings them in, then push again; "
        f"`memento push {name} {branch} --force-with-lease` gives them up",
    )


def stale_there(error: StaleBranch, name: str) -> PushRejected:
    """The error for a reference that moved there while it was pushed to."""
    return PushRejected(f"{name}: {error.message}", f"`memento pull {name}` brings in what is new, then push again")
