"""Kinds of warning over the programming interface."""

from anlan.kernel.register.api import router_of
from anlan.watch.kind.register import KINDS

PREFIX = "/warning-kinds"
router = router_of(KINDS)
