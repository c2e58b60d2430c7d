"""A repository's configuration file: read by an allow-list, since a folder may come from anyone.

Syntax as in git-config(1). Keys that would run programs, read other files or look elsewhere for
objects make the repository refused; memento itself runs nothing.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from memento.errors import NewerFormat, StoreError, UsageError
from memento.history.files import write_atomic

FORMAT = 1
"""Version of the repository's layout, as `memento.format` of its configuration."""
INITIAL = f"""[core]
\trepositoryformatversion = 0
\tfilemode = true
\tbare = true
[gc]
\tauto = 0
[memento]
\tformat = {FORMAT}
"""
_MEND = "mend it with an editor, or clone the repository instead: settings stay behind"
_SECTION = re.compile(r'\s*\[([A-Za-z0-9.-]+)(?:\s+"((?:[^"\\]|\\.)*)")?\]\s*(.*)')
_KEY = re.compile(r"\s*([A-Za-z][A-Za-z0-9-]*)\s*(?:=\s*(.*))?")
_DANGER = {
    "include": "reads other files", "includeif": "reads other files",
    "filter": "runs programs", "diff": "runs programs", "merge": "runs programs", "mergetool": "runs programs",
    "difftool": "runs programs", "credential": "runs programs", "alias": "runs programs", "gpg": "runs programs",
    "uploadpack": "runs programs", "browser": "runs programs", "protocol": "lets git run programs",
    "core.sshcommand": "runs programs", "core.fsmonitor": "runs programs", "core.hookspath": "runs programs",
    "core.editor": "runs programs", "core.pager": "runs programs", "core.askpass": "runs programs",
    "core.gitproxy": "runs programs", "core.alternaterefscommand": "runs programs",
    "core.worktree": "writes outside of the repository", "core.attributesfile": "reads other files",
    "core.excludesfile": "reads other files", "url": "sends addresses elsewhere",
    "extensions": "changes how the repository is stored", "remote.vcs": "runs programs",
    "remote.uploadpack": "runs programs", "remote.receivepack": "runs programs", "remote.proxy": "sends data elsewhere",
    "remote.promisor": "leaves objects elsewhere", "gc.recentobjectshook": "runs programs",
    "receive.procreceiverefs": "runs programs", "transfer.credentialsinurl": "shows passwords",
}  # fmt: skip
_ALLOWED = frozenset(
    ("core", "gc", "pack", "repack", "user", "memento", "remote", "branch", "receive", "transfer", "fetch", "push",
     "index", "init", "advice", "color", "log", "maintenance", "format", "fsck", "gate", "protected",
     "retention")
)  # fmt: skip
UNKNOWN = "memento does not know"
NOT_BARE = "is not a bare repository"
TRUE = ("true", "yes", "on", "1")
FALSE = ("false", "no", "off", "0", "")
_URL = re.compile(
    r"(https://|ssh://|file://|/|\./|\.\./|[A-Za-z0-9_][A-Za-z0-9._-]*@[A-Za-z0-9][A-Za-z0-9._-]*:"
    r"|(http|git)://(127\.0\.0\.1|localhost|\[::1\])[:/])[^\n]*"
)


