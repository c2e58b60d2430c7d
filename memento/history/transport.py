"""Talking to git servers: over HTTP(S), SSH, git:// on this machine, and to the git program itself.

dulwich's clients speak the protocols; this is the one file, beside `memento.history.delta`, that
imports it. What they raise, and they raise much, becomes a `RemoteError` with a way out.
"""

from __future__ import annotations

import os
import re
import socket
import subprocess
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from dulwich.client import (
    GitClient,
    HTTPUnauthorized,
    SSHGitClient,
    SubprocessGitClient,
    TCPGitClient,
    Urllib3HttpGitClient,
)
from dulwich.errors import GitProtocolError, HangupException, NotGitRepository, SendPackError
from dulwich.pack import UnpackedObject

from memento.errors import MementoError, PushRejected, RemoteError
from memento.history.address import Address, parse_address
from memento.history.incoming import Limits, Progress, size_words
from memento.history.objects import Objects
from memento.history.packs import TYPES

TIMEOUT = 60.0
"""Seconds without a byte after which a server counts as gone."""
ZERO = "0" * 40
_HAVES = 512
_REF_BYTES = 400
_ID = re.compile(r"[0-9a-f]{40}")
_REF = re.compile(r"refs/(?:heads|tags|notes)/(?!.*(?:\.\.|//|/\.|\.lock(?:/|$)))[!-~]{1,300}")
_NO_ACCESS = re.compile(r"permission denied|authentication|access denied|not permitted|publickey", re.IGNORECASE)
_NOT_THERE = re.compile(r"not found|does not appear to be a git|no such|not exported|not a git repo", re.IGNORECASE)
_NOT_REACHED = re.compile(
    r"could not resolve|connection refused|timed out|unreachable|no route|name or service|newconnectionerror|"
    r"nameresolution|max retries", re.IGNORECASE
)  # fmt: skip


@dataclass
class Listing:
    """What a repository offers: its branches, tags and notes by name, and the branch of its `HEAD`.

    `odd` are names of references that are not well-formed, and were left out.
    """

    refs: dict[str, str]
    head: str = ""
    odd: tuple[str, ...] = ()


Choose = Callable[[Listing], Sequence[str]]
"""Given what is offered, the ids to ask for."""
Plan = Callable[[Mapping[str, str]], Mapping[str, str]]
"""Given the references of the other side, which to set to what; the empty string deletes one."""


def listing_of(refs: Iterable[tuple[str, str]], head: str, limits: Limits) -> Listing:
    """The references that memento takes part in. Raises `RemoteError` for too many."""
    found: dict[str, str] = {}
    odd: list[str] = []
    for name, value in refs:
        if not name.startswith(("refs/heads/", "refs/tags/", "refs/notes/")) or name.endswith("^{}"):
            if name.startswith("refs/") and not _plain(name):
                odd.append(name)
            continue
        if name.startswith("refs/notes/textconv/"):
            continue
        if not _REF.fullmatch(name) or not _ID.fullmatch(value):
            odd.append(name)
        else:
            found[name] = value
        if len(found) > limits.refs or len(odd) > limits.refs:
            raise RemoteError(
                f"it offers more than {limits.refs:,} branches and tags. Nothing was written",
                "name what you want: `memento fetch REMOTE BRANCH`; or ask its keeper to delete some",
            )
    return Listing(found, head.removeprefix("refs/heads/") if head.startswith("refs/heads/") else "", tuple(odd))


def _plain(name: str) -> bool:
    return not re.search(r"\.\.|//|/\.|[^!-~]", name)


