"""memento: git for synthetic agent worlds.

```python
import memento

ws = memento.init("worlds")                       # a repository in worlds/.memento
ws.generate("tiny", branch="main", seed=7)        # simulate a scenario, one commit a week
ws.fork("main", "what-if")
ws.edit("what-if", ["memory:…", "importance=0.9"])
print(ws.diff("main", "what-if").stat())
run = ws.train("main", model="interaction")
print(memento.evaluate(run.scorer, ws.rendering_at("what-if")))
```

Names are imported on first use, so that ``import memento`` stays light and never loads torch.
"""

from __future__ import annotations

TYPE_CHECKING = False  # as a type checker reads it; `typing` itself would be slow to import
if TYPE_CHECKING:
    from typing import Any

    from memento.changes.diff import Diff as Diff
    from memento.errors import MementoError as MementoError
    from memento.formats import read as read
    from memento.render.rendering import Rendering as Rendering
    from memento.render.rendering import Spec as Spec
    from memento.scenario import load as load
    from memento.validate.evaluate import evaluate as evaluate
    from memento.workspace import Workspace as Workspace
    from memento.workspace import init as init
    from memento.workspace import open as open
    from memento.world.world import World as World

__version__ = "0.1.0"

_WHERE = {
    "Diff": "memento.changes.diff",
    "MementoError": "memento.errors",
    "Rendering": "memento.render.rendering",
    "Spec": "memento.render.rendering",
    "Workspace": "memento.workspace",
    "World": "memento.world.world",
    "evaluate": "memento.validate",
    "init": "memento.workspace",
    "load": "memento.scenario",
    "open": "memento.workspace",
    "read": "memento.formats",
}
__all__ = ["__version__", *_WHERE]  # noqa: PLE0604


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module 'memento' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_WHERE[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
