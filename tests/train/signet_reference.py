"""Signet's predictor written out from its contract in float64: what ours is held against.

Plain loops over candidates and dense Adam over every parameter, the hash table included. The gradient
of the logits is the source's, (r - p) / T; from there it comes from automatic differentiation, so
that none of ours is used.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from memento.train.signet import Sample

ORDER = ("down", "query", "key", "value", "gate", "hash", "project")


@dataclass
class Session:
    """What one request or one row of session_scores comes to."""

    context: list[float]
    embeddings: list[list[float] | None]
    features: list[list[float]]
    labels: list[float] = field(default_factory=list)
    texts: list[str | None] = field(default_factory=list)
    project: int = 0


def buckets(text: str) -> list[int]:
    """FNV-1a, 64 bit, of every run of letters, digits, - and _, mod 16384."""
    found = []
    for word in re.findall(r"[A-Za-z0-9_\-]+", text):
        state = 14695981039346656037
        for byte in word.encode():
            state = ((state ^ byte) * 1099511628211) % 2**64
        found.append(state % 16384)
    return found


def norm(x: Tensor) -> Tensor:
    mean = x.mean()
    return (x - mean) / torch.sqrt(((x - mean) ** 2).mean() + 1e-5)


def logits(weights: dict[str, Tensor], session: Session) -> Tensor:
    """One after the other, as the source does."""
    query = weights["query"] @ norm(weights["down"] @ torch.tensor(session.context, dtype=torch.float64))
    found = []
    for place, embedding in enumerate(session.embeddings):
        if embedding is not None:
            encoded = norm(weights["down"] @ torch.tensor(embedding, dtype=torch.float64))
        else:
            text = session.texts[place]
            assert text is not None
            rows = buckets(text)
            encoded = norm(weights["hash"][rows].mean(0)) if rows else torch.zeros(64, dtype=torch.float64)
        key, value = weights["key"] @ encoded, weights["value"] @ encoded
        features = torch.tensor(session.features[place], dtype=torch.float64)
        one = torch.ones(1, dtype=torch.float64)
        gate = torch.cat([value, features, weights["project"][session.project % 32], one])
        found.append(query @ key / math.sqrt(64) + weights["gate"][0] @ gate)
    return torch.stack(found)


class Trainer:
    """Adam at 1e-3 over everything, one step a session."""

    def __init__(self, weights: dict[str, np.ndarray]) -> None:
        self.weights = {
            n: torch.tensor(np.asarray(v), dtype=torch.float64, requires_grad=True) for n, v in weights.items()
        }
        self.first = {n: torch.zeros_like(v) for n, v in self.weights.items()}
        self.second = {n: torch.zeros_like(v) for n, v in self.weights.items()}
        self.steps = 0

    def step(self, session: Session, temperature: float = 0.5) -> float:
        given = logits(self.weights, session)
        p = torch.softmax(torch.tensor(session.labels, dtype=torch.float64) / temperature, 0)
        r = torch.softmax(given.detach() / temperature, 0)
        loss = (p * (torch.log(p + 1e-9) - torch.log(r + 1e-9))).sum()
        slopes = torch.autograd.grad(given, list(self.weights.values()), (r - p) / temperature, allow_unused=True)
        self.steps += 1
        with torch.no_grad():
            for (name, value), slope in zip(self.weights.items(), slopes, strict=True):
                slope = torch.zeros_like(value) if slope is None else slope
                self.first[name].mul_(0.9).add_(0.1 * slope)
                self.second[name].mul_(0.999).add_(0.001 * slope * slope)
                first = self.first[name] / (1 - 0.9**self.steps)
                second = self.second[name] / (1 - 0.999**self.steps)
                value -= 1e-3 * first / (second.sqrt() + 1e-8)
        return float(loss)

    def epochs(self, sessions: list[Session], count: int) -> float:
        last = 0.0
        for _ in range(count):
            last = float(np.mean([self.step(session) for session in sessions]))
        return last


def read_sgpt(data: bytes) -> dict[str, np.ndarray]:
    """The parameters in a checkpoint's bytes, read by the layout of the contract."""
    assert data[:4] == b"SGPT"
    version, _, length = (int.from_bytes(data[at : at + 4], "little") for at in (4, 8, 12))
    assert version == 1
    place = 16 + length
    assert int.from_bytes(data[place : place + 4], "little") == 7
    place += 4
    found = {}
    for name in ORDER:
        size = int.from_bytes(data[place : place + 4], "little")
        values = np.frombuffer(data[place + 4 : place + 4 + 8 * size], "<f8")
        found[name] = values.reshape({"value": 32, "gate": 1, "hash": 16384, "project": 32}.get(name, 64), -1)
        place += 4 + 8 * size
    assert place == len(data)
    return found


def drawn(seed: int, candidates: int = 6, dimension: int = 16, texts: bool = False) -> Session:
    """A session of arbitrary numbers; with `texts` every other candidate is read through its words."""
    draw = np.random.default_rng(seed)
    words = ["dark mode", "the deploy target is fly", "", "dark", "prefers bun over node-20", "É ünïcode only"]
    hidden = [texts and place % 2 == 1 for place in range(candidates)]
    return Session(
        context=draw.normal(size=dimension).tolist(),
        embeddings=[None if h else draw.normal(size=dimension).tolist() for h in hidden],
        features=draw.uniform(size=(candidates, 17)).tolist(),
        labels=draw.uniform(-0.3, 1, candidates).tolist(),
        texts=[words[(seed + place) % len(words)] if h else None for place, h in enumerate(hidden)],
        project=seed,
    )


def sample_of(session: Session) -> Sample:
    """The same session as ours takes it."""
    width = len(session.context)
    rows = [e if e is not None else [0.0] * width for e in session.embeddings]
    texts = tuple(
        (place, np.array(buckets(text), np.int64)) for place, text in enumerate(session.texts) if text is not None
    )
    arrays = np.array([*rows, session.context]), np.array(session.features), np.array(session.labels)
    return Sample(*arrays, session.project, texts)
