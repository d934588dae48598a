"""Contact points: the act beyond those of every register."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from anlan.kernel.errors import StateConflict
from anlan.kernel.pages import needs
from anlan.organisation.contact import services
from anlan.organisation.contact.forms import VerifyForm
from anlan.organisation.contact.terms import VerifiedHow

if TYPE_CHECKING:
    from uuid import UUID

    from django.http import HttpResponse

    from anlan.kernel.requests import PageRequest


@require_POST
@needs("organisation.contact.verify")
def contact_verify(request: PageRequest, contact_id: UUID) -> HttpResponse:
    form = VerifyForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("没有选定核实方式，没有保存。"))
        return redirect("contact_detail", contact_id)
    how = VerifiedHow(form.cleaned_data["how"])
    try:
        contact = services.verify_contact(
            request.ctx, contact_id, version=form.cleaned_data["version"], how=how
        )
    except StateConflict:
        messages.error(request, _("该联系方式刚被他人修改，没有记为已核实。请按现在的号码再核实。"))
        return redirect("contact_detail", contact_id)
    messages.success(request, _("已记为核实。"))
    if contact.person_id:
        return redirect("person_detail", contact.person_id)
    return redirect("unit_detail", contact.unit_id)
