"""Models that score the candidates of a session: one file each, one row each here."""

from __future__ import annotations

from memento.catalog import Catalog, Row

CATALOG = Catalog(
    "model",
    {
        "interaction": Row(
            "memento.models.interaction:Interaction",
            "session and candidate crossed, then the candidates weighed against each other",
        ),
        "signet": Row(
            "memento.models.signet:Signet",
            "the Signet predictor, exactly: attention on the context plus a gate linear in the columns",
        ),
        "linear": Row("memento.models.linear:Linear", "one weight a column"),
        "recency": Row("memento.models.recency:Recency", "newest first"),
        "frequency": Row("memento.models.frequency:Frequency", "most accessed first"),
        "random": Row("memento.models.random:Random", "a keyed draw for each candidate"),
        "oracle": Row("memento.models.oracle:Oracle", "the planted relevance without its noise"),
    },
)
"""Every model by name; ``CATALOG["signet"]`` is the class, ``CATALOG["signet"]()`` one with its defaults."""

LEARNERS = ("interaction", "signet", "linear")
"""Models that have something to learn."""
