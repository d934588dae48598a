"""People: the page beyond those of every register."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from anlan.kernel.pages import needs
from anlan.organisation.person import selectors, services
from anlan.organisation.person.forms import LinkForm

if TYPE_CHECKING:
    from uuid import UUID

    from django.http import HttpResponse

    from anlan.kernel.requests import PageRequest

LINK = "organisation.person.link"


@require_http_methods(["GET", "POST"])
@needs(LINK)
def person_link(request: PageRequest, person_id: UUID) -> HttpResponse:
    person = selectors.get_person(request.ctx, person_id, LINK)
    form = LinkForm(request.POST or None, initial={"username": person.user.username if person.user else ""})
    if form.is_valid():
        try:
            services.link_user(request.ctx, person.pk, username=form.cleaned_data["username"].strip())
        except ValidationError as wrong:
            form.add_error(None, wrong)
        else:
            messages.success(request, _("已保存。"))
            return redirect("person_detail", person.pk)
    return render(request, "person/link.html", {"person": person, "form": form})
