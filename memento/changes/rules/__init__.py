"""The rules of a merge, one file each; a new rule is a file and a row here.

The model is the merge algebra of Irmin (Kaloper-Meršinjak et al., "Irmin", and its ``Merge``
module): a rule is a small function of the value in the base and on both sides, which returns the
merged value or says that the sides are apart. A rule knows no place, store or side order: every one
holds m(b, b, x) = x, m(b, x, b) = x, m(b, x, x) = x and m(b, x, y) = m(b, y, x).
"""

from __future__ import annotations

from memento.catalog import Catalog, Row

CATALOG = Catalog(
    "merge rule",
    {
        "scalar": Row("memento.changes.rules.scalar:merge", "one value: the changed side; both apart is a conflict"),
        "counter": Row("memento.changes.rules.counter:merge", "a count: the base and both increments"),
        "set": Row("memento.changes.rules.set:merge", "a set: what both sides added, without what either removed"),
        "later": Row("memento.changes.rules.later:merge", "a clock: the later of both"),
        "presence": Row("memento.changes.rules.presence:merge", "is it there: delete against modify is a conflict"),
        "columns": Row("memento.changes.rules.columns:merge", "a record: each field by its own rule; also for add/add"),
        "turns": Row("memento.changes.rules.turns:merge", "turns of one id: alternatives become sibling threads"),
        "sessions": Row("memento.changes.rules.sessions:merge", "a deleted session against what was said in it"),
        "manifest": Row("memento.changes.rules.manifest:merge", "the manifest: nested maps, name by name"),
    },
)
