"""Reads scenarios: TOML files, shipped names, overrides. All faults are told at once."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from memento.errors import InvalidFile, NotFound, UsageError, nearest
from memento.scenario.scenario import Scenario
from memento.scenario.schema import FORMAT, MAX_CANDIDATES, MAX_SESSIONS, SECTIONS, Range, Value, parameters
from memento.scenario.values import checked, shown

MAX_FILE_BYTES = 1 << 20
_DEEPEST = 3
"""Parts of the longest dotted key of a parameter."""
_MOST_UNKNOWN = 30
_HEAD = ("format", "name", "summary")
_HINT = "`memento scenarios --parameters` lists every parameter with its unit and range"


def library() -> Path:
    """The folder of the shipped scenarios: inside the installed package, else beside the checkout's."""
    packaged = Path(__file__).parent / "library"
    return packaged if packaged.is_dir() else Path(__file__).parents[2] / "scenarios"


def names() -> list[str]:
    """The names of the shipped scenarios, sorted."""
    return sorted(path.stem for path in library().glob("*.toml"))


def builtin() -> dict[str, str]:
    """The shipped scenarios: name -> summary, sorted by name."""
    return {name: load(name).summary for name in names()}


def load(source: str | Path, overrides: Mapping[str, str] | Iterable[str] = ()) -> Scenario:
    """The scenario of a shipped name or of a TOML file, with parameters overridden.

    A text without a separator and not ending in ``.toml`` is a shipped name. `overrides` are dotted
    keys with values in TOML's notation (``memories.count = 100``, ``[50, 500]``), or ``key=value``
    texts. Raises `NotFound` for an unknown name, `InvalidFile` with all faults, and `UsageError` for a
    file that cannot be read or comes from a newer version.
    """
    text = str(source)
    if isinstance(source, str) and not text.endswith(".toml") and not set(text) & set("/\\"):
        shipped = names()
        if text not in shipped:
            where = f"./{text}" if Path(text).is_file() else f"./{text.strip('.') or 'my'}.toml"
            hint = f"shipped: {', '.join(shipped)}; a file is named by its path, such as {where}"
            raise NotFound("scenario", text, shipped, hint)
        return parse(_read(library() / f"{text}.toml"), text, text, overrides)
    path = Path(source)
    return parse(_read(path), str(path), path.stem, overrides)


def parse(text: str, where: str, name: str, overrides: Mapping[str, str] | Iterable[str] = ()) -> Scenario:
    """The scenario of a TOML text; `where` names it in errors."""
    if not text.strip():
        raise InvalidFile(
            where, ["the file is empty"], "start from a shipped one: `memento scenarios --show tiny > my.toml`"
        )
    try:
        tree = tomllib.loads(text)
    except ValueError as error:
        hint = "mend that place; https://toml.io tells how"
        if "end of document" in str(error):
            hint = "the file may have been cut short while it was written"
        raise InvalidFile(where, [f"not TOML: {error}"], hint) from None
    except RecursionError:
        raise InvalidFile(where, ["not TOML: nested too deeply"]) from None
    return from_map(tree, where, name, overrides)


def from_map(
    tree: Mapping[str, Any], where: str = "scenario", name: str = "", overrides: Mapping[str, str] | Iterable[str] = ()
) -> Scenario:
    """The scenario of nested plain values, such as a world's manifest holds. Inverts `Scenario.to_map`."""
    faults: list[str] = []
    version = tree.get("format")
    if type(version) is int and version > FORMAT:
        raise UsageError(
            f"{where}: written in scenario format {shown(version)}; this memento reads up to {FORMAT}",
            "upgrade memento: pip install --upgrade memento-worlds",
        )
    if "format" not in tree:
        faults.append(f"format is missing; it must be {FORMAT}")
    elif type(version) is not int or version < 1:
        faults.append(f"format = {shown(version)} must be {FORMAT}")
    head = {"name": name, "summary": ""}
    for key in ("name", "summary"):
        given = tree.get(key, head[key])
        if not isinstance(given, str) or len(given) > 500 or not given.isprintable():
            faults.append(f"{key} must be a text of at most 500 characters on one line")
        else:
            head[key] = given
    flat = dict(_flatten({key: value for key, value in tree.items() if key not in _HEAD}, "", faults))
    flat.update(_overrides(overrides, faults))
    values: dict[str, Value] = {}
    for key, parameter in parameters().items():
        value = checked(parameter, flat[key], faults) if key in flat else None
        if value is not None:
            values[key] = value
    unknown = [key for key in flat if key not in parameters()]
    faults += [_unknown(key) for key in unknown[:_MOST_UNKNOWN]]
    if len(unknown) > _MOST_UNKNOWN:
        faults.append(f"no parameter for {len(unknown) - _MOST_UNKNOWN:,} further keys")
    scenario = Scenario(head["name"], head["summary"], values)
    if not faults:
        faults += _together(scenario)
    if faults:
        raise InvalidFile(where, faults, _HINT)
    return scenario