class Config(Mapping[str, str]):
    """Keys as git writes them, section and name in lower case: ``user.name``,
    ``remote.origin.url``. The last of several values counts."""

    def __init__(self, path: Path, values: Mapping[str, str]) -> None:
        self.path = path
        self._values = dict(values)
        self._stamp: tuple[int, int, int] | None = None

    @classmethod
    def load(cls, path: Path) -> Config:
        """Reads and checks ``config``. Raises `StoreError`, `NewerFormat`."""
        try:
            stamp = _stamp(path)
            text = path.read_text("utf-8", "strict")
        except UnicodeDecodeError:
            raise StoreError(f"{path} is not UTF-8 text", _MEND) from None
        except OSError as error:
            raise StoreError(f"cannot read {path}: {error.strerror}", "check who owns it and who may read it") from None
        values: dict[str, str] = {}
        for key, value in parse(text, str(path)):
            _refuse(key, value, path)
            values[key] = value
        config = cls(path, values)
        config._stamp = stamp
        config._check_format()
        return config

    def set(self, key: str, value: str) -> None:
        """Puts a value, in a section of its own at the end; refuses what `load` would refuse."""
        section, _, rest = key.partition(".")
        subsection, _, name = rest.rpartition(".")
        if not name or "\n" in value or "\0" in value:
            raise UsageError(f"{key!r} = {value!r} cannot be stored in a configuration")
        _refuse(key.lower() if not subsection else key, value, self.path)
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        heading = f'[{section} "{subsection}"]' if subsection else f"[{section}]"
        text = self.path.read_text("utf-8") + f'{heading}\n\t{name} = "{escaped}"\n'
        write_atomic(str(self.path), text.encode(), True)
        self._values = dict(parse(text, str(self.path)))

    def change(self, values: Mapping[str, str | None]) -> None:
        """Puts values in place of old ones (None takes a key away), all of them at once.

        Keys are as git writes them, ``branch.main.remote``. What else the file says stays as it is;
        sections that are empty then go. Refuses what `load` would refuse.
        """
        sections: dict[str, list[str]] = {}
        for key, value in values.items():
            section, _, rest = key.partition(".")
            subsection, _, name = rest.rpartition(".")
            if not name or "\n" in key or (value is not None and set(value) & {"\n", "\0"}):
                raise UsageError(f"{key!r} = {value!r} cannot be stored in a configuration")
            if value is None:
                continue
            _refuse(key, value, self.path)
            title = subsection.replace("\\", "\\\\").replace('"', '\\"')
            escaped = value.replace("\\", "\\\\").replace('"', '\\"')
            heading = f'[{section} "{title}"]' if subsection else f"[{section}]"
            sections.setdefault(heading, []).append(f'\t{name} = "{escaped}"\n')
        text = _without(self.path.read_text("utf-8"), values.keys())
        text += "".join(heading + "\n" + "".join(lines) for heading, lines in sections.items())
        write_atomic(str(self.path), text.encode(), True)
        self._values = dict(parse(text, str(self.path)))

    def __getitem__(self, key: str) -> str:
        return self._values[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    @property
    def durable(self) -> bool:
        """Whether writes are forced to the disk: `MEMENTO_DURABILITY` or ``memento.durability``,
        ``full`` (default) or ``fast``. Raises `UsageError` for anything else."""
        value = os.environ.get("MEMENTO_DURABILITY") or self.get("memento.durability", "full")
        if value not in ("full", "fast"):
            raise UsageError(f"durability {value!r} is neither full nor fast", "set MEMENTO_DURABILITY=full")
        return value == "full"

    def protected(self, branch: str) -> bool:
        """Whether a branch takes merges only (``protected.BRANCH``)."""
        return self.get(f"protected.{branch}.enabled", "false").lower() in TRUE

    def refresh(self) -> None:
        """Reads the file again where another process has changed it."""
        try:
            stamp = _stamp(self.path)
        except OSError:
            return
        if stamp != self._stamp:
            self._values = dict(Config.load(self.path))
            self._stamp = stamp

    def _check_format(self) -> None:
        version, own = self.get("core.repositoryformatversion", "0"), self.get("memento.format", str(FORMAT))
        if not own.isdecimal() or int(own) > FORMAT:
            raise NewerFormat(
                f"{self.path.parent} is a repository of format {own}; this memento reads up to {FORMAT}",
                "upgrade memento: pip install --upgrade memento",
            )
        if version != "0":
            raise NewerFormat(
                f"{self.path.parent} is a git repository of format {version}; memento reads format 0",
                f"copy it with `git clone --mirror {self.path.parent} NEW`",
            )


def parse(text: str, where: str) -> Iterator[tuple[str, str]]:
    """(key, value) pairs of a configuration file. Raises `StoreError` that names the line."""
    section = ""
    lines = text.replace("\r\n", "\n").split("\n")
    number = 0
    while number < len(lines):
        line, first = lines[number], number + 1
        while (len(line) - len(line.rstrip("\\"))) % 2 and number + 1 < len(lines):
            number += 1
            line = line[:-1] + lines[number]
        number += 1
        heading = _SECTION.fullmatch(line)
        if heading:
            name = heading[1].lower()
            section = name if heading[2] is None else name + "." + re.sub(r"\\(.)", r"\1", heading[2])
            line = heading[3]
        if not line.strip() or line.lstrip()[0] in "#;":
            continue
        pair = _KEY.fullmatch(line)
        if pair is None or not section:
            raise StoreError(f"{where}, line {first}: not a setting: {line.strip()[:60]!r}", _MEND)
        yield f"{section}.{pair[1].lower()}", "true" if pair[2] is None else _unquoted(pair[2])


def _without(text: str, keys: Collection[str]) -> str:
    """A configuration without some keys, and without the sections that are empty then."""
    kept: list[tuple[str, list[str]]] = [("", [])]
    section, touched = "", set[int]()
    lines = text.replace("\r\n", "\n").splitlines(keepends=True)
    while lines:
        line = lines.pop(0)
        heading = _SECTION.fullmatch(line.rstrip("\n"))
        if heading:
            name = heading[1].lower()
            section = name if heading[2] is None else name + "." + re.sub(r"\\(.)", r"\1", heading[2])
            kept.append((line if not heading[3] else line[: line.index("]") + 1] + "\n", []))
            line = heading[3] + "\n" if heading[3] else ""
        while (len(line.rstrip("\n")) - len(line.rstrip("\n").rstrip("\\"))) % 2 and lines:
            line += lines.pop(0)
        pair = _KEY.match(line)
        if pair and line.strip() and line.lstrip()[0] not in "#;" and f"{section}.{pair[1].lower()}" in keys:
            touched.add(len(kept) - 1)
        elif line:
            kept[-1][1].append(line)
    return "".join(
        head + "".join(body)
        for number, (head, body) in enumerate(kept)
        if number not in touched or "".join(body).strip()
    )


def _unquoted(raw: str) -> str:
    value: list[str] = []
    quoted = False
    kept = 0
    characters = iter(raw)
    for character in characters:
        if character == '"':
            quoted = not quoted
            kept = len(value)
        elif character == "\\":
            escape = next(characters, "")
            value.append({"n": "\n", "t": "\t", "b": "\b"}.get(escape, escape))
            kept = len(value)
        elif character in "#;" and not quoted:
            break
        else:
            value.append(character)
            if quoted or not character.isspace():
                kept = len(value)
    return "".join(value[:kept])


def refusal(key: str, value: str) -> str:
    """Why a setting is refused, as ``runs programs``; the empty string where it is not."""
    section, _, rest = key.partition(".")
    plain = f"{section}.{rest.rpartition('.')[2]}"
    why = _DANGER.get(plain) or _DANGER.get(section)
    if why is None and section not in _ALLOWED:
        why = UNKNOWN
    if why is None and plain == "remote.url" and not _URL.fullmatch(value):
        why = "is not an https, ssh or file address"
    if why is None and plain == "core.bare" and value.lower() not in TRUE:
        why = NOT_BARE
    return why or ""


def _refuse(key: str, value: str, path: Path) -> None:
    why = refusal(key, value)
    if why == NOT_BARE:
        raise StoreError(f"refusing to open {path.parent}: it {NOT_BARE}", "`git clone --bare` makes one that is")
    if why:
        raise StoreError(
            f"refusing to open {path.parent}: its config sets {key}, which {why}",
            "clone it instead: `git clone --mirror` copies the history and leaves the settings behind",
        )


def _stamp(path: Path) -> tuple[int, int, int]:
    """What changes whenever a file does."""
    status = os.stat(path)
    return status.st_mtime_ns, status.st_size, status.st_ino
