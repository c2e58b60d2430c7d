"""The catalogue of commands: one file each here, one row each below, imported when called.

A new command is a file in this folder that holds a click command under the file's name (with an
underscore where that name is a Python keyword or a builtin), and one row in `SECTIONS`.
"""

from __future__ import annotations

from memento.catalog import Catalog, Row

_HERE = "memento.cli.commands"


def _row(name: str, summary: str, module: str = "") -> tuple[str, Row]:
    return name, Row(f"{_HERE}.{module or name}:command", summary)


SECTIONS: dict[str, dict[str, Row]] = {
    "Start a world": dict(
        [
            _row("demo", "Show everything on one small world, in DIR."),
            _row("init", "Create a repository."),
            _row(
                "scenarios", "List the scenarios that can be simulated, their parameters, and the rules of relevance."
            ),
            _row("generate", "Simulate a scenario and commit it, one commit a week."),
            _row("import", "Bring real conversations or logs in as a world.", "import_"),
        ]
    ),
    "Make from data": dict(
        [
            _row("ab", "Open, feed and close an A/B experiment on one turn."),
            _row("export", "Write a world, or a trained scorer, in a format of the outside."),
            _row("rewrite", "Let a language model say a world's turns in another style, on a new branch."),
            _row("population", "Let several agents live with the memories of one world."),
            _row("entigraph", "Widen a world by sessions about pairs and triples of its entities."),
            _row("grow", "Grow a world's memories from those that it has, keeping what is new."),
            _row("fit", "Estimate the scenario that a world's history tells of."),
            _row("twin", "Make a twin of a world: its memories, and synthetic sessions that ask after them."),
            _row("regenerate", "Tell a world's sessions again, from their own patterns."),
        ]
    ),
    "Work on branches": dict(
        [
            _row("fork", "Start one or many branches from a world."),
            _row("value", "Rank variants by what they are worth."),
            _row("expand", "Make a tree of variants of a world, each a branch of its own."),
            _row("branch", "List, rename or delete branches."),
            _row("switch", "Choose the current branch."),
            _row("edit", "Change records and commit the change."),
            _row("thread", "List the threads of a session, or choose the preferred one."),
            _row("tag", "Give a commit a lasting name."),
            _row("note", "Say something about a commit without changing it."),
        ]
    ),
    "Take back": dict(
        [
            _row("undo", "Take back the last operation, the last N, or one earlier one."),
            _row("redo", "Bring back what undo took back."),
            _row("oplog", "List what was done to the repository, newest first."),
        ]
    ),
    "Look": dict(
        [
            _row("gallery", "Draw every series, pattern and operator on one page."),
            _row("describe", "Tell what a world is like, and plot it."),
            _row("status", "Show where you are, and a merge in progress."),
            _row("log", "Show how a world came to be, or one record's history."),
            _row("show", "Show a commit, a table of its world, or one record."),
            _row("diff", "Show what differs between two worlds, field by field."),
        ]
    ),
    "Find": dict(
        [
            _row("search", "Find the memories that answer some words best."),
            _row("grep", "Find records whose texts match a pattern."),
            _row("blame", "Show which commit set each field of a record."),
            _row("query", "Find the branches for which an expression holds."),
            _row("bisect", "Find the commit that made something bad, by halving."),
        ]
    ),
    "Ask what would have been": dict(
        [
            _row("extend", "Simulate a branch on from its present, one commit a week."),
            _row("replay", "Tell a world again from an instant under other parameters."),
            _row("effect", "Show what a changed cause did: the paired difference of two worlds."),
            _row("explain", "Show why a session's candidate has its label, and who set what it follows from."),
        ]
    ),
    "Merge": dict(
        [
            _row("merge", "Join other branches' changes into a branch."),
            _row("cherry-pick", "Make the changes of single commits again on a branch.", "cherry_pick"),
            _row("revert", "Take the changes of commits back by new commits."),
            _row("rebase", "Put a branch's own commits on top of another."),
            _row("squash", "Make one plain commit of many."),
            _row("conflicts", "List what a merge could not decide."),
            _row("resolve", "Decide conflicts and violations of a merge."),
            _row("rerere", "List or forget remembered answers to conflicts."),
        ]
    ),
    "Tensors and models": dict(
        [
            _row("render", "Compile a world into tensors."),
            _row("models", "List the models, or compare them on a world."),
            _row("train", "Train a scorer on one revision or a mix of several."),
            _row("curriculum", "Train one scorer through phases of ever harder worlds."),
            _row("recipes", "Measure what training recipes gain."),
            _row("evaluate", "Judge a trained scorer on a revision."),
            _row("report", "Write all that is known of a trained scorer on one page."),
            _row("tstr", "Train on synthetic and test on real sessions, and the other three ways."),
            _row(
                "data-saving", "Draw the curve of real sessions needed, with and without synthetic ones.", "data_saving"
            ),
            _row("deploy-sim", "Simulate a scorer in Signet's daemon, session by session.", "deploy_sim"),
            _row("snr", "Train at each signal-to-noise ratio, and tell where scores fall."),
            _row("runs", "List the models judged on a branch, with their figures."),
            _row("expressivity", "Show what recurrent cells can express, beside theory."),
            _row("compare", "Compare runs: figures side by side, and how training went."),
            _row("compare", "Compare runs: their figures side by side, and how training went."),
            _row("matrix", "Train on each revision, and test on each."),
            _row("verify", "Render again what a checkpoint was trained on."),
            _row(
                "serve-scorer", "Serve a trained scorer to an agent, in the place of Signet's sidecar.", "serve_scorer"
            ),
        ]
    ),
    "Share": dict(
        [
            _row("clone", "Copy a repository from elsewhere."),
            _row("fetch", "Bring in what another repository has; your branches stay."),
            _row("pull", "Fetch, then merge into a branch of yours."),
            _row("push", "Send branches, and notes, to another repository."),
            _row("remote", "Name other repositories, list them, or look at one."),
            _row("bundle", "Write branches and tags into one file, or check such a file."),
            _row("git-setup", "Let stock git show records and merge by memento's rules.", "git_setup"),
        ]
    ),
    "Look after the repository": dict(
        [
            _row("gc", "Pack the repository anew, small and quick to read."),
            _row("prune", "Take branches away for good, and keep a record of each."),
            _row("fsck", "Look the whole repository and its worlds through for faults."),
            _row("config", "Read and change the settings of a repository."),
        ]
    ),
}
"""Rows by the section they stand under in ``memento --help``."""

COMMANDS = Catalog("command", {name: row for rows in SECTIONS.values() for name, row in rows.items()})
