"""``memento status``."""

from __future__ import annotations

from memento.cli.context import Context, define, json_option
from memento.cli.merging import merge_map, progress_words, rest_hint
from memento.cli.output import plural
from memento.cli.present import commit_line, commit_map
from memento.cli.sharing import upstream_map, upstream_words


@define(
    """
    memento status
    """
)
@json_option
def command(context: Context) -> None:
    """Show where you are, and a merge in progress."""
    output, workspace = context.output, context.workspace
    repository = workspace.repository
    branch = repository.head
    commit = repository.commit_of(branch) if repository.has_branch(branch) else None
    branches, tags = len(repository.branch_names()), len(repository.tag_names())
    merge, upstream = workspace.merge_in_progress(), workspace.remotes.upstream(branch)
    if output.json:
        content = {
            "path": str(repository.path),
            "branch": branch,
            "commit": commit_map(commit) if commit else None,
            "branches": branches,
            "tags": tags,
            "upstream": upstream_map(upstream),
            "merge": merge_map(merge) if merge else None,
        }
        output.document("memento.status/1", content)
        return
    output.line(f"On branch {output.paint(branch, bold=True)}" + ("" if commit else ", which has no commits yet"))
    if commit:
        output.line(commit_line(output, commit))
    if upstream:
        output.line(f"Follows {upstream_words(upstream)}")
    output.line(f"{plural(branches, 'branch', 'branches')}, {plural(tags, 'tag')} in {repository.path}")
    if merge:
        output.line(progress_words(merge))
        output.hint(rest_hint(merge))
    elif not commit:
        output.hint("`memento generate tiny` makes a first world, `memento import FILE --format NAME` brings one in")