class Wire:
    """A repository behind one of git's protocols."""

    def __init__(self, address: Address, limits: Limits | None = None, folder: str = "") -> None:
        self.address = address
        self.limits = limits or Limits()
        self._folder = folder
        self._meter = _Meter(self.limits)
        self._opened: list[Any] = []

    def fetch(self, choose: Choose, haves: Iterable[str], write: Callable[[bytes], Any], progress: Progress) -> Listing:
        """Asks for a pack of what `choose` wants and `haves` (newest first) do not lead to."""
        listing = Listing({})

        def wants(refs: Mapping[Any, Any], depth: int | None = None) -> list[Any]:
            nonlocal listing
            listing = self._listing(refs)
            return [name.encode() for name in dict.fromkeys(choose(listing))]

        def take(data: bytes) -> int:
            self._meter.header = False
            write(data)
            return len(data)

        with self._talk():
            client, path = self._client()
            walker: Any = _Haves(haves)
            found = client.fetch_pack(path, wants, walker, take, _messages(progress), protocol_version=0)
            symrefs: Mapping[Any, Any] = found.symrefs or {}
            head = symrefs.get(b"HEAD", b"")
            listing.head = head.decode("utf-8", "replace").removeprefix("refs/heads/")
        return listing

    def listing(self) -> Listing:
        """What the repository offers."""
        return self.fetch(lambda listing: (), (), lambda data: None, lambda done, total, note: None)

    def push(
        self,
        plan: Plan,
        missing: Callable[[Sequence[str], Iterable[str]], list[str]],
        objects: Objects,
        progress: Progress,
        atomic: bool = True,
    ) -> dict[str, str]:
        """Sets references there; returns, by name, why it refused (the empty string: it did not).

        `missing` gives the ids to send, of what is wanted and what is there.
        """
        said: dict[str, str] = {}

        def update(refs: Mapping[bytes, bytes]) -> dict[Any, Any]:
            before = {name.decode("utf-8", "replace"): value.decode() for name, value in refs.items()}
            wanted = plan(before)
            said.update(dict.fromkeys(wanted, ""))
            return {name.encode(): (value or ZERO).encode() for name, value in wanted.items()}

        def generate(have: Any, want: Any, ofs_delta: bool = True, progress: Any = None) -> tuple[int, Iterator[Any]]:
            ids = missing([w.decode() for w in want if w != ZERO.encode()], [h.decode() for h in have])
            return len(ids), _unpacked(objects, ids, tell)

        tell = progress
        self._meter.header = False
        with self._talk():
            client, path = self._client()
            try:
                call: Any = client.send_pack
                done = call(path, update, generate, _messages(progress), atomic=atomic)
            except GitProtocolError as error:
                if not atomic or "atomic" not in str(error):
                    raise
                client, path = self._client()
                call = client.send_pack
                done = call(path, update, generate, _messages(progress))
            for name, why in (done.ref_status or {}).items():
                if why:
                    said[name.decode("utf-8", "replace")] = why
        return said

    def _listing(self, refs: Mapping[bytes, bytes]) -> Listing:
        pairs = ((name.decode("utf-8", "replace"), value.decode("ascii", "replace")) for name, value in refs.items())
        return listing_of(pairs, "", self.limits)

    def _client(self) -> tuple[GitClient, Any]:
        at = self.address
        if at.kind == "file":
            return self._closing(_GitProgram(report_activity=self._meter, thin_packs=False)), self._folder or at.path
        if at.kind in ("http", "https"):
            return _Http(at, self._meter, self._opened), ""
        if at.kind == "git":
            socket.setdefaulttimeout(TIMEOUT)
            client: Any = TCPGitClient(at.host, at.port, thin_packs=False, report_activity=self._meter)
            return self._closing(client), at.path
        command = os.environ.get("GIT_SSH_COMMAND") or os.environ.get("GIT_SSH") or "ssh"
        client = SSHGitClient(
            at.host, at.port, at.user or None, ssh_command=command, thin_packs=False, report_activity=self._meter
        )
        return self._closing(client), at.path

    def _closing(self, client: Any) -> Any:
        """The client, with its connections closed at the end of a talk however that ends."""
        connect = client._connect

        def connected(*args: Any, **options: Any) -> Any:
            found = connect(*args, **options)
            self._opened.append(found[0])
            return found

        client._connect = connected
        return client

    @contextmanager
    def _talk(self) -> Iterator[None]:
        timeout = socket.getdefaulttimeout()
        try:
            yield
        except MementoError:
            raise
        except HTTPUnauthorized:
            raise self._no_access("it asks for a name and a password, or refuses those that were given") from None
        except NotGitRepository:
            raise self._not_there() from None
        except SendPackError as error:
            raise RemoteError(
                f"{self.address.text} refused what was sent: {_words(error)}", "ask whoever keeps it what it takes"
            ) from None
        except (HangupException, GitProtocolError, OSError) as error:
            raise self._told(error) from None
        except (KeyboardInterrupt, SystemExit, MemoryError):
            raise
        except Exception as error:
            raise RemoteError(
                f"{self.address.text} does not speak git as memento does: {type(error).__name__} {_words(error)}",
                "check the address; `git ls-remote` tells what stock git makes of it",
            ) from None
        finally:
            socket.setdefaulttimeout(timeout)
            for connection in self._opened:
                with suppress(Exception):
                    connection.close()
            self._opened.clear()

    def _told(self, error: Exception) -> MementoError:
        text = _words(error)
        if isinstance(error, FileNotFoundError):
            return RemoteError(
                f"there is no program {error.filename!r}, which {self.address.text} needs",
                "install it, or check your PATH",
            )
        if _NO_ACCESS.search(text) and not _NOT_THERE.search(text):
            return self._no_access(text)
        if _NOT_THERE.search(text):
            return self._not_there(text)
        if isinstance(error, OSError) or _NOT_REACHED.search(text):
            return RemoteError(
                f"cannot reach {self.address.host or self.address.text}: {text}", "check the address and your network"
            )
        return RemoteError(
            f"{self.address.text}: {text or 'the connection ended in the middle'}. Nothing was written here",
            "run it again; if it stays so, ask whoever keeps that repository",
        )

    def _no_access(self, why: str) -> RemoteError:
        return RemoteError(
            f"no access to {self.address.text}: {why}",
            "for https: ~/.netrc, git's credential helper, or MEMENTO_USERNAME and MEMENTO_PASSWORD give name and "
            "password; for ssh: check your key with `ssh -T`",
        )

    def _not_there(self, why: str = "") -> RemoteError:
        return RemoteError(
            f"there is no git repository at {self.address.text}" + (f": {why}" if why else ""), "check the address"
        )


