"""Job entry points of the kernel: parse, call one service."""

from procrastinate.contrib.django import app

from anlan.kernel import node


@app.task(name="kernel.self_check")
def self_check(check_id: int) -> None:
    node.work_self_check(check_id)
