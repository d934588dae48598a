"""Job entry points of divisions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from anlan.kernel.scope import can
from anlan.kernel.tasks import Progress, long_task
from anlan.organisation.division import services

if TYPE_CHECKING:
    from anlan.kernel.context import Context


@long_task(
    services.TASK,
    _("导入行政区划"),
    figures={"added": _("新增单位"), "renamed": _("更名单位"), "retired": _("停用单位")},
)
def import_divisions(ctx: Context, arguments: dict[str, Any], progress: Progress) -> dict[str, Any]:
    done = services.import_divisions(
        ctx, arguments["code"], arguments["below"], progress, as_root=arguments.get("as_root", False)
    )
    shows = done.unit_id is not None and can(ctx, "organisation.unit.read")
    url = reverse("unit_detail", args=[done.unit_id]) if shows else ""
    return {"added": done.added, "renamed": done.renamed, "retired": done.retired, "url": url}
