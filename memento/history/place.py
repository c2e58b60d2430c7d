"""Where a repository lies: making one, finding one, and refusing one that is not safe to open."""

from __future__ import annotations

import os
import secrets
import shutil
import stat
from pathlib import Path

from memento.errors import RepositoryNotFound, StoreError
from memento.history.commit import check_author
from memento.history.config import INITIAL, Config
from memento.history.files import make_folders, sync_folder, write_new
from memento.history.refs import Refs

FOLDER = ".memento"
_FOLDERS = ("objects/pack", "objects/info", "refs/heads", "refs/tags", "refs/memento", "info", "memento")
_PLACES = (
    "", *_FOLDERS, "objects", "refs", "refs/notes", "refs/remotes", "cache", "HEAD", "config", "packed-refs",
)  # fmt: skip
"""What is opened by name: files and folders of this repository, never links to others, pipes or devices."""
_OWN = ("memento", "cache")
"""Folders whose whole content is memento's: it reads, empties and removes what is in them."""
_ALTERNATES = ("objects/info/alternates", "objects/info/http-alternates")


def make(path: Path, branch: str) -> bool:
    """Makes a bare repository at `path`: built beside it, then renamed, so that there is never half
    of one. Returns False where someone else made it meanwhile."""
    make_folders(str(path.parent), True)
    building = path.parent / f"{path.name}-{secrets.token_hex(4)}"
    try:
        for folder in _FOLDERS:
            (building / folder).mkdir(parents=True)
        for name, text in (
            ("HEAD", f"ref: refs/heads/{branch}\n"),
            ("config", INITIAL),
            ("description", "worlds, kept by memento\n"),
            ("memento/pending", "0" * 40 + "\n"),
            ("memento/lock", ""),
        ):
            write_new(str(building / name), text.encode(), True)
        for folder in (*_FOLDERS, "objects", "refs", "."):
            sync_folder(str(building / folder))
        try:
            os.rename(building, path)
        except OSError:
            if not path.exists():
                raise
            return False
        sync_folder(str(path.parent))
        return True
    finally:
        shutil.rmtree(building, ignore_errors=True)


def find(start: Path) -> Path:
    """The ``.memento`` of a folder or of the nearest above it. Raises `RepositoryNotFound`."""
    start = start.absolute()
    if not start.is_dir():
        raise RepositoryNotFound(f"{start} is not a folder", "name one with -C DIR or MEMENTO_DIR")
    if start.name == FOLDER and (start / "HEAD").exists():
        return start
    for folder in (start, *start.parents):
        if (folder / FOLDER).is_dir():
            return folder / FOLDER
    clone = next((folder for folder in (start, *start.parents) if (folder / ".git").is_dir()), None)
    if clone is not None and (clone / "manifest").is_file():
        raise RepositoryNotFound(
            f"{clone} is a clone of stock git, not a memento repository",
            f"`memento clone {clone} DIR` makes one of it; `memento git-setup {clone}` lets git show records in it",
        )
    raise RepositoryNotFound(
        f"no memento repository in {start} or any folder above it",
        "`memento init` makes one here; `memento demo` shows what can be done with one",
    )


def references(start: str | Path | None = None) -> Refs:
    """The references of the repository of `start`, without opening the rest; see `Repository.open`."""
    path = find(Path(start or os.environ.get("MEMENTO_DIR") or os.getcwd()))
    check_folder(path)
    return Refs(path)


def check_folder(path: Path) -> None:
    """Refuses a folder that is not a bare repository, belongs to someone else, or borrows its objects.

    Raises `StoreError`; `MEMENTO_TRUST_OWNER=1` allows the folder of another user.
    """
    missing = [name for name in ("HEAD", "config", "objects", "refs") if not (path / name).exists()]
    if missing:
        raise StoreError(
            f"{path} is not a repository: it has no {', '.join(missing)}",
            "restore it from a clone or a backup, or move it away and `memento init` again",
        )
    _refuse_odd_files(path)
    owner, own = path.stat().st_uid, os.geteuid()
    trusted = {str(own), os.environ.get("SUDO_UID", "") if own == 0 else str(own)}
    if str(owner) not in trusted and os.environ.get("MEMENTO_TRUST_OWNER") != "1":
        raise StoreError(
            f"refusing to open {path}: it belongs to user {owner}, not to you ({own})",
            "clone it, or set MEMENTO_TRUST_OWNER=1 if you trust that user",
        )
    for name in _ALTERNATES:
        if (path / name).exists():
            raise StoreError(
                f"refusing to open {path}: {name} makes it borrow objects from other folders",
                f"clone it instead, or copy them in: `git -C {path} repack -a -d` and remove that file",
            )
    for name in ("shallow", "info/grafts", "commondir"):
        if (path / name).exists():
            raise StoreError(f"refusing to open {path}: its file {name} hides part of its history", "clone it in full")


def _refuse_odd_files(path: Path) -> None:
    inside = (f"{folder}/{name}" for folder in _OWN for name in _names(f"{path}/{folder}"))
    for name in (*_PLACES, *inside):
        try:
            mode = os.lstat(f"{path}/{name}" if name else path).st_mode
        except (FileNotFoundError, NotADirectoryError):
            continue
        if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
            what = "a link to somewhere else" if stat.S_ISLNK(mode) else "no file, but a pipe or a device"
            where = f"its {name}" if name else "it"
            raise StoreError(
                f"refusing to open {path}: {where} is {what}",
                "clone it instead: `git clone --mirror` takes its history alone",
            )


def _names(folder: str) -> list[str]:
    try:
        return sorted(os.listdir(folder))
    except (FileNotFoundError, NotADirectoryError):
        return []


def author(config: Config) -> str:
    """Who signs commits: `MEMENTO_AUTHOR`, then user.name and user.email of the repository, then
    memento itself, so that equal worlds made by two people have equal commits by default."""
    given = os.environ.get("MEMENTO_AUTHOR")
    if given:
        return check_author(given, "MEMENTO_AUTHOR")
    if "user.name" in config:
        return check_author(f"{config['user.name']} <{config.get('user.email', '')}>", f"{config.path}: user.name")
    from memento.history.oplog import AUTHOR

    return AUTHOR