def faults_of(values: Mapping[str, str]) -> list[str]:
    """What is wrong with some parameters, each taken by itself; `values` are as `overrides` of `load`."""
    faults: list[str] = []
    for key, value in _overrides(values, faults).items():
        if key in parameters():
            checked(parameters()[key], value, faults)
        else:
            faults.append(_unknown(key))
    return faults


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
    except (FileNotFoundError, ValueError):
        raise NotFound("scenario file", str(path), names(), f"shipped scenarios: {', '.join(names())}") from None
    except OSError as error:
        raise UsageError(f"cannot read scenario {path}: {error.strerror}") from None
    if len(data) > MAX_FILE_BYTES:
        raise UsageError(
            f"scenario {path} is over {MAX_FILE_BYTES:,} bytes",
            "a scenario is a page of parameters; is this the right file?",
        )
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise InvalidFile(str(path), [f"not UTF-8 text at byte {error.start}"]) from None


def _flatten(tree: Mapping[str, Any], prefix: str, faults: list[str]) -> Iterable[tuple[str, Any]]:
    """Dotted keys and values; a section that is not a table is a fault."""
    for key, value in tree.items():
        path = f"{prefix}{key}"
        is_section = path in SECTIONS or path == "patterns" or (path.startswith("patterns.") and path.count(".") == 1)
        if isinstance(value, dict) and path.count(".") >= _DEEPEST:
            faults.append(f"{shown(path)} is nested too deeply: a parameter is at most {_DEEPEST} names deep")
        elif isinstance(value, dict):
            yield from _flatten(value, f"{path}.", faults)
        elif is_section:
            faults.append(f"{path} must be a table of parameters, written [{path}]")
        else:
            yield path, value


def _overrides(given: Mapping[str, str] | Iterable[str], faults: list[str]) -> dict[str, Any]:
    pairs: list[tuple[str, str]] = []
    if isinstance(given, Mapping):
        pairs = list(given.items())
    else:
        for text in given:
            key, equals, value = text.partition("=")
            if equals:
                pairs.append((key, value))
            else:
                faults.append(f"{text!r} is not key=value")
    result: dict[str, Any] = {}
    for key, value in pairs:
        try:
            parsed = tomllib.loads(f"x = {value.strip()}\n")
            result[key.strip()] = parsed["x"] if set(parsed) == {"x"} else value
        except (ValueError, RecursionError):
            result[key.strip()] = value.strip()
    return result


def _unknown(key: str) -> str:
    known = parameters()
    leaf = key.rpartition(".")[2]
    near = (
        [name for name in known if name.rpartition(".")[2] == leaf]
        or nearest(key, known)
        or [
            name for name in known if name.rpartition(".")[2] in nearest(leaf, [n.rpartition(".")[2] for n in known], 1)
        ]
    )
    return f"no parameter {key[:200]}" + (f"; did you mean {' or '.join(near[:3])}?" if near else "")


def _together(scenario: Scenario) -> list[str]:
    """Faults of parameters that only show together; the totals are checked before anything is made."""
    faults = []
    lists = ["sessions.hour_means", "sessions.hour_sds", "sessions.hour_weights"]
    sizes = [len(scenario[key]) for key in lists]  # type: ignore[arg-type]
    if len(set(sizes)) != 1:
        faults.append(f"{', '.join(lists)} must be equally long, not {', '.join(map(str, sizes))}")
    if sum(scenario["sessions.hour_weights"]) <= 0:  # type: ignore[arg-type]
        faults.append("sessions.hour_weights must not all be 0")
    if most(scenario, "sessions.turns_min", lowest=True) > most(scenario, "sessions.turns_max"):
        faults.append("sessions.turns_min is above sessions.turns_max")
    if most(scenario, "memories.constraint_share") + most(scenario, "memories.episode_share") > 1:
        faults.append("memories.constraint_share and memories.episode_share add up to more than 1")
    per_day = most(scenario, "sessions.per_day_mean") + most(scenario, "sessions.per_day_sd")
    per_day *= max(1.0, *scenario["sessions.project_activity"])  # type: ignore[misc]
    sessions = int(most(scenario, "time.days") * per_day)
    if sessions > MAX_SESSIONS:
        faults.append(
            f"time.days and sessions.per_day_mean ask for up to {sessions:,} sessions; the limit is {MAX_SESSIONS:,}"
        )
    rows = int(sessions * most(scenario, "candidates.per_session"))
    if rows > MAX_CANDIDATES:
        faults.append(
            f"sessions and candidates.per_session ask for up to {rows:,} candidates; the limit is {MAX_CANDIDATES:,}"
        )
    return faults


def most(scenario: Scenario, key: str, lowest: bool = False) -> float:
    """The largest (or smallest) number that a parameter may take in a world of this scenario."""
    value: Any = scenario[key]
    if isinstance(value, Range):
        return value.low if lowest else value.high
    return float(value)
