"""Models that score the candidates of a session: one file each, one row each here."""

from __future__ import annotations

from memento.catalog import Catalog, Row
from memento.errors import NotFound, UsageError

CATALOG = Catalog(
    "model",
    {
        "interaction": Row(
            "memento.models.interaction:Interaction",
            "session and candidate crossed, then the candidates weighed against each other",
        ),
        "retrieval": Row(
            "memento.models.retrieval:Retrieval",
            "the interaction model, and what each candidate explains of the question",
        ),
        "sequence": Row(
            "memento.models.sequence:Sequence",
            "interaction over what earlier sessions showed: a ledger of every memory and a recurrent state",
        ),
        "signet": Row(
            "memento.models.signet:Signet",
            "the Signet predictor, exactly: attention on the context plus a gate linear in the columns",
        ),
        "lambdamart": Row(
            "memento.models.lambdamart:LambdaMart", "decision trees by LightGBM on columns crossed with their session"
        ),
        "acan": Row("memento.models.acan:Acan", "cross attention of context and embeddings, nothing else"),
        "mlp": Row("memento.models.mlp:Mlp", "a multilayer perceptron on one candidate's columns"),
        "linear": Row("memento.models.linear:Linear", "one weight a column"),
        "generative-agents": Row(
            "memento.models.generative_agents:GenerativeAgents",
            "recency, importance and relevance added up, as the paper has it",
        ),
        "generative-agents-released": Row(
            "memento.models.generative_agents_released:GenerativeAgentsReleased",
            "the same as the released code has it: other weights, the oldest first",
        ),
        "effective": Row("memento.models.effective:Effective", "Signet's own order: importance that fades by the day"),
        "copy": Row("memento.models.copy:Copy", "what was relevant before, first at this time of day"),
        "recency": Row("memento.models.recency:Recency", "newest first"),
        "frequency": Row("memento.models.frequency:Frequency", "most accessed first"),
        "random": Row("memento.models.random:Random", "a keyed draw for each candidate"),
        "oracle": Row("memento.models.oracle:Oracle", "the planted relevance without its noise"),
    },
)
"""Every model by name; ``CATALOG["signet"]`` is the class, ``CATALOG["signet"]()`` one with its defaults."""

LEARNERS = ("interaction", "retrieval", "sequence", "signet", "lambdamart", "acan", "mlp", "linear")
"""Models that have something to learn."""
SHOWN = ("linear", "generative-agents", "effective", "recency", "frequency")
"""What a report sets beside a model, unless told otherwise; chance and ceiling always stand there."""
BASELINES = (*SHOWN, "generative-agents-released", "copy")
"""All that it can: what learns nothing, and the linear model that every training brings along."""


def require_learner(name: str) -> None:
    """Raises `UsageError` for a model that learns nothing, `NotFound` for a name that is none."""
    hint = f"models that learn: {', '.join(LEARNERS)}"
    if name not in CATALOG:
        raise NotFound("model", name, LEARNERS, hint)
    if name not in LEARNERS:
        raise UsageError(f"{name} learns nothing", hint)
