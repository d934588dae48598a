"""Job entry points of the kernel."""

from anlan.kernel import node
from anlan.kernel.background import job


@job("kernel.self_check")
def self_check(check_id: int) -> None:
    node.work_self_check(check_id)
