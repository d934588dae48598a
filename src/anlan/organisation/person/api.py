"""People over the programming interface."""

from anlan.kernel.register.api import router_of
from anlan.organisation.person.register import PEOPLE

PREFIX = "/people"
router = router_of(PEOPLE)
