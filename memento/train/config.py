"""How a scorer is trained: every option, its default for each model, and its bounds."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from memento.errors import InvalidFile, nearest
from memento.models import require_learner
from memento.train.losses import CATALOG as LOSSES
from memento.train.parts import KINDS, written

DEFAULTS: dict[str, dict[str, Any]] = {
    "interaction": {"epochs": 40, "batch": 16, "rate": 2e-3, "decay": 0.02, "average": 0.99, "patience": 10},
    "retrieval": {"epochs": 40, "batch": 16, "rate": 2e-3, "decay": 0.02, "average": 0.99, "patience": 10},
    "sequence": {"epochs": 40, "batch": 16, "rate": 2e-3, "decay": 0.02, "average": 0.99, "patience": 10},
    "signet": {"epochs": 30, "batch": 8, "rate": 2e-3, "patience": 8},
    "lambdamart": {"epochs": 500, "rate": 0.05, "patience": 50},
    "acan": {"epochs": 60, "batch": 16, "rate": 3e-3, "patience": 15},
    "mlp": {"epochs": 80, "batch": 16, "rate": 2e-3, "decay": 0.02, "patience": 20},
    "linear": {"epochs": 60, "batch": 32, "rate": 3e-2, "patience": 60},
}
EXACT: dict[str, Any] = {"epochs": 3, "batch": 1, "rate": 1e-3, "patience": 10_000, "shuffle": False}
"""Defaults with `exact`: those of Signet's sidecar."""

PRECISIONS = ("float32", "bfloat16")

UNUSED = {"lambdamart": ("batch", "average", "loss", "temperature", "shuffle", "precision", *KINDS)}
"""Options that a model that is fitted at once has no use for: LambdaMART sees all sessions in each step."""


@dataclass(frozen=True)
class Config:
    """Options of one training run.

    `epochs` at most, `patience` of them without a better validation NDCG@10 before it stops;
    `batch` sessions a step; `rate` of Adam at the start, falling to a twentieth by a cosine;
    `decay` of weights, decoupled (Loshchilov and Hutter 2019); `average` of weights over steps, by this
    much of the mean so far a step, 0 for none; `loss` by its name in
    `memento.train.losses`, with the `temperature` of those that have one; `fit` and `validation` shares
    of each source's sessions, in order of time: the last of them are left for `evaluate`. `shuffle` off
    keeps the order of time. `exact`, for the signet model alone, trains as Signet's sidecar does: in
    float64, the newest session first, one step of Adam a session at a constant rate, the last epoch kept.
    `precision` is that of matrix products in the forward pass, float32 or bfloat16 by autocast.

    `curriculum`, `augment`, `stream`, `negatives`, `contrast`, `mix`, `opponent` and `targets` are the parts of a
    training recipe (see `memento.train.recipe`), such as ``"slide-window:size=20,subset-split"``; each is
    written out with all its parameters. Raises `NotFound` for a part that there is not.
    """

    model: str = "interaction"
    seed: int = 0
    epochs: int = 40
    patience: int = 10
    batch: int = 16
    rate: float = 2e-3
    decay: float = 0.0
    average: float = 0.0
    loss: str = "listnet"
    temperature: float = 0.5
    fit: float = 0.7
    validation: float = 0.1
    shuffle: bool = True
    exact: bool = False
    precision: str = "float32"
    curriculum: str = ""
    augment: str = ""
    stream: str = ""
    negatives: str = ""
    contrast: str = ""
    mix: str = ""
    opponent: str = ""
    targets: str = ""

    def __post_init__(self) -> None:
        faults = []
        whole = {"seed": (0, 2**63 - 1), "epochs": (0, 10_000), "patience": (1, 10_000), "batch": (1, 65_536)}
        for name, (low, high) in whole.items():
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
                faults.append(f"{name}={value!r} is not a whole number from {low} to {high}")
        bounds = {
            "rate": (1e-8, 10.0),
            "decay": (0.0, 10.0),
            "average": (0.0, 0.9999),
            "temperature": (1e-3, 100.0),
            "fit": (0.01, 1.0),
            "validation": (0.0, 0.99),
        }
        for name, (floor, top) in bounds.items():
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | float) or not floor <= value <= top:
                faults.append(f"{name}={value!r} is not a number from {floor:g} to {top:g}")
        faults += [
            f"{name}={value!r} is not true or false"
            for name in ("shuffle", "exact")
            if not isinstance(value := getattr(self, name), bool)
        ]
        if self.loss not in LOSSES:
            near = nearest(str(self.loss), LOSSES, 1)
            ending = f"; did you mean {near[0]}?" if near else ""
            faults.append(f"loss={self.loss!r} is not one of {', '.join(LOSSES)}{ending}")
        if self.precision not in PRECISIONS:
            near = nearest(str(self.precision), PRECISIONS, 1)
            ending = f"; did you mean {near[0]}?" if near else ""
            faults.append(f"precision={self.precision!r} is not one of {', '.join(PRECISIONS)}{ending}")
        if self.exact is True:
            fixed = {"model": "signet", "batch": 1, "decay": 0.0, "average": 0.0, "loss": "listnet", "shuffle": False}
            fixed["precision"] = "float32"
            for name, value in fixed.items():
                if getattr(self, name) != value:
                    faults.append(f"{name}={getattr(self, name)!r}, and exact takes {name}={value!r} alone")
            faults += [
                f"{kind}={getattr(self, kind)!r}, and exact takes no recipe" for kind in KINDS if getattr(self, kind)
            ]
        if not faults and self.fit + self.validation > 1:
            faults.append(f"fit={self.fit:g} and validation={self.validation:g} are more than all sessions together")
        parts = {kind: getattr(self, kind) for kind in KINDS}
        faults += [f"{kind}={text!r} is not a text" for kind, text in parts.items() if not isinstance(text, str)]
        if faults:
            raise InvalidFile("training options", faults)
        for kind, text in parts.items():
            object.__setattr__(self, kind, written(kind, text))

    @classmethod
    def of(cls, model: str, options: Mapping[str, Any]) -> Config:
        """The defaults of `model` with `options` over them; an option of None is left at its default.

        Raises `NotFound` for an unknown model, `InvalidFile` with every unknown or faulty option.
        """
        require_learner(model)
        known = {field.name for field in dataclasses.fields(cls)} - {"model"}
        unknown = [f"no option {name!r}; known: {', '.join(sorted(known))}" for name in options if name not in known]
        if unknown:
            raise InvalidFile("training options", unknown)
        given = {name: value for name, value in options.items() if value is not None}
        unused = [f"{model} has no use for {name}" for name in UNUSED.get(model, ()) if given.get(name, "") != ""]
        if unused:
            raise InvalidFile("training options", unused)
        return cls(model=model, **{**DEFAULTS[model], **(EXACT if given.get("exact") is True else {}), **given})

    def to_map(self) -> dict[str, Any]:
        """Plain values, as a checkpoint holds them: a part of a recipe or another precision only where there is one."""
        found = {name: value for name, value in dataclasses.asdict(self).items() if value or name not in KINDS}
        if self.precision == PRECISIONS[0]:
            del found["precision"]
        return found
