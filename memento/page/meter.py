"""A share on a rail from 0 to 1, as a small picture within a line."""

from __future__ import annotations

from memento.page.html import Html, element


def meter(share: float, low: float, high: float, threshold: float | None = None, chance: float | None = None) -> Html:
    """The share as a dot, its interval as a bar, a threshold as a long line, chance as a notch."""
    width, middle = 140, 9

    def x(at: float) -> str:
        return f"{4 + min(max(at, 0.0), 1.0) * (width - 8):.1f}"

    parts = [
        element("line", x1=x(0), x2=x(1), y1=middle, y2=middle, class_="rail"),
        element("line", x1=x(low), x2=x(high), y1=middle, y2=middle, class_="span"),
        element("circle", cx=x(share), cy=middle, r=3.5, class_="dot"),
    ]
    if threshold is not None:
        parts.append(element("line", x1=x(threshold), x2=x(threshold), y1=1, y2=17, class_="goal"))
    if chance is not None:
        parts.append(element("line", x1=x(chance), x2=x(chance), y1=12, y2=17, class_="chance"))
    words = f"{share:.2f}, 95% interval {low:.2f} to {high:.2f}"
    words += f", threshold {threshold:.2f}" if threshold is not None else ""
    words += f", chance {chance:.2f}" if chance is not None else ""
    return element(
        "svg", *parts, viewBox=f"0 0 {width} 18", width=width, height=18, role="img", aria_label=words, class_="meter"
    )
