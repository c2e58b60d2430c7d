"""``memento config``."""

from __future__ import annotations

import click
from click.shell_completion import CompletionItem

from memento.cli.context import Context, define, json_option
from memento.cli.output import Column
from memento.errors import NotFound, UsageError


def _keys(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    from memento.history.settings import SETTINGS

    found = []
    for setting in SETTINGS:
        if "NAME" not in setting.key:
            found.append(CompletionItem(setting.key, help=setting.summary))
            continue
        context = ctx.find_object(Context) or Context()
        names = context.workspace.repository.branch_names()[:50]
        found += [CompletionItem(setting.key.replace("NAME", name), help=setting.summary) for name in names]
    return [item for item in found if item.value.startswith(incomplete)]


@define(
    """
    memento config
    memento config user.name "Ada Lovelace"
    memento config gate.main 'canary.recency >= 0.95 & violations == 0'
    memento config protected.main true
    memento config --unset gate.main
    """
)
@click.argument("key", metavar="[KEY]", required=False, shell_complete=_keys)
@click.argument("value", metavar="[VALUE]", required=False)
@click.option("--unset", metavar="KEY", shell_complete=_keys, help="Take a setting away.")
@click.option("-l", "--list", "everything", is_flag=True, help="List what is set; so does no KEY.")
@click.option("--describe", is_flag=True, help="List every setting that there is, and what it means.")
@json_option
def command(
    context: Context, key: str | None, value: str | None, unset: str | None, everything: bool, describe: bool
) -> None:
    """Read and change the settings of a repository.

    With KEY it prints the value, with VALUE too it sets it. Settings stand in .memento/config, as git
    writes them; they are no part of the history, so undo leaves them. What remotes and branches have
    there is kept by the commands that share.
    """
    from memento.history.settings import SETTINGS, change, shown, stored

    if (unset is not None) + (key is not None) + everything + describe > 1:
        raise UsageError("one thing at a time: KEY, --unset KEY, --list or --describe", "see `memento config --help`")
    output = context.output
    if describe:
        rows = [(setting.key, setting.default, setting.summary) for setting in SETTINGS]
        if output.json:
            names = ("key", "default", "summary")
            output.document("memento.config/1", {"known": [dict(zip(names, row, strict=True)) for row in rows]})
        output.table([Column("setting", style="bold"), Column("if not set"), Column("what it is", long=True)], rows)
        return
    repository = context.workspace.repository
    config = repository.config
    if unset is not None or value is not None:
        name = str(unset if unset is not None else key)
        with repository.exclusive():
            config.refresh()
            inside = change(config, name, None if unset is not None else value)
        settings = {shown(inside): config.get(inside)}
        output.message(f"Took {shown(inside)} away" if unset is not None else f"{shown(inside)} = {config[inside]}")
    elif key is not None:
        inside, setting = stored(key)
        if inside not in config and (setting is None or not setting.default):
            raise NotFound("setting", key, map(shown, config), "`memento config --describe` lists those that there are")
        settings = {shown(inside): config.get(inside, setting.default if setting else "")}
        output.line(settings[shown(inside)] or "")
    else:
        settings = {shown(name): config[name] for name in sorted(config)}
        output.table([Column("setting", style="bold"), Column("value", long=True)], settings.items())
    if output.json:
        output.document("memento.config/1", {"settings": settings})
