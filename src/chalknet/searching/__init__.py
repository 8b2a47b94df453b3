"""Searches: many fits of many networks to the same data, ranked, resumable, the best ones kept."""

from chalknet.searching.ensemble import Ensemble, EnsemblePrediction
from chalknet.searching.member import Member
from chalknet.searching.result import SearchResult, SearchRow
from chalknet.searching.search import HOWS, search

__all__ = [
    "HOWS", "Ensemble", "EnsemblePrediction", "Member", "SearchResult", "SearchRow", "search",
]  # fmt: skip
