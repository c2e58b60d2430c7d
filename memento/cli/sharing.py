"""What went over to another repository or came from it, in words and as plain maps of ``--json``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem

from memento.cli.output import Output, clean, plural
from memento.cli.present import short

if TYPE_CHECKING:
    from memento.cli.progress import Progress
    from memento.history.fetching import Transfer, Update
    from memento.history.remotes import Upstream

_SIGNS = {"new": "*", "forward": " ", "forced": "+", "merged": " ", "gone": "-", "refused": "!"}
_SHOWN = 20


def remotes(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Completes names of remotes."""
    from memento.cli.context import Context

    try:
        found = (ctx.find_object(Context) or Context()).workspace.remotes.all()
    except Exception:
        return []
    return [CompletionItem(remote.name, help=remote.url) for remote in found if remote.name.startswith(incomplete)]


def upstream_words(upstream: Upstream) -> str:
    """``origin/main: 2 ahead, 1 behind``."""
    apart = {"ahead": upstream.ahead, "behind": upstream.behind}
    words = ", ".join(f"{count:,} {word}" for word, count in apart.items() if count)
    return f"{upstream.name}: {words or 'even'}"


def upstream_map(upstream: Upstream | None) -> dict[str, Any] | None:
    """What a branch follows, for ``--json``."""
    if upstream is None:
        return None
    return {"name": upstream.name, "commit": upstream.commit, "ahead": upstream.ahead, "behind": upstream.behind}


def transfer_map(transfer: Transfer) -> dict[str, Any]:
    """A fetch or a push for ``--json``."""
    return {
        "remote": transfer.remote,
        "url": transfer.url,
        "updates": [_update_map(update) for update in transfer.moved],
        "refused": [_update_map(update) for update in transfer.refused],
        "objects": transfer.objects,
        "bytes": transfer.bytes,
    }


def _update_map(update: Update) -> dict[str, Any]:
    return {
        "ref": update.ref,
        "kind": update.kind,
        "before": update.before or None,
        "after": update.after or None,
        "why": update.why or None,
    }


def transfer_lines(output: Output, transfer: Transfer) -> Iterator[str]:
    """One line for each branch or tag that moved, or did not; the first of many."""
    shown = [*transfer.moved[:_SHOWN], *transfer.refused[:_SHOWN]]
    width = max((len(update.name) for update in shown), default=0)
    for update in shown:
        yield f" {_SIGNS[update.kind]} {clean(update.name):{width}}  {_what(output, update)}"
    more = len(transfer.updates) - len(shown)
    if more > 0:
        yield f"   and {more:,} more"


def _what(output: Output, update: Update) -> str:
    if update.kind == "refused":
        return output.paint(f"left out: {clean(update.why)}", fg="yellow")
    if update.kind == "new":
        return f"new, at {short(update.after)}"
    if update.kind == "gone":
        return f"gone, was at {short(update.before)}"
    words = {"forced": " (not a descendant)", "merged": " (lines of both sides)"}.get(update.kind, "")
    return f"{short(update.before)}..{short(update.after)}{words}"


def came(transfer: Transfer) -> str:
    """``14 objects, 3.2 KiB``; empty where nothing came."""
    from memento.history.incoming import size_words

    return f"{plural(transfer.objects, 'object')}, {size_words(transfer.bytes)}" if transfer.objects else ""


def reporter(progress: Progress) -> Callable[[int, int, str], None]:
    """Reports to a progress bar, with what is being counted."""

    def report(done: int, total: int, note: str) -> None:
        progress.update(done, total or None, note)

    return report
