"""Memory tasks as token sequences with exact answers: copying, induction, word problems, regular languages.

A draw is ``(inputs, targets)``, int64 (count, length) each; a target of -1 is not scored. The same tasks decide
relevance in worlds (`memento.patterns.copying`, `memento.patterns.state`).
"""

from __future__ import annotations

from memento.patterns.tasks import chomsky, copying, words
from memento.patterns.tasks.task import IGNORED, Task

__all__ = ["IGNORED", "TASKS", "Task"]

TASKS: dict[str, Task] = {task.name: task for part in (copying.TASKS, words.TASKS, chomsky.TASKS) for task in part}
"""Every task by name."""
