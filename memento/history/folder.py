"""Another repository in a folder of this machine: memento's own, or one of stock git.

To fetch, its files are read and nothing of it is run or believed: objects are checked as they are
read, its settings are not looked at. To push, memento's own is opened and changed under its own lock
as one operation, which its undo takes back; stock git's is left to git.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from memento.errors import CorruptRecord, NewerFormat, RemoteError
from memento.history.address import Address
from memento.history.config import FORMAT, parse
from memento.history.incoming import Limits, Progress
from memento.history.objects import Objects
from memento.history.place import FOLDER
from memento.history.refs import Refs
from memento.history.sending import missing, pack_chunks
from memento.history.transport import Choose, Listing, listing_of
from memento.history.walk import Walker


def git_folder(address: Address) -> Path:
    """The folder that holds the repository of an address. Raises `RemoteError`."""
    base = Path(address.path)
    for path in (base / FOLDER, base / ".git", base):
        if (path / "HEAD").is_file() and (path / "objects").is_dir():
            return path
    if not base.exists():
        raise RemoteError(f"{base} does not exist", "check the path")
    raise RemoteError(f"there is no repository in {base}", "check the path: it is a folder with .memento or .git in it")


def is_memento(path: Path) -> bool:
    """Whether a repository is memento's own."""
    return (path / "memento").is_dir()


class Folder:
    """A repository in a folder, to fetch from."""

    def __init__(self, address: Address, limits: Limits | None = None) -> None:
        self.path = git_folder(address)
        self.limits = limits or Limits()
        for name in ("objects/info/alternates", "shallow", "commondir"):
            if (self.path / name).exists():
                raise RemoteError(
                    f"{self.path} keeps part of its history elsewhere ({name})",
                    f"make a whole copy first: `git clone --mirror {self.path} COPY`",
                )
        _check_format(self.path)

    def fetch(self, choose: Choose, haves: Iterable[str], write: Callable[[bytes], Any], progress: Progress) -> Listing:
        """As `Wire.fetch`."""
        refs = Refs(self.path)
        objects = Objects(self.path, False)
        try:
            listing = listing_of(refs.values("refs/").items(), refs.read("HEAD"), self.limits)
            wants = list(dict.fromkeys(choose(listing)))
            if wants:
                ids = missing(objects, Walker(objects), wants, haves)
                for number, piece in enumerate(pack_chunks(objects, ids)):
                    write(piece)
                    if number % 256 == 0:
                        progress(number, len(ids), "objects copied")
            return listing
        except CorruptRecord as error:
            raise RemoteError(f"{self.path}: {error.message}. Nothing was written here", error.hint) from None
        finally:
            objects.close()

    def listing(self) -> Listing:
        """What the repository offers."""
        refs = Refs(self.path)
        return listing_of(refs.values("refs/").items(), refs.read("HEAD"), self.limits)


def _check_format(path: Path) -> None:
    try:
        text = (path / "config").read_text("utf-8", "replace")
    except OSError:
        return
    settings = dict(parse(text, str(path / "config")))
    version = settings.get("memento.format", "0")
    if not version.isdecimal() or int(version) > FORMAT:
        raise NewerFormat(
            f"{path} is a repository of format {version}; this memento reads up to {FORMAT}",
            "upgrade memento: pip install --upgrade memento",
        )
    for key in ("extensions.objectformat", "extensions.refstorage"):
        if settings.get(key, "").lower() not in ("", "sha1", "files"):
            raise RemoteError(
                f"{path} keeps its objects or names in a form that memento does not read: {key}",
                "`git bundle create FILE --all` there makes a file to fetch from",
            )
