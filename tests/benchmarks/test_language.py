"""How many variants of texts a second: by index, and with synonyms, beside plain formatting of one template."""

from __future__ import annotations

import time

import pytest

from memento.language.grammar import Grammar
from memento.language.synonyms import synonyms

COUNT = 20_000


def _plain() -> float:
    """Seconds for as many formatted strings, in this very process."""
    start = time.perf_counter()
    for number in range(COUNT):
        "Note that the {} of {} is {}.".format("owner", "payments-api", number)
    return time.perf_counter() - start


@pytest.mark.parametrize("domain", ["software", "medicine"])
def test_variants_by_index(benchmark, domain):
    grammar = Grammar(domain)
    aspect = next(iter(grammar.domain.aspects_by_name))
    total = grammar.count(aspect)

    def run():
        for number in range(COUNT):
            grammar.unrank(number % total, "payments-api", aspect, f"v{number}")

    benchmark.pedantic(run, rounds=5, warmup_rounds=1)
    benchmark.extra_info["variants/s"] = round(COUNT / benchmark.stats["median"])
    benchmark.extra_info["times plain formatting"] = round(benchmark.stats["median"] / _plain(), 2)


def test_variants_of_a_conversation_by_index(benchmark):
    grammar = Grammar("software")
    facts = [("m1", "payments-api", "owner", "Ada"), ("m2", "core-api", "language", "Go")]

    def run():
        for number in range(COUNT // 100):
            grammar.unrank_turns(number * 7919, "payments-api", facts)

    benchmark.pedantic(run, rounds=5, warmup_rounds=1)
    turns = COUNT // 100 * len(grammar.unrank_turns(0, "payments-api", facts))
    benchmark.extra_info["turns/s"] = round(turns / benchmark.stats["median"])


def test_synonyms(benchmark):
    known = synonyms()
    texts = [f"Note that the doctor of ward {n} often answers the question quickly." for n in range(COUNT // 10)]

    def run():
        for text in texts:
            known.exchange(text, lambda word, others: others[0])

    benchmark.pedantic(run, rounds=5, warmup_rounds=1)
    benchmark.extra_info["texts/s"] = round(len(texts) / benchmark.stats["median"])
