"""Fire hydrants over the programming interface."""

from anlan.kernel.register.api import router_of
from rooms.prevent.hydrant.register import HYDRANTS

PREFIX = "/hydrants"
router = router_of(HYDRANTS)
