"""Where other repositories are: addresses that memento goes to, and those that it refuses.

https and ssh, a folder, or a bundle file; http and git:// (neither encrypted nor authenticated) to
this machine alone. Nothing else: git's ``ext::`` runs programs, and a name that begins with ``-`` is
taken for an option by whatever is called with it.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from memento.errors import UsageError

_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?|[0-9A-Fa-f:]*:[0-9A-Fa-f:.]+")
_USER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._+-]*")
_SCP = re.compile(r"([^@/:]+)@([^@/:]+):(.+)")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)::?(//)?")
LOOPBACK = ("127.0.0.1", "localhost", "::1")
PORTS = {"https": 443, "http": 80, "git": 9418, "ssh": 22}
_HINT = "write https://HOST/PATH, ssh://USER@HOST/PATH, or a folder or a bundle file"


@dataclass(frozen=True, slots=True)
class Address:
    """One address. `kind` is https, http, git, ssh, or file; `text` is how it is written in a
    configuration; `path` is absolute on this machine for a file."""

    kind: str
    text: str
    path: str
    host: str = ""
    port: int | None = None
    user: str = ""

    @property
    def name(self) -> str:
        """The last part of its path, which the copy of a repository is called after."""
        parts = [part for part in re.split(r"[/:]", self.path) if part and part not in (".memento", ".git", "~")]
        last = parts[-1] if parts else self.host
        return re.sub(r"[^A-Za-z0-9._-]+", "-", re.sub(r"\.(git|bundle)\Z", "", last)).strip("-.") or "worlds"


def parse_address(text: str, base: str | Path | None = None) -> Address:
    """The address that a text stands for; a folder is looked for from `base` (default: here).

    Raises `UsageError` for one that memento does not go to.
    """
    if not text or text.startswith("-") or not text.isprintable() or len(text) > 4096:
        raise UsageError(f"{text!r} is not the address of a repository", _HINT)
    scheme = _SCHEME.match(text)
    if scheme is not None and scheme[2] and "::" not in text[: scheme.end()]:
        kind = scheme[1].lower()
        if kind == "file":
            return _file(unquote(urlsplit(text).path), text, base)
        if kind in PORTS:
            return _remote(kind, text)
        raise UsageError(f"{text!r}: memento does not speak {kind}", _HINT)
    scp = _SCP.fullmatch(text)
    if scp is not None and not Path(base or ".", text).exists():
        user, host, path = scp.groups()
        _check(text, user, host)
        if path.startswith("-"):
            raise UsageError(f"{text!r}: a path that begins with - would be taken for an option there", _HINT)
        return Address("ssh", text, path, host, None, user)
    if scheme is not None and "::" in text[: scheme.end()]:
        raise UsageError(f"{text!r}: memento does not run remote helpers", _HINT)
    return _file(os.path.expanduser(text), text, base)


def _remote(kind: str, text: str) -> Address:
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise UsageError(f"{text!r} is not the address of a repository", _HINT) from None
    if parts.password is not None:
        raise UsageError(
            f"the address of {parts.hostname} has a password in it, which whoever reads the settings would see",
            "leave it out: ~/.netrc, git's credential helper, or MEMENTO_USERNAME and MEMENTO_PASSWORD give it",
        )
    host, user = parts.hostname or "", unquote(parts.username or "")
    _check(text, user, host)
    if kind in ("http", "git") and host not in LOOPBACK:
        raise UsageError(
            f"{text!r}: {kind} is neither encrypted nor authenticated; memento uses it on this machine alone",
            f"use https://{host}{parts.path} or ssh://{host}{parts.path}",
        )
    if parts.query or parts.fragment or parts.path in ("", "/"):
        raise UsageError(f"{text!r} names no repository", _HINT)
    return Address(kind, text, unquote(parts.path), host, port, user)


def _check(text: str, user: str, host: str) -> None:
    if not _HOST.fullmatch(host) or (user and not _USER.fullmatch(user)):
        raise UsageError(f"{text!r}: {host or user!r} is not the name of a machine or of a user", _HINT)


def _file(path: str, text: str, base: str | Path | None) -> Address:
    absolute = os.path.normpath(os.path.join(os.path.abspath(base or "."), path))
    return Address("file", text if text.startswith("file://") else absolute, absolute)
