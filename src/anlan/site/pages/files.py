"""Attachments: fetch, add and remove them, authorised by the record that holds them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.cache import get_conditional_response
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from anlan.kernel import files, subjects
from anlan.kernel.errors import DomainError
from anlan.kernel.shelf import shelf_of
from anlan.kernel.storage import store

if TYPE_CHECKING:
    from uuid import UUID

    from django.core.files.uploadedfile import UploadedFile
    from django.db.models import Model
    from django.http.response import HttpResponseBase
    from django.urls import URLPattern

    from anlan.kernel.context import Context
    from anlan.kernel.requests import PageRequest

PREFIX = "attachments/"
SHOWN = ("image/", "audio/", "video/")  # what a browser shows by itself; the rest is saved
PDF = "application/pdf"
# Whatever an attachment turns out to be, it runs nothing and fetches nothing. Browsers show no PDF in a sandbox.
FETCHES_NOTHING = (
    "default-src 'none'; img-src 'self'; media-src 'self'; object-src 'self'; frame-ancestors 'none';"
    " style-src 'unsafe-inline'"  # by which browsers lay out a picture that is opened by itself
)
RUNS_NOTHING = f"{FETCHES_NOTHING}; sandbox"
RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


class RemoveForm(forms.Form):
    reason = forms.CharField(label=gettext_lazy("移除原因"), max_length=200)


@require_http_methods(["GET", "HEAD", "POST"])
def attachments_of(request: PageRequest, kind: str, key: str) -> HttpResponse:
    """A record's attachments by themselves; adding to them. A script gets the list alone, or the one error."""
    adding = request.method == "POST"
    about = files.get_owner(request.ctx, kind, key, to_attach=adding)
    if not adding:
        return _page(request, about)
    refused = _attach_all(request.ctx, about, request.FILES.getlist("file"))
    if refused and request.headers.get("HX-Request"):
        return HttpResponse("\n".join(refused), status=422, content_type="text/plain; charset=utf-8")
    if refused or request.headers.get("HX-Request"):
        return _page(request, about, refused)
    messages.success(request, _("附件已添加。"))
    return redirect(_address_of(kind, key))


def _attach_all(ctx: Context, about: Model, uploads: list[UploadedFile[Any]]) -> list[str]:
    """Attach what can be; one sentence for each that can't."""
    refused = [] if uploads else [_("没有选择文件。请选择后再添加。")]
    for upload in uploads:
        try:
            files.attach_file(ctx, about, upload.chunks(), name=upload.name or "")
        except DomainError as error:
            refused.append(str(error))
    return refused


def _page(request: PageRequest, about: Model, refused: list[str] | None = None) -> HttpResponse:
    shelf = shelf_of(request.ctx, about)
    shown = {"about": about, "shelf": shelf, "refused": refused, "back": _address_of(shelf.kind, shelf.key)}
    template = "site/files/_list.html" if request.headers.get("HX-Request") else "site/files/attachments.html"
    return render(request, template, shown, status=422 if refused else 200)


def _address_of(kind: str, key: str) -> str:
    return reverse(subjects.kinds()[kind].url_name, args=[key])


@require_http_methods(["GET", "HEAD", "POST"])
def attachment_remove(request: PageRequest, attachment_id: UUID) -> HttpResponse:
    found = files.get_attachment(request.ctx, attachment_id, to_attach=True)
    form = RemoveForm(request.POST if request.method == "POST" else None)
    key = (found.subject_kind, found.subject)
    about = subjects.describe(request.ctx, [key])[key]
    if request.method == "POST" and form.is_valid():
        files.remove_attachment(request.ctx, attachment_id, reason=form.cleaned_data["reason"])
        messages.success(request, _("已移除“%(name)s”。") % {"name": found.name})
        return redirect(about.url)
    shown = {"attachment": found, "is_picture": files.is_picture(found), "form": form, "about": about}
    return render(request, "site/files/remove.html", shown, status=422 if form.errors else 200)


@require_safe
def attachment(request: PageRequest, attachment_id: UUID) -> HttpResponseBase:
    """The content itself."""
    found = files.get_attachment(request.ctx, attachment_id)
    return hand_out(request, found.name, found.file_id, found.file.media_type)


@require_safe
def attachment_small(request: PageRequest, attachment_id: UUID) -> HttpResponseBase:
    """The thumbnail of a picture."""
    found = files.get_attachment(request.ctx, attachment_id)
    return hand_out(request, found.name, files.small_name(found.file_id), "image/webp")


def hand_out(request: PageRequest, called: str, name: str, media_type: str) -> HttpResponseBase:
    """A stored content to whom may have it; who may is decided before.

    called   what the file is called where it is saved
    """
    size = store().size_of(name)
    if size is None:
        raise DomainError("file_lost")
    address = store().address_of(name)
    response = HttpResponse() if address else _pass_on(request, name, size)
    if address:
        response["X-Accel-Redirect"] = address  # nginx sends it, in parts where asked for
    shown = media_type.startswith(SHOWN) or media_type == PDF
    response["Content-Type"] = media_type
    response["Content-Disposition"] = content_disposition_header(not shown, called) or "attachment"
    response["Content-Security-Policy"] = FETCHES_NOTHING if media_type == PDF else RUNS_NOTHING
    response["Cache-Control"] = "private, no-cache"  # a grant may have ended since: ask again, get 304
    return response


def _pass_on(request: PageRequest, name: str, size: int) -> Any:
    """From a store that the front door can't reach; of a video, the part that is asked for."""
    mark = f'"{name}"'
    start, stop = _range(request.headers.get("Range", ""), size)
    if start >= stop:
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
    whole = (start, stop) == (0, size)
    response = StreamingHttpResponse(store().read(name, start, stop), status=200 if whole else 206)
    response["ETag"] = mark
    response["Accept-Ranges"] = "bytes"
    response["Content-Length"] = str(stop - start)
    if not whole:
        response["Content-Range"] = f"bytes {start}-{stop - 1}/{size}"
    return get_conditional_response(request, etag=mark, response=response)  # type: ignore[arg-type]  # it hands it through


def _range(asked: str, size: int) -> tuple[int, int]:
    """The bytes that are asked for, as start and stop; all of them for what we don't understand."""
    match = RANGE.fullmatch(asked)
    if match is None or match.groups() == ("", ""):
        return 0, size
    first, last = match.groups()
    if not first:
        return max(0, size - int(last)), size
    return int(first), min(int(last) + 1, size) if last else size


urlpatterns: list[URLPattern] = [
    path("of/<str:kind>/<str:key>/", attachments_of, name="attachments_of"),
    path("<uuid:attachment_id>/", attachment, name="attachment"),
    path("<uuid:attachment_id>/small/", attachment_small, name="attachment_small"),
    path("<uuid:attachment_id>/remove/", attachment_remove, name="attachment_remove"),
]
