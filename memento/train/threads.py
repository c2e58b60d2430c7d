"""How many threads torch computes with: one, where batches are small."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import torch


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """Torch on one thread inside; as it was afterwards. Also a decorator.

    A batch of a few sessions is too small to share out, threads that wait for each other on a busy
    machine cost many times what they bring, and sums would depend on how many cores there are.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
