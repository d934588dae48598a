"""Contact points over the programming interface."""

from anlan.kernel.register.api import router_of
from anlan.organisation.contact.register import CONTACTS

PREFIX = "/contacts"
router = router_of(CONTACTS)
