"""What hands used to git and to other tools type, and what does it here."""

from __future__ import annotations

_EDIT = "every edit is a commit of its own: `memento edit BRANCH memory:ID field=value`"
_SWITCH = "`memento switch BRANCH` chooses the current branch; `memento fork BASE NEW --switch` starts one"
_CHANGES = "`memento diff REV~1 REV` shows what a commit changed, `memento log -- memory:ID` a record's changes"
_LISTS = "`memento branch` lists branches, `memento show --table memories` lists records"
_MAKES = "`memento init` creates a repository, `memento generate` a world"

WORDS = {
    "add": _EDIT,
    "cat": "`memento show memory:ID` shows a record",
    "checkout": f"{_SWITCH}; `memento show REV` looks at any commit",
    "commit": _EDIT,
    "completion": '`eval "$(_MEMENTO_COMPLETE=bash_source memento)"` switches completion on; so do zsh and fish',
    "create": _MAKES,
    "download": "`memento clone URL` copies a repository, `memento pull` brings in what is new",
    "list": _LISTS,
    "ls": _LISTS,
    "ls-files": _LISTS,
    "mv": "`memento branch -m OLD NEW` renames a branch",
    "new": _MAKES,
    "reflog": "`memento oplog` lists what was done; `main@{2}` names where main was two moves ago",
    "reset": "`memento undo` takes back the last operation; `memento fork BASE NEW --at REV` starts again from there",
    "rev-parse": "`memento show REV --json` has the whole id",
    "rm": "`memento edit BRANCH memory:ID --delete` removes a record, `memento branch -d NAME` a branch",
    "sim": "`memento generate SCENARIO` simulates a world, `memento extend BRANCH --days 7` goes on with one",
    "simulate": "`memento generate SCENARIO` simulates one",
    "stash": _EDIT,
    "sweep": "`memento fork BASE NEW --sweep KEY=LOW:HIGH:COUNT` makes a branch for every value",
    "upload": "`memento push REMOTE BRANCH` sends a branch, `memento bundle create FILE` writes all into one file",
    "version": "`memento --version`",
    "worktree": "there is no work tree: every branch can be read and changed at any time, by its name",
}
"""Words that are no commands here."""

OPTIONS = {
    ("branch", "-D"): "`memento branch -d NAME` deletes any branch; `memento undo` brings it back",
    ("branch", "-a"): "`memento branch` lists yours, `memento branch -r` those of remotes",
    ("config", "--global"): "settings are those of one repository; the variable MEMENTO_AUTHOR signs in all",
    ("diff", "--name-only"): "`memento diff A B --stat` shows numbers, `--json` names",
    ("fetch", "--all"): "`memento fetch REMOTE` fetches from one; `memento remote` lists them",
    ("log", "--follow"): "`memento log -- memory:ID` follows a record",
    ("log", "--stat"): _CHANGES,
    ("log", "-p"): _CHANGES,
    (
        "log",
        "-S",
    ): "`memento log -- memory:ID` shows every change of a record; `memento grep PATTERN REV` looks at texts",
    ("merge", "--squash"): "`memento squash OTHER --into BRANCH` makes one plain commit",
    ("push", "--all"): "`memento push REMOTE BRANCH...` sends those that are named",
    ("push", "--force"): "`memento push --force-with-lease` gives up what is there, if it is where it was last seen",
    ("push", "-f"): "`memento push --force-with-lease` gives up what is there, if it is where it was last seen",
    ("push", "-u"): "a branch follows where it was pushed to first: `memento push REMOTE BRANCH`",
    ("rebase", "-i"): "`memento squash -n N` folds the last N commits, `memento cherry-pick` takes single ones",
    ("show", "--stat"): "`memento show REV` ends with what the commit changed; `memento diff REV~1 REV` shows it whole",
    ("switch", "-c"): _SWITCH,
    ("tag", "-a"): "`memento tag NAME REV -m TEXT` makes one with a message",
    ("tag", "-l"): "`memento tag` lists them",
}
"""Options of git's that are none here, by command."""
