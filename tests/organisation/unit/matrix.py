from anlan.organisation.unit.register import UNITS
from tests.registers import cases_of

CASES = tuple(cases_of(UNITS, lambda world: world.town, lambda world: world.neighbour_town, api="/units"))
