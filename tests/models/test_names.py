from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from memento.models.interaction import slots_of
from memento.models.names import NAMED, NameBook, named
from memento.render.rendering import Rendering
from memento.train.batches import Resident

Toys = Callable[..., Rendering]


def worded(toys: Toys, sessions: int = 12, seed: int = 0) -> Rendering:
    """Few entities with several memories each, one memory without an embedding."""
    rendering = toys(sessions=sessions, candidates=(2, 7), memories=15, seed=seed)
    features = rendering.features.copy()
    features[:, 12] = (rendering.memory_rows % 4) * 9 / 255
    embeddings = rendering.memory_embeddings.copy()
    embeddings[2] = 0
    return replace(rendering, features=features, memory_embeddings=embeddings)


def naive(resident: Resident) -> Tensor:
    """By hand: every session beside every memory that its past, and then it itself, offered."""
    table = torch.zeros(resident.candidates + 1, NAMED)
    bounds = list(zip(resident.ends[:-1].tolist(), resident.ends[1:].tolist(), strict=True))
    slots = slots_of(resident.features)[:, 0].tolist()
    for session, (low, high) in enumerate(bounds):
        since, until = resident.past[session].tolist()
        rows = [row for s in (*range(since, until), session) for row in range(*bounds[s])]
        met: dict[int, tuple[int, Tensor]] = {}
        for row in rows:
            told = resident.embeddings[resident.memory_rows[row]].double()
            if told.any():
                met.setdefault(int(resident.memories[row]), (slots[row], told))
        there = [(slot, told) for slot, told in met.values() if told.any()]
        usual = torch.stack([told for _, told in there]).mean(0)
        context = resident.contexts[session].double()
        if until > since:
            context = context - resident.contexts[since:until].double().mean(0)
        near = []
        for row in range(low, high):
            own = [told for slot, told in there if slot == slots[row]]
            cosine = functional.cosine_similarity(torch.stack(own).mean(0) - usual, context, dim=0) if own else 0.0
            near.append(float(cosine))
            table[row, 2] = len(own) / (len(own) + 3)
        for row in range(low, high):
            table[row, 0] = near[row - low]
            table[row, 1] = float(np.exp(20 * (near[row - low] - max(near))))
    return table


def test_names_are_what_a_search_through_the_past_finds(toys: Toys) -> None:
    resident = Resident([worded(toys), worded(toys, 9, seed=3)])
    torch.testing.assert_close(named(resident), naive(resident), atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(named(resident, block=4), named(resident))


def test_questions_name_by_the_past_and_by_themselves(toys: Toys) -> None:
    resident = Resident([worded(toys), worded(toys, 5, seed=3)], apart=True)
    torch.testing.assert_close(named(resident), naive(resident), atol=1e-5, rtol=1e-5)
    alone = Resident([worded(toys, 5, seed=3)], apart=True)
    torch.testing.assert_close(named(alone), naive(alone), atol=1e-5, rtol=1e-5)


def test_a_book_reads_the_same_one_session_at_a_time(toys: Toys) -> None:
    rendering = worded(toys)
    resident = Resident([rendering])
    whole, book = named(resident), NameBook(rendering.contexts.shape[1])
    for session in range(len(resident)):
        rows = slice(int(resident.ends[session]), int(resident.ends[session + 1]))
        embeddings = resident.embeddings[resident.memory_rows[rows]]
        entities = slots_of(resident.features[rows])[:, 0]
        for _ in range(2):  # what is read leaves no trace
            found = book.read(resident.memories[rows], entities, embeddings, resident.contexts[session])
            torch.testing.assert_close(found.float(), whole[rows], atol=1e-6, rtol=1e-6)
        book.write(resident.memories[rows], entities, embeddings, resident.contexts[session])


def test_a_memory_is_met_with_the_first_embedding_that_it_has(toys: Toys) -> None:
    """Questions may have an embedding of what their past had none of, and so may a later request."""
    past, asked = worded(toys), worded(toys, 5, seed=3)
    asked = replace(asked, memory_ids=past.memory_ids, memory_embeddings=past.memory_embeddings[::-1])
    resident = Resident([past, asked], apart=True)
    torch.testing.assert_close(named(resident), naive(resident), atol=1e-5, rtol=1e-5)
    D = past.contexts.shape[1]
    late, at_once = NameBook(D), NameBook(D)
    memory, entity, context = torch.tensor([4]), torch.tensor([1]), torch.ones(D)
    late.write(memory, entity, torch.zeros(1, D), context)
    at_once.write(memory, entity, torch.ones(1, D), context)
    late.write(memory, entity, torch.ones(1, D), context)
    at_once.write(memory, entity, torch.ones(1, D), context)
    asked_for = torch.tensor([4, 5]), torch.tensor([1, 2]), torch.eye(2, D), torch.arange(D).float()
    assert torch.equal(late.read(*asked_for), at_once.read(*asked_for))


def test_labels_have_no_part_in_names(toys: Toys) -> None:
    rendering = worded(toys)
    other = replace(rendering, labels=rendering.labels[::-1].copy())
    assert torch.equal(named(Resident([rendering])), named(Resident([other])))


def test_no_later_session_tells_a_name(toys: Toys) -> None:
    rendering = worded(toys)
    early = rendering.select(np.arange(7))
    whole = named(Resident([rendering]))[: len(early.labels)]
    torch.testing.assert_close(whole, named(Resident([early]))[:-1])
