"""Agents, what they are offered and what they do with it, as a story of named variables."""

from __future__ import annotations

from memento.population.agents import Population, Setting, populate
from memento.population.junk import Arm, junk
from memento.population.story import Draw, Story, Variable

__all__ = ["Arm", "Draw", "Population", "Setting", "Story", "Variable", "junk", "populate"]
