"""Those who have registered with communities, over the programming interface."""

from anlan.kernel.register.api import router_of
from anlan.organisation.helper.register import HELPERS

PREFIX = "/helpers"
router = router_of(HELPERS)
