"""Offline simulation of deployment: a scorer beside Signet's baseline, session by session, as its daemon would have it.

Source: Signet 0.58.1, ``packages/daemon/src/{hooks,predictor-scoring,predictor-state,predictor-comparison}.ts``,
``pipeline/summary-worker.ts`` and ``packages/predictor/src/{main,training}.rs``. One file a mechanism.
"""

from __future__ import annotations

from memento.deploy.log import Log
from memento.deploy.simulation import Settings, Trace, simulate

__all__ = ["Log", "Settings", "Trace", "simulate"]
