"""Scans of diagonal recurrences: all ways give what a plain loop gives, forwards and backwards."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from memento.models.cells import scan as scans
from memento.models.cells.scan import METHODS, choose, scan

LENGTHS = [1, 2, 3, 63, 64, 65, 200]


def parts(length: int, dtype: torch.dtype = torch.float64, seed: int = 0) -> tuple[Tensor, Tensor, Tensor]:
    draw = torch.Generator().manual_seed(seed)
    a = 2 * torch.rand(2, length, 3, 4, generator=draw, dtype=torch.float64).to(dtype) - 1
    b = torch.randn(2, length, 3, 4, generator=draw, dtype=dtype)
    a[:, length // 2] = 0.0
    return a, b, torch.randn(2, 3, 4, generator=draw, dtype=dtype)


def naive(a: Tensor, b: Tensor, start: Tensor) -> Tensor:
    states = [start]
    for t in range(a.shape[1]):
        states.append(a[:, t] * states[-1] + b[:, t])
    return torch.stack(states[1:], 1)


@pytest.mark.parametrize("method", list(METHODS))
@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("dtype", [torch.float64, torch.complex128])
def test_values_and_gradients_are_those_of_a_plain_loop(method: str, length: int, dtype: torch.dtype) -> None:
    weights = torch.randn(2, length, 3, 4, generator=torch.Generator().manual_seed(9), dtype=dtype)
    found = []
    for way in (naive, lambda a, b, start: scan(a, b, start, method)):
        given = [part.requires_grad_() for part in parts(length, dtype)]
        states = way(*given)
        (states * weights).real.sum().backward() if dtype.is_complex else (states * weights).sum().backward()
        found.append([states, *(part.grad for part in given)])
    for expected, got in zip(*found, strict=True):
        torch.testing.assert_close(got, expected, atol=1e-10, rtol=1e-8)


@pytest.mark.parametrize("method", list(METHODS))
def test_gradients_agree_with_finite_differences_twice(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scans, "CHUNK", 2)
    given = [part.requires_grad_() for part in parts(3)]
    assert torch.autograd.gradcheck(lambda a, b, s: scan(a, b, s, method), given)
    assert torch.autograd.gradgradcheck(lambda a, b, s: scan(a, b, s, method), given)


@pytest.mark.parametrize("method", list(METHODS))
def test_float32_is_near_float64(method: str) -> None:
    exact = scan(*parts(500), method)
    near = scan(*(part.float() for part in parts(500)), method)
    torch.testing.assert_close(near.double(), exact, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("method", list(METHODS))
def test_half_precision_is_summed_in_float32(method: str) -> None:
    a, b, start = (part.bfloat16() for part in parts(300))
    states = scan(a, b, start, method)
    assert states.dtype == torch.float32
    torch.testing.assert_close(states, scan(a.float(), b.float(), start.float(), method))


@pytest.mark.parametrize("method", list(METHODS))
def test_several_models_at_once(method: str) -> None:
    """Under `torch.func.vmap`, as models of several seeds are trained together."""
    a, b, start = (torch.stack([first, second]) for first, second in zip(parts(9), parts(9, seed=1), strict=True))

    def loss(a: Tensor, b: Tensor, start: Tensor) -> Tensor:
        return scan(a, b, start, method).square().sum()

    together = torch.func.vmap(torch.func.grad(loss, argnums=(0, 1, 2)))(a, b, start)
    for seed in range(2):
        alone = torch.func.grad(loss, argnums=(0, 1, 2))(a[seed], b[seed], start[seed])
        for one, other in zip(together, alone, strict=True):
            torch.testing.assert_close(one[seed], other)


def test_the_way_is_chosen_by_device_length_and_numbers() -> None:
    few, many = scans.NARROW, scans.NARROW + 1
    assert choose("cpu", 1, few) == choose("cuda", 2, many) == "sequential"
    assert choose("cpu", scans.LONG - 1, 1) == choose("cpu", 100_000, many) == "sequential"
    assert choose("cpu", scans.LONG, few) == "chunked"
    assert choose("cuda", 3, few) == choose("cuda", 100_000, many) == choose("mps", 256, few) == "doubling"


def test_a_scan_on_this_device_goes_the_chosen_way(monkeypatch: pytest.MonkeyPatch) -> None:
    gone: list[str] = []
    for name, way in METHODS.items():
        monkeypatch.setitem(METHODS, name, lambda *p, name=name, way=way: (gone.append(name), way(*p))[1])
    scan(*parts(20))
    scan(*parts(scans.LONG))
    assert gone[:2] == ["sequential", "chunked"]
