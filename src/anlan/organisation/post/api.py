"""Posts over the programming interface."""

from anlan.kernel.register.api import router_of
from anlan.organisation.post.register import POSTS

PREFIX = "/posts"
router = router_of(POSTS)
