"""Completion of branches, revisions and record ids in the shell, from the repository at hand.

Switched on by ``eval "$(_MEMENTO_COMPLETE=bash_source memento)"`` (or zsh_source, fish_source).
A fault here completes nothing and says nothing.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from functools import wraps
from typing import TYPE_CHECKING

import click
from click.shell_completion import BashComplete, CompletionItem, add_completion_class, split_arg_string

if TYPE_CHECKING:
    from memento.history import Repository

_SOURCE = """\
%(complete_func)s() {
    local IFS=$'\\n'
    local response
    response=$(env COMP_LINE="${COMP_LINE:0:$COMP_POINT}" %(complete_var)s=bash_complete %(prog_name)s)
    for completion in $response; do
        IFS=',' read type value <<< "$completion"
        if [[ $type == 'dir' ]]; then
            COMPREPLY=()
            compopt -o dirnames
        elif [[ $type == 'file' ]]; then
            COMPREPLY=()
            compopt -o default
        elif [[ $type == 'plain' ]]; then
            COMPREPLY+=("$value")
            [[ $value == *[:=~@] ]] && compopt -o nospace
        fi
    done
    return 0
}

%(complete_func)s_setup() {
    complete -o nosort -F %(complete_func)s %(prog_name)s
}

%(complete_func)s_setup;
"""


class Bash(BashComplete):
    """Bash, which parts a word at every colon, equals sign and '@'; a record name has all three."""

    source_template = _SOURCE

    def get_completion_args(self) -> tuple[list[str], str]:
        line = os.environ.get("COMP_LINE", "")
        words = split_arg_string(line)[1:]
        self._word = "" if line[-1:].isspace() or not words else words.pop()
        return words, self._word

    def format_completion(self, item: CompletionItem) -> str:
        cut = max(self._word.rfind(mark) for mark in ":=@") + 1
        value = item.value[cut:] if item.value.startswith(self._word[:cut]) else item.value
        return f"{item.type},{value}"


add_completion_class(Bash)

Complete = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]


def _items(function: Callable[[click.Context, str], Iterable[str]]) -> Complete:
    """Makes a function from the text so far to whole words into a completion that never fails."""

    @wraps(function)
    def complete(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        try:
            return [CompletionItem(text) for text in function(ctx, incomplete) if text.startswith(incomplete)]
        except Exception:
            return []

    return complete


def _names(ctx: click.Context, *prefixes: str) -> list[str]:
    """The names of references that begin with some prefixes, without the folders before the last of these:
    read without opening the repository, which takes longer than all else."""
    from memento.cli.context import Context
    from memento.history.place import references

    refs = references((ctx.find_object(Context) or Context()).directory)
    return [name.split("/", 2)[2] for prefix in prefixes for name in refs.names(prefix)]


def _repository(ctx: click.Context) -> Repository:
    from memento.cli.context import Context

    context = ctx.find_object(Context) or Context()
    return context.workspace.repository


@_items
def branches(ctx: click.Context, incomplete: str) -> Iterable[str]:
    return _names(ctx, f"refs/heads/{incomplete}")


@_items
def revisions(ctx: click.Context, incomplete: str) -> Iterable[str]:
    return _revisions(ctx, incomplete)


@_items
def records_or_revisions(ctx: click.Context, incomplete: str) -> Iterable[str]:
    from memento.world.records import TABLES

    if ":" not in incomplete:
        return [*_revisions(ctx, incomplete), *(f"{schema.singular}:" for schema in TABLES.values())]
    return _records(ctx, incomplete)


@_items
def sessions(ctx: click.Context, incomplete: str) -> Iterable[str]:
    """Ids of the sessions of the revision that the line names first."""
    named = ctx.params.get("base") or ctx.params.get("revision") or "HEAD"
    return [word.partition(":")[2] for word in _records(ctx, f"session:{incomplete}", named)]


@_items
def memories(ctx: click.Context, incomplete: str) -> Iterable[str]:
    """Ids of the memories offered to the session that the line names, else of all."""
    from memento.world.tree import read_table

    repository, session = _repository(ctx), ctx.params.get("session")
    tree_id = repository.tree_of(ctx.params.get("revision") or "HEAD")
    table = read_table(repository.objects, tree_id, "candidates" if session else "memories")
    if not session:
        return sorted(table["id"].tolist())
    return sorted(table["memory"][table["session"] == session].tolist())


@_items
def settings(ctx: click.Context, incomplete: str) -> Iterable[str]:
    """Keys of scenario parameters, each with its equals sign."""
    from memento.scenario import parameters

    return [f"{key}=" for key in parameters()]


@_items
def operators(ctx: click.Context, incomplete: str) -> Iterable[str]:
    """Names of operators, after those written already, and the parameters of the last."""
    from memento.vary import CATALOG

    lead, comma, word = incomplete.rpartition(",")
    name, colon, _ = word.partition(":")
    if colon and name in CATALOG:
        begun = incomplete.rpartition(":")[0]
        return [f"{begun}:{spec.name}=" for spec in CATALOG[name].parameters()]
    return [f"{lead}{comma}{name}" for name in CATALOG]


@_items
def operations(ctx: click.Context, incomplete: str) -> Iterable[str]:
    """Ids of operations; for ``oplog`` the word ``show`` before them."""
    words = [text for text in (ctx.params.get("words") or ()) if text != incomplete]
    ids = [operation.id[:8] for operation in _repository(ctx).operations(50)]
    return ["show"] if "words" in ctx.params and not words else ids


@_items
def runs(ctx: click.Context, incomplete: str) -> Iterable[str]:
    """A revision, or the word ``show`` and then the id of a run."""
    if "show" in (ctx.params.get("words") or ()):
        from memento.history.runs import Runs

        return [run.id for run in Runs(_repository(ctx)).everywhere()]
    return ["show", *_revisions(ctx, incomplete)]


@_items
def run_ids(ctx: click.Context, incomplete: str) -> Iterable[str]:
    """The ids of all runs."""
    from memento.history.runs import Runs

    return [run.id for run in Runs(_repository(ctx)).everywhere()]


@_items
def edited(ctx: click.Context, incomplete: str) -> Iterable[str]:
    """What may follow ``edit BRANCH``: records of that branch, then the fields of the record named."""
    from memento.world.records import TABLES, schema_of

    words = [text for text in (ctx.params.get("words") or ()) if text != incomplete]
    named = [text for text in words if ":" in text.partition("=")[0]]
    branch = words[0] if words and words[0] not in named else "HEAD"
    if ":" in incomplete.partition("=")[0]:
        return _records(ctx, incomplete, branch)
    kinds = [f"{schema.singular}:" for schema in TABLES.values()]
    if named:
        return [*(f"{name}=" for name in schema_of(named[-1].partition(":")[0]).by_name if name != "id"), *kinds]
    return kinds if words else [*_names(ctx, f"refs/heads/{incomplete}"), *kinds]


@_items
def tables(ctx: click.Context, incomplete: str) -> Iterable[str]:
    from memento.world.records import TABLES

    return list(TABLES)


@_items
def text_fields(ctx: click.Context, incomplete: str) -> Iterable[str]:
    """The text fields of the tables chosen so far, or of all."""
    from memento.find.grep import text_fields as fields_of

    found = fields_of(ctx.params.get("table") or ())
    return list(dict.fromkeys(name for names in found.values() for name in names))


def _revisions(ctx: click.Context, incomplete: str) -> list[str]:
    lead, word = "", incomplete
    for dots in ("...", ".."):
        if dots in incomplete:
            first, _, word = incomplete.partition(dots)
            lead = f"{first}{dots}"
            break
    names = [*_names(ctx, f"refs/heads/{word}", f"refs/tags/{word}"), "HEAD"]
    return [lead + name for name in names]


def _records(ctx: click.Context, incomplete: str, revision: str = "HEAD") -> list[str]:
    from memento.world.records import schema_of
    from memento.world.tree import read_table

    kind, _, rest = incomplete.partition(":")
    key, at, _ = rest.partition("@")
    if at:
        return [f"{kind}:{key}@{name}" for name in _revisions(ctx, "")]
    repository = _repository(ctx)
    table = read_table(repository.objects, repository.tree_of(revision), schema_of(kind).name)
    return [f"{kind}:{name}" for name in sorted(table.keys) if name.startswith(key)]


def scenarios(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Names of shipped scenarios, and TOML files."""
    from memento.scenario import builtin

    named = [CompletionItem(name, help=summary) for name, summary in builtin().items() if name.startswith(incomplete)]
    return named or [CompletionItem(incomplete, type="file")]


def formats(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Names of formats."""
    from memento.formats import CATALOG

    return [CompletionItem(name, help=row.summary) for name, row in CATALOG.rows.items() if name.startswith(incomplete)]


def open_ids(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Ids of open conflicts and violations."""
    from memento.cli.context import Context

    context = ctx.find_object(Context) or Context()
    conflicts, violations = context.workspace.open_items()
    places = {c.id: c.place for c in conflicts} | {v.id: v.message for v in violations}
    return [CompletionItem(name, help=words) for name, words in places.items() if name.startswith(incomplete)]


@_items
def remembered_ids(ctx: click.Context, incomplete: str) -> Iterable[str]:
    """Ids of remembered answers."""
    from memento.history.remembered import Remembered

    return [answer.id for answer in Remembered(_repository(ctx).path / "memento" / "remembered").all()]


@_items
def experiments(ctx: click.Context, incomplete: str) -> Iterable[str]:
    """What `memento ab` does, then names of experiments."""
    from memento.preference import VERBS, Experiments

    return Experiments(_repository(ctx)).names() if ctx.params.get("words") else VERBS
