"""Other repositories: what is known of them, and fetching, pulling and pushing.

A remote is a name for an address in the settings (``remote.NAME.url``), as git keeps it. Its branches
are seen under ``refs/remotes/NAME/``; tags and notes are shared, the operation log is not. Whatever
comes in goes through quarantine, and all references move as one operation.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from memento.errors import ConflictError, NotFound, RemoteError, UsageError
from memento.history.address import Address, parse_address
from memento.history.fetching import TRACKING, Transfer, check_branch, take
from memento.history.incoming import Limits, Progress
from memento.history.names import HEADS, check_name
from memento.history.refs import Move

if TYPE_CHECKING:
    from memento.changes.merge import Policy
    from memento.history.merges import Merge, Merges
    from memento.history.repository import Repository
    from memento.history.transport import Listing

DEFAULT = "origin"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,59}")


@dataclass(frozen=True, slots=True)
class Remote:
    """A named address."""

    name: str
    url: str


@dataclass(frozen=True, slots=True)
class Upstream:
    """The branch of a remote that a branch follows; `ahead` and `behind` count commits on one side alone."""

    remote: str
    branch: str
    commit: str
    ahead: int
    behind: int

    @property
    def name(self) -> str:
        """``origin/main``."""
        return f"{self.remote}/{self.branch}"


class Remotes:
    """The remotes of a repository."""

    def __init__(self, repository: Repository, merges: Merges | None = None, limits: Limits | None = None) -> None:
        self.repository = repository
        self.merges = merges
        self.limits = limits or Limits()

    # ── settings ─────────────────────────────────────────────────────────────────────────────────

    def all(self) -> list[Remote]:
        """The remotes, by name."""
        config = self.repository.config
        found = [key.removeprefix("remote.").removesuffix(".url") for key in config if _url_key(key)]
        return [Remote(name, config[f"remote.{name}.url"]) for name in sorted(found)]

    def get(self, name: str) -> Remote:
        """One remote. Raises `NotFound`."""
        found = {remote.name: remote for remote in self.all()}
        if name not in found:
            raise NotFound("remote", name, found, "`memento remote` lists them, `memento remote add NAME URL` adds one")
        return found[name]

    def add(self, name: str, url: str) -> Remote:
        """Names an address. Raises `UsageError` where the name is taken, or the address is none to go to."""
        self._check_free(name)
        address = parse_address(url)
        self._set({f"remote.{name}.url": address.text, f"remote.{name}.fetch": f"+{HEADS}*:{TRACKING}{name}/*"})
        return Remote(name, address.text)

    def set_url(self, name: str, url: str) -> Remote:
        """Gives a remote another address."""
        self.get(name)
        address = parse_address(url)
        self._set({f"remote.{name}.url": address.text})
        return Remote(name, address.text)

    def remove(self, name: str) -> None:
        """Forgets a remote and what was seen of its branches; one operation."""
        self.get(name)
        refs = self.repository.refs.values(f"{TRACKING}{name}/")
        moves = [Move(ref, value, "") for ref, value in refs.items()]
        self.repository.receive(f"remove remote {name}", lambda: moves)
        keys = [key for key in self.repository.config if key.startswith(f"remote.{name}.")]
        followers = [b for b in self._followers() if self.repository.config.get(f"branch.{b}.remote") == name]
        keys += [f"branch.{b}.{key}" for b in followers for key in ("remote", "merge")]
        self._set(dict.fromkeys(keys))

    def rename(self, old: str, new: str) -> None:
        """Gives a remote another name; what was seen of its branches moves along, as one operation."""
        self.get(old)
        self._check_free(new)
        refs = self.repository.refs.values(f"{TRACKING}{old}/")
        gone = [Move(ref, value, "") for ref, value in refs.items()]
        made = [Move(TRACKING + new + ref.removeprefix(TRACKING + old), "", value) for ref, value in refs.items()]
        self.repository.receive(f"rename remote {old} to {new}", lambda: [*gone, *made])
        config = self.repository.config
        values: dict[str, str | None] = {}
        for key in [key for key in config if key.startswith(f"remote.{old}.")]:
            values[key] = None
            values[f"remote.{new}{key.removeprefix('remote.' + old)}"] = config[key]
        values[f"remote.{new}.fetch"] = f"+{HEADS}*:{TRACKING}{new}/*"
        for branch in self._followers():
            if config.get(f"branch.{branch}.remote") == old:
                values[f"branch.{branch}.remote"] = new
        self._set(values)

    def upstream(self, branch: str) -> Upstream | None:
        """What a branch follows, and how far they are apart; None where it follows nothing that was fetched."""
        repository = self.repository
        remote, theirs = self._followed(branch)
        seen = repository.refs.read(f"{TRACKING}{remote}/{theirs}") if remote else ""
        own = repository.refs.read(HEADS + branch)
        if not seen or not own:
            return None
        ahead, behind = repository.walker.ahead_behind(own, seen)
        return Upstream(remote, theirs, seen, ahead, behind)

    def upstreams(self) -> dict[str, Upstream]:
        """What each branch follows, of those that follow something."""
        found = {branch: self.upstream(branch) for branch in self._followers()}
        return {branch: upstream for branch, upstream in found.items() if upstream is not None}

    def follow(self, branch: str, remote: str, theirs: str) -> None:
        """Makes a branch follow one of a remote."""
        self._set({f"branch.{branch}.remote": remote, f"branch.{branch}.merge": HEADS + theirs})

    def show(self, name: str) -> tuple[Remote, Listing]:
        """A remote and what it offers now; asks it."""
        from memento.history.transfer import source

        remote = self.get(name)
        return remote, source(parse_address(remote.url), self.limits).listing()

    def _set(self, values: Mapping[str, str | None]) -> None:
        with self.repository.exclusive():
            self.repository.config.change(values)

    def _check_free(self, name: str) -> None:
        if not _NAME.fullmatch(name) or name.endswith((".lock", ".")) or ".." in name:
            raise UsageError(f"{name!r} cannot be the name of a remote", "use letters, digits, '.', '_' and '-'")
        for remote in self.all():
            if remote.name.casefold() == name.casefold():
                raise UsageError(
                    f"there is a remote {remote.name!r} already",
                    f"`memento remote set-url {remote.name} URL` changes its address",
                )

    def _followers(self) -> list[str]:
        return [
            key.removeprefix("branch.").removesuffix(".remote")
            for key in self.repository.config
            if key.startswith("branch.") and key.endswith(".remote")
        ]

    def _followed(self, branch: str) -> tuple[str, str]:
        config = self.repository.config
        return config.get(f"branch.{branch}.remote", ""), config.get(f"branch.{branch}.merge", "").removeprefix(HEADS)

    def find(self, given: str | None, branch: str = "") -> tuple[str, Address, bool]:
        """(name, address, whether it is a remote) of what a command was given: a remote, an address,
        or nothing, which is the remote that `branch` follows, origin, or the only one."""
        known = {remote.name: remote for remote in self.all()}
        if given is None:
            followed = self._followed(branch)[0] if branch else ""
            given = followed if followed in known else DEFAULT if DEFAULT in known else ""
            if not given and len(known) == 1:
                given = next(iter(known))
            if not given:
                which = f"name one of {', '.join(known)}" if known else "`memento remote add origin URL` adds one"
                raise UsageError("no remote to use", which)
        if given in known:
            return given, parse_address(known[given].url, self.repository.root), True
        if _NAME.fullmatch(given) and not (self.repository.root / given).exists():
            raise NotFound("remote", given, known, "`memento remote` lists them; an address or a file works too")
        address = parse_address(given)
        for remote in known.values():
            if remote.url == address.text:
                return remote.name, address, True
        return address.name[:60], address, False

    # ── fetching ─────────────────────────────────────────────────────────────────────────────────

    def fetch(
        self,
        remote: str | None = None,
        branches: Sequence[str] = (),
        prune: bool = False,
        progress: Progress | None = None,
    ) -> Transfer:
        """Brings in what a remote, an address or a bundle has: branches as ``NAME/BRANCH``, tags, notes.

        One operation, after everything was checked. `branches` are names there (default: all); with
        `prune` branches that are gone there go here too. What cannot be taken over is told in
        `refused`. Raises `RemoteError`, `NotFound`.
        """
        name, address, _ = self.find(remote, self.repository.refs.read("HEAD").removeprefix(HEADS))
        return take(self.repository, self.limits, name, address, branches, prune, progress=progress)

    # ── pulling ──────────────────────────────────────────────────────────────────────────────────

    def pull(
        self,
        remote: str | None = None,
        branch: str | None = None,
        into: str | None = None,
        ff_only: bool = False,
        rebase: bool = False,
        policy: Policy | None = None,
        message: str = "",
        progress: Progress | None = None,
    ) -> tuple[Transfer, Merge | None]:
        """Fetches, and merges a branch of the remote (default: the one followed, else of the same name)
        into one of ours (default: the current one); None where ours was made by it.

        Before our branch moves, the world that comes in is checked to be one, stored in the form that
        memento gives it. With `ff_only` nothing is merged: `ConflictError` where both have moved;
        with `rebase` our own commits are made again on top of theirs.
        """
        assert self.merges is not None
        repository = self.repository
        own = into or repository.head
        name, address, _ = self.find(remote, own)
        followed, theirs = self._followed(own)
        branch = branch or (theirs if followed == name and theirs else own)
        done = take(repository, self.limits, name, address, progress=progress)
        ref = f"{TRACKING}{name}/{branch}"
        tip = repository.refs.read(ref)
        if not tip:
            known = [r.removeprefix(f"{TRACKING}{name}/") for r in repository.refs.names(f"{TRACKING}{name}/")]
            if not known:
                raise RemoteError(f"{address.text} is empty: it has no branches", f"`memento push {name}` fills it")
            raise NotFound(f"branch of {name}", branch, known, f"`memento pull {name} BRANCH` names one")
        ours = repository.refs.read(HEADS + own)
        check_branch(repository, tip, f"{name}/{branch}", ours)
        if not ours:
            check_name(own)
            repository.receive(f"pull {name}/{branch} into {own}", lambda: [Move(HEADS + own, "", tip)])
            return done, None
        if ff_only and not (repository.is_ancestor(ours, tip) or repository.is_ancestor(tip, ours)):
            raise ConflictError(
                f"{own} and {name}/{branch} have both moved; --ff-only does not merge",
                f"`memento pull {name} {branch}` merges them",
            )
        if repository.resolve(f"{name}/{branch}") == tip:  # else a tag or a branch has that name too
            ref = f"{name}/{branch}"
        if rebase:
            return done, self.merges.rebase(ref, own, policy=policy)
        return done, self.merges.start(ref, own, policy, message=message or f"Merge {name}/{branch} into {own}")

    # ── pushing ──────────────────────────────────────────────────────────────────────────────────

    def push(
        self,
        remote: str | None = None,
        names: Sequence[str] = (),
        tags: bool = False,
        lease: bool = False,
        delete: bool = False,
        dry_run: bool = False,
        progress: Progress | None = None,
    ) -> Transfer:
        """Sends branches (default: the current one; ``OURS:THEIRS`` for another name there), and notes.

        A branch there moves only forward; with `lease` also elsewhere, provided that it is still
        where it was last seen. All or nothing, where the other side can. Raises `PushRejected`.
        """
        from memento.history.pushing import push

        repository = self.repository
        head = repository.refs.read("HEAD").removeprefix(HEADS)
        name, address, named = self.find(remote, head)
        if delete and not names:
            raise UsageError("name the branches to delete there", "`memento push REMOTE --delete BRANCH`")
        sent = names or ([] if tags else [head])
        done = push(repository, self.limits, name, address, sent, tags, lease, delete, dry_run, named, progress)
        if named and not dry_run and not delete:
            for given in sent:
                ours, _, theirs = given.partition(":")
                if repository.has_branch(ours) and not self._followed(ours)[0]:
                    self.follow(ours, name, theirs or ours)
        return done


def _url_key(key: str) -> bool:
    return key.startswith("remote.") and key.endswith(".url") and len(key) > len("remote..url")
