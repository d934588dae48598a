"""Units over the programming interface."""

from anlan.kernel.register.api import router_of
from anlan.organisation.unit.register import UNITS

PREFIX = "/units"
router = router_of(UNITS)
