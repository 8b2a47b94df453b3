"""Race: which device, engine and number of threads is fastest, and at which size the lead changes."""

from chalknet.race.lead import Crossover
from chalknet.race.race import race
from chalknet.race.result import Race, RaceRow

__all__ = ["Crossover", "Race", "RaceRow", "race"]
