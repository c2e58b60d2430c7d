"""``memento remote``."""

from __future__ import annotations

from collections.abc import Callable

import click
from click.shell_completion import CompletionItem

from memento.cli.context import Context, define, json_option
from memento.cli.output import Column, clean
from memento.cli.present import short
from memento.cli.sharing import remotes
from memento.errors import UsageError

_ACTIONS = {"list": 0, "add": 2, "remove": 1, "rename": 2, "set-url": 2, "show": 1}


def _words(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    given = ctx.params.get("words") or ()
    if not given:
        return [CompletionItem(word) for word in _ACTIONS if word.startswith(incomplete)]
    return remotes(ctx, param, incomplete)


@define(
    """
    memento remote
    memento remote add origin https://example.org/team/worlds.git
    memento remote set-url origin ssh://git@example.org/team/worlds.git
    memento remote rename origin upstream
    memento remote show origin
    memento remote remove origin
    """
)
@click.argument("words", metavar="[list | add NAME URL | remove NAME | rename OLD NEW | set-url NAME URL | show NAME]",
                nargs=-1, shell_complete=_words)  # fmt: skip
@json_option
def command(context: Context, words: tuple[str, ...]) -> None:
    """Name other repositories, list them, or look at one.

    Without words it lists them. show asks the other repository what it has; the rest changes the
    settings here alone.
    """
    action, *rest = words or ("list",)
    if action not in _ACTIONS:
        raise UsageError(f"remote does not know {action!r}", f"it knows {', '.join(_ACTIONS)}")
    if len(rest) != _ACTIONS[action]:
        raise UsageError(
            f"remote {action} takes {_ACTIONS[action]} more words, not {len(rest)}", "see `memento remote --help`"
        )
    _DO[action](context, *rest)


def _list(context: Context) -> None:
    output, found = context.output, context.workspace.remotes.all()
    if output.json:
        output.document("memento.remote/1", {"remotes": [{"name": r.name, "url": r.url} for r in found]})
    elif found:
        output.table([Column("remote", style="bold"), Column("address", long=True)], ((r.name, r.url) for r in found))
    else:
        output.message("No remotes yet")
        output.hint("`memento remote add origin URL` names one")


def _add(context: Context, name: str, url: str) -> None:
    made = context.workspace.remotes.add(name, url)
    _said(context, "added", made.name, f"{name} is {made.url}")
    context.output.hint(f"`memento fetch {name}` brings in what it has, `memento push {name}` sends the current branch")


def _set_url(context: Context, name: str, url: str) -> None:
    _said(context, "changed", name, f"{name} is {context.workspace.remotes.set_url(name, url).url}")


def _remove(context: Context, name: str) -> None:
    context.workspace.remotes.remove(name)
    _said(context, "removed", name, f"Removed {name} and what was seen of its branches")


def _rename(context: Context, old: str, new: str) -> None:
    context.workspace.remotes.rename(old, new)
    _said(context, "renamed", new, f"Renamed {old} to {new}")


def _said(context: Context, what: str, name: str, words: str) -> None:
    if context.output.json:
        context.output.document("memento.remote/1", {what: name})
    context.output.message(words)


def _show(context: Context, name: str) -> None:
    output, workspace = context.output, context.workspace
    remote, listing = workspace.remotes.show(name)
    refs = workspace.repository.refs
    rows = []
    for ref, value in listing.refs.items():
        kind, _, branch = ref.removeprefix("refs/").partition("/")
        seen = refs.read(f"refs/remotes/{name}/{branch}" if kind == "heads" else ref)
        state = "as seen here" if seen == value else "new" if not seen else "has moved"
        rows.append({"ref": ref, "commit": value, "state": state})
    if output.json:
        output.document(
            "memento.remote/1", {"name": name, "url": remote.url, "head": listing.head or None, "refs": rows}
        )
        return
    output.line(f"{name} is {remote.url}")
    if not rows:
        output.message("It is empty")
        return
    columns = [Column("there", style="bold"), Column("commit", style="yellow"), Column("here")]
    output.table(columns, ((clean(r["ref"].removeprefix("refs/heads/")), short(r["commit"]), r["state"]) for r in rows))


_DO: dict[str, Callable[..., None]] = {
    "list": _list, "add": _add, "set-url": _set_url, "remove": _remove, "rename": _rename, "show": _show,
}  # fmt: skip
