"""Settings of one clone of stock git that make it show records and merge by memento's rules.

They are written into that clone's own ``config`` and ``info/attributes``, never into what is
committed: whoever clones a repository runs nothing that came with it.
"""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from memento.errors import RepositoryNotFound, StoreError, UsageError
from memento.history.files import make_folders, storing, write_atomic
from memento.history.place import FOLDER
from memento.world.tree import FOLDERS

PROGRAM = "git-merge-memento"
_BEGIN, _END = "# memento git-setup: begin", "# memento git-setup: end"
_FILES = ("manifest", *(f"{folder}/**" for folder in FOLDERS))


@dataclass(frozen=True, slots=True)
class Attached:
    """What was set up: the git folder, its settings by key, and whether git finds the merge strategy."""

    path: Path
    settings: dict[str, str]
    strategy: bool


def attach(folder: Path) -> Attached:
    """Sets a clone up; again where it is so already. Raises `RepositoryNotFound`, `UsageError`."""
    path = _git_folder(folder)
    strategy = shutil.which(PROGRAM) is not None
    settings = {
        "diff.memento.textconv": _program("records"),
        "diff.memento.cachetextconv": "true",
        "merge.memento.name": "memento's rules, record by record",
        "merge.memento.driver": f"{_program('driver')} %O %A %B %P",
    }
    if strategy:
        settings["pull.twohead"] = "memento"
    detach(folder)
    for key, value in settings.items():
        _git(path, "config", "--local", key, value)
    rules = "\n".join([_BEGIN, *(f"{pattern} diff=memento merge=memento" for pattern in _FILES), _END])
    _write_attributes(path, rules)
    return Attached(path, settings, strategy)


def detach(folder: Path) -> Path:
    """Takes the settings out again; nothing happens where there are none. Returns the git folder."""
    path = _git_folder(folder)
    for section in ("diff.memento", "merge.memento"):
        if _git(path, "config", "--local", "--get-regexp", f"^{section}\\.", check=False):
            _git(path, "config", "--local", "--remove-section", section)
    if _git(path, "config", "--local", "--get-all", "pull.twohead", check=False).split() == ["memento"]:
        _git(path, "config", "--local", "--unset", "pull.twohead")
    _write_attributes(path, "")
    return path


def _program(module: str) -> str:
    """A program of ours for git to run; ``-P``: nothing that lies in a work tree is imported."""
    return f"{shlex.quote(sys.executable)} -P -m memento.git.{module}"


def _git_folder(folder: Path) -> Path:
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), "rev-parse", "--absolute-git-dir"], capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        raise StoreError("there is no git program here", "install git") from None
    path = Path(done.stdout.rstrip("\n"))
    inside = next((at for at in (folder.absolute(), *folder.absolute().parents) if (at / FOLDER).is_dir()), None)
    if not done.returncode and (path / "memento" / "pending").exists():
        inside = path.parent
    if done.returncode or (path / "memento" / "pending").exists():
        if inside is not None:
            raise UsageError(
                f"{inside / FOLDER} is memento's own repository, and opens with no settings that run programs",
                f"set a clone of it up: `git clone {inside / FOLDER} CLONE`, then `memento git-setup CLONE`",
            )
        raise RepositoryNotFound(f"{folder} is not in a clone of stock git", "`git clone URL CLONE` makes one")
    return path


def _git(path: Path, *words: str, check: bool = True) -> str:
    done = subprocess.run(["git", "--git-dir", str(path), *words], capture_output=True, text=True, check=False)
    if check and done.returncode:
        raise StoreError(f"git {' '.join(words[:3])}: {done.stderr.strip() or 'failed'}")
    return done.stdout


def _write_attributes(path: Path, rules: str) -> None:
    """Puts our lines into ``info/attributes``, in place of old ones, and leaves the rest."""
    common = Path(_git(path, "rev-parse", "--git-common-dir").strip())
    file = (common if common.is_absolute() else path / common if common != Path(".") else path) / "info" / "attributes"
    text = file.read_text("utf-8") if file.exists() else ""
    before, begin, rest = text.partition(_BEGIN + "\n")
    kept = before + rest.partition(_END + "\n")[2] if begin else text
    after = kept + rules + "\n" if rules else kept
    if after == text:
        return
    with storing(file):
        make_folders(str(file.parent), False)
        write_atomic(str(file), after.encode(), False)
