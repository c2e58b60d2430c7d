"""Augmentations: other candidate sets that the same session could have had, with labels that stay true.

The eight operators of sequential recommendation (Zhou et al. 2024) act here on a session's candidates in baseline
order. Their last item, the target, is here the best candidate, and is never touched. A label is a fact about one
candidate in one session, so leaving candidates out keeps every label; what is put in from elsewhere, or made
unreadable, has no known label, and is seen by the model without counting in the loss. On sessions in time the same
eight act by `memento.train.augment.stream`.
"""

from __future__ import annotations

from memento.catalog import Catalog, Row

CATALOG = Catalog(
    "augmentation",
    {
        "slide-window": Row("memento.train.augment.operators:SlideWindow", "a window of fixed size over candidates"),
        "crop": Row("memento.train.augment.operators:Crop", "a block that holds a share of the candidates"),
        "subset-split": Row("memento.train.augment.operators:SubsetSplit", "each candidate kept with a probability"),
        "reorder": Row("memento.train.augment.operators:Reorder", "a block of candidates in another order"),
        "insert": Row("memento.train.augment.operators:Insert", "candidates of other sessions among its own"),
        "delete": Row("memento.train.augment.operators:Delete", "some candidates left out"),
        "replace": Row("memento.train.augment.operators:Replace", "candidates of other sessions in place of its own"),
        "mask": Row("memento.train.augment.operators:Mask", "candidates that cannot be read"),
        "warp": Row("memento.train.augment.warp:Warp", "sessions at slightly other times, along a smooth path"),
        "window-warp": Row("memento.train.augment.warp:WindowWarp", "a stretch of time made longer or shorter"),
    },
)
"""Every augmentation by name."""
