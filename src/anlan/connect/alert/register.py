"""The register of sources of outside warnings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _

from anlan.connect.alert.models import AlertSource
from anlan.connect.alert.selectors import messages, sources
from anlan.kernel.register import Column, Filter, Page, Panel, Register

if TYPE_CHECKING:
    from anlan.kernel.context import Context


def _state(ctx: Context, source: AlertSource) -> dict[str, Any]:
    latest = messages.list_messages(ctx, source=source.pk)[:10]
    return {
        "source": source,
        "state": sources.find_state(source),
        "latest": latest,
        "over": sources.find_running(source.pk) is None,
    }


SOURCES = Register(
    AlertSource,
    "connect.alert",
    columns=(
        Column("name", sort=True),
        Column("code"),
        Column("kind"),
        Column("format"),
        Column("unit__name"),
        Column("signature_required", wide=True),
        Column("address", wide=True),
        Column("folder", wide=True),
    ),
    fields=(
        "unit",
        "code",
        "name",
        "kind",
        "format",
        "folder",
        "address",
        "interval",
        "patience",
        "silent_after",
        "certificates",
        "signature_required",
        "receipts",
    ),
    fixed=("unit", "code", "kind"),
    filters=(Filter("kind"),),
    panels=(Panel("alert/_source.html", _state),),
    pages=(
        Page(_("报文"), "alert_messages"),
        Page(_("试读报文"), "alert_try"),
    ),
    icon="download",
    lead=_("上级、邻区和专业部门的预警从哪里来，由哪个单位接收。演练中登记的来源只属于该演练。"),
    empty=_("还没有外部预警来源。请登记第一个：监视文件夹、对方推送或订阅源。"),
)
