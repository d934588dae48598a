"""Job entry points of the kernel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from anlan.kernel import audit, files, node, sessions, tasks
from anlan.kernel.background import job, job_in_context, periodic

if TYPE_CHECKING:
    from procrastinate import JobContext

    from anlan.kernel.context import Context


@job("kernel.self_check")
def self_check(check_id: int) -> None:
    node.work_self_check(check_id)


@job_in_context(tasks.JOB)
def long_task(context: JobContext, task_id: str) -> None:
    tasks.run(UUID(task_id), times_put_back=context.job.attempts, stopping=context.should_abort)


@periodic("kernel.tasks.sweep", "17 * * * *")
def sweep_tasks() -> None:
    tasks.sweep()


@periodic("kernel.files.sweep", "43 18 * * *")
def sweep_files() -> None:
    files.sweep()


@periodic("kernel.sessions.sweep", "53 * * * *")
def sweep_sessions() -> None:
    sessions.sweep()


@tasks.long_task(
    audit.VERIFY,
    _("核验留痕"),
    figures={"entries": _("核对留痕条数"), "seals": _("核对封存个数"), "found": _("发现问题")},
)
def verify_journal(ctx: Context, _arguments: dict[str, Any], progress: tasks.Progress) -> dict[str, Any]:
    return audit.verify_journal(ctx, progress)
