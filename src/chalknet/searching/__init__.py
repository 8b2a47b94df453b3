"""Searches: many fits of many networks to the same data, ranked, resumable, the best ones kept."""

from chalknet.searching.ensemble import Ensemble, EnsemblePrediction
from chalknet.searching.journal import is_search
from chalknet.searching.member import Member
from chalknet.searching.result import SearchResult, SearchRow
from chalknet.searching.search import HOWS, load_search, search

__all__ = [
    "HOWS", "Ensemble", "EnsemblePrediction", "Member", "SearchResult", "SearchRow", "is_search",
    "load_search", "search",
]  # fmt: skip