class _Meter:
    """Counts what a server says before its pack, so that no list of names fills the memory."""

    def __init__(self, limits: Limits) -> None:
        self.most = limits.refs * _REF_BYTES
        self.header = True
        self.count = 0

    def __call__(self, size: int, what: str = "read") -> None:
        if self.header and what == "read":
            self.count += size
            if self.count > self.most:
                raise RemoteError(
                    f"it names more branches and tags than {size_words(self.most)} hold. Nothing was written",
                    "ask its keeper to delete some",
                )


class _Haves:
    """The commits that are here, as dulwich asks for them."""

    def __init__(self, commits: Iterable[str]) -> None:
        self._commits = iter(commits)
        self._left = _HAVES
        self.shallow: set[bytes] = set()

    def __next__(self) -> bytes | None:
        self._left -= 1
        found = next(self._commits, None) if self._left >= 0 else None
        return None if found is None else found.encode()

    def ack(self, name: bytes) -> None:
        """The server has this one too."""

    def nak(self) -> None:
        """The server has none of those."""


class _GitProgram(SubprocessGitClient):
    """The git program, run in a folder of this machine."""

    def _connect(self, cmd: bytes, path: Any, protocol_version: int | None = None) -> Any:
        names = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_PROTOCOL")
        self.git_command = ["env", *(part for name in names for part in ("-u", name)), "git"]
        return super()._connect(cmd, path, protocol_version)


