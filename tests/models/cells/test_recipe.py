"""The cell that docs/extending/cell.md writes is one."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path
from typing import Any

import torch

from models.cells.test_contract import drawn, stepped

PAGE = Path(__file__).parents[3] / "docs" / "extending" / "cell.md"


def test_the_cell_of_the_recipe_keeps_the_contract() -> None:
    (found,) = re.findall(r"( *)```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    names: dict[str, Any] = {}
    exec(compile(textwrap.dedent(found[1]), str(PAGE), "exec"), names)
    torch.manual_seed(0)
    cell, inputs = names["Fading"](8), drawn(2, 40, 8)
    torch.testing.assert_close(stepped(cell, inputs), cell(inputs), atol=1e-5, rtol=1e-5)
    mask = torch.arange(40).expand(2, 40) % 3 > 0
    torch.testing.assert_close(cell(inputs, mask)[0, mask[0]], cell(inputs[:1, mask[0]])[0])
