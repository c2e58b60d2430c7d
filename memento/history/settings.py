"""The settings of a repository that a person may change: what they mean, and which values they take."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from memento.errors import NotFound, UsageError, nearest
from memento.expression import parse
from memento.history.commit import check_author
from memento.history.config import FALSE, TRUE, UNKNOWN, Config, refusal
from memento.history.names import check_name
from memento.history.requirement import Requirement
from memento.models import LEARNERS

_KEPT = {
    "branch": "`memento branch` and the commands that share keep it",
    "remote": "`memento remote` keeps it",
    "core": "it says what the repository is",
}


@dataclass(frozen=True)
class Setting:
    """One setting. `key` as people write it, NAME in it standing for a branch; `check` returns the value
    as it is stored, or raises `UsageError`."""

    key: str
    summary: str
    check: Callable[[str], str]
    default: str = ""


def _text(value: str) -> str:
    check_author(f"{value} <mail@example.org>", "user.name")
    return value


def _mail(value: str) -> str:
    check_author(f"name <{value}>", "user.email")
    return value


def _choice(*known: str) -> Callable[[str], str]:
    def check(value: str) -> str:
        if value not in known:
            raise UsageError(f"{value!r} is not one of {', '.join(known)}")
        return value

    return check


def _switch(value: str) -> str:
    if value.lower() in TRUE:
        return "true"
    if value.lower() in FALSE:
        return "false"
    raise UsageError(f"{value!r} is neither true nor false")


def _whole(low: int, high: int) -> Callable[[str], str]:
    def check(value: str) -> str:
        if not value.isdecimal() or not low <= int(value) <= high:
            raise UsageError(f"{value!r} is not a whole number from {low} to {high}")
        return str(int(value))

    return check


def _requirement(value: str) -> str:
    return Requirement(value).text


def _expression(value: str) -> str:
    parse(value)
    return value


SETTINGS = (
    Setting("user.name", "Who signs commits; MEMENTO_AUTHOR counts more.", _text, "memento"),
    Setting("user.email", "The mail address beside the name.", _mail),
    Setting("memento.durability", "full forces writes to the disk, fast does not.", _choice("full", "fast"), "full"),
    Setting("memento.rerere", "offer remembered answers to conflicts, apply them (auto), or neither (off).",
            _choice("offer", "auto", "off"), "offer"),
    Setting("retention.rule", "Which branches prune --retention takes away: stale(90) & ~tagged().", _expression),
    Setting("protected.NAME", "true lets a branch take merges only.", _switch, "false"),
    Setting("gate.NAME", "What a world must show before it gets into a branch: ndcg >= 0.8 & violations == 0.",
            _requirement),
    Setting("gate.NAME.model", "The model that the gate trains.", _choice(*LEARNERS), LEARNERS[0]),
    Setting("gate.NAME.epochs", "For how many epochs at most; the model's own number if not set.", _whole(1, 10_000)),
    Setting("gate.NAME.seed", "The seed of its training and its canaries.", _whole(0, 2**63 - 1), "0"),
    Setting("gate.NAME.episodes", "How many times each canary is asked.", _whole(1, 100_000), "300"),
    Setting("gate.NAME.override", "true lets --no-gate go past the gate.", _switch, "false"),
)  # fmt: skip
_ENDS = {s.key.removeprefix("gate.NAME."): s for s in SETTINGS if s.key.startswith("gate.NAME.")}


def stored(key: str) -> tuple[str, Setting | None]:
    """The key in the file of one as people write it, and its setting; None for one that is git's own.

    ``gate.main`` is stored as ``gate.main.require``, ``protected.main`` as ``protected.main.enabled``.
    Raises `NotFound` for one that there is not, with the nearest.
    """
    section, dot, rest = key.partition(".")
    section = section.lower()
    if not dot or not rest:
        raise _unknown(key)
    if section == "protected":
        name = rest.removesuffix(".enabled")
        return f"protected.{check_name(name)}.enabled", _by_key("protected.NAME")
    if section == "gate":
        name, _, end = rest.rpartition(".")
        if name and end.lower() in _ENDS:
            return f"gate.{check_name(name)}.{end.lower()}", _ENDS[end.lower()]
        near = nearest(end, _ENDS, 1) if name and end != "require" else []
        if near:
            raise NotFound(
                "setting", key, [f"gate.{name}.{near[0]}"], f"`memento config gate.{rest}.require` if so it is called"
            )
        return f"gate.{check_name(rest.removesuffix('.require'))}.require", _by_key("gate.NAME")
    if section in ("user", "memento", "retention"):
        found = next((s for s in SETTINGS if s.key == key.lower()), None)
        if found is None and key.lower() != "memento.format":
            raise _unknown(key)
        return key.lower(), found
    subsection, _, name = rest.rpartition(".")
    return ".".join(filter(None, (section, subsection, name.lower()))), None


def shown(key: str) -> str:
    """A key of the file as people write it."""
    if key.startswith("gate."):
        return key.removesuffix(".require")
    return key.removesuffix(".enabled") if key.startswith("protected.") else key


def check(key: str, value: str) -> tuple[str, str]:
    """The key and value to store. Raises `NotFound`, `UsageError` for one that may not be set, or not so."""
    inside, setting = stored(key)
    if setting is None:
        why = refusal(inside, value)
        if why == UNKNOWN:
            raise _unknown(key)
        if why:
            raise UsageError(f"{key} cannot be set: it {why}", "memento opens no repository with such a setting")
        kept = _KEPT.get(inside.partition(".")[0]) or ("it says what this is" if inside == "memento.format" else "")
        if kept:
            raise UsageError(f"{key} can be read, not set: {kept}", "`memento config --list` shows all settings")
        return inside, value
    try:
        return inside, setting.check(value)
    except UsageError as error:
        raise _named(error, key) from None


def change(config: Config, key: str, value: str | None) -> str:
    """Sets one setting, or takes it away (None); returns its key in the file.

    Refuses what `Config.load` would refuse. Call it under the repository's lock.
    """
    if value is None:
        inside, setting = stored(key)
        if setting is None:
            check(key, "")
        if inside not in config:
            raise NotFound("setting", key, map(shown, config), "`memento config --list` shows all settings")
    else:
        inside, value = check(key, value)
    config.change({inside: value})
    return inside


def _named(error: UsageError, key: str) -> UsageError:
    error.message = f"{key}: {error.message}"
    error.args = (error.message,)
    return error


def _by_key(key: str) -> Setting:
    return next(setting for setting in SETTINGS if setting.key == key)


def _unknown(key: str) -> NotFound:
    keys: Iterable[str] = (setting.key for setting in SETTINGS)
    return NotFound("setting", key, keys, "`memento config --describe` lists every setting")