class _Http(Urllib3HttpGitClient):
    """HTTP(S) with everything that is read counted, and no way to be led somewhere else."""

    def __init__(self, address: Address, meter: _Meter, opened: list[Any]) -> None:
        self._meter = meter
        super().__init__(_base_url(address), timeout=TIMEOUT, thin_packs=False, auth_callback=_credentials)
        pool: Any = getattr(self.pool_manager, "_pool_manager", self.pool_manager)
        request = pool.request

        def requested(*args: Any, **options: Any) -> Any:
            opened.append(request(*args, **options))
            return opened[-1]

        pool.request = requested

    def _http_request(self, *args: Any, **kwargs: Any) -> Any:
        response, read = super()._http_request(*args, **kwargs)
        if response.redirect_location:
            parse_address(response.redirect_location.partition("?")[0])

        def counted(size: int = -1) -> bytes:
            data: bytes = read(size) if size >= 0 else read()  # type: ignore[call-arg]
            self._meter(len(data), "read")
            return data

        return response, counted


def _base_url(address: Address) -> str:
    host = f"[{address.host}]" if ":" in address.host else address.host
    return f"{address.kind}://{host}" + (f":{address.port}" if address.port else "") + address.path


def _credentials(url: str, asked: str, attempt: int) -> dict[str, str] | None:
    """Name and password for an address: from the environment, ~/.netrc, or git's credential helper."""
    from urllib.parse import urlsplit

    if attempt > 1:
        return None
    parts = urlsplit(url)
    name, password = os.environ.get("MEMENTO_USERNAME"), os.environ.get("MEMENTO_PASSWORD")
    if name is not None and password is not None:
        return {"username": name, "password": password}
    import netrc

    with suppress(OSError, netrc.NetrcParseError):
        found = netrc.netrc().authenticators(parts.hostname or "")
        if found and found[2]:
            return {"username": found[0], "password": found[2]}
    with suppress(OSError, subprocess.SubprocessError):
        asking = f"protocol={parts.scheme}\nhost={parts.netloc.rpartition('@')[2]}\n\n"
        told = subprocess.run(
            ["git", "credential", "fill"], input=asking, capture_output=True, text=True, timeout=30, check=True,
            cwd="/", env={**os.environ, "GIT_TERMINAL_PROMPT": "0", "GIT_ASKPASS": "true", "SSH_ASKPASS": "true"},
        ).stdout  # fmt: skip
        values = dict(line.split("=", 1) for line in told.splitlines() if "=" in line)
        if values.get("username") and values.get("password"):
            return {"username": values["username"], "password": values["password"]}
    return None


def _unpacked(objects: Objects, ids: Sequence[str], progress: Progress) -> Iterator[UnpackedObject]:
    for number, name in enumerate(ids):
        kind, data = objects.read(name)
        if number % 256 == 0:
            progress(number, len(ids), "objects sent")
        yield UnpackedObject(TYPES[kind], decomp_chunks=[data], sha=bytes.fromhex(name))


def _messages(progress: Progress) -> Callable[[bytes], None]:
    """What a server says while it works is for people at a server; memento counts for itself."""
    return lambda said: None


def _words(error: BaseException) -> str:
    if isinstance(error, HangupException):
        lines = [line.decode("utf-8", "replace") for line in error.stderr_lines or []]
        return " ".join(line.strip() for line in lines if line.strip())[:300] or "the connection ended in the middle"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    reason = getattr(error, "reason", None)
    text = " ".join(str(reason if isinstance(reason, Exception) else error).split())
    return re.sub(r"^.*?(Failed to \w+[^:]*): (\[Errno -?\d+\] )?", "", text)[:300]


def rejected(name: str, why: str, remote: str) -> MementoError:
    """The error for a reference that another repository did not take."""
    stale = any(
        word in why for word in ("fetch first", "non-fast-forward", "stale", "failed to update", "lock", "atomic")
    )
    hint = f"`memento pull {remote}` brings in what is new there; then push again" if stale else ""
    return PushRejected(f"{name} was not taken by {remote}: {why}", hint)
