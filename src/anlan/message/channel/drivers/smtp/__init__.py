"""E-mail through a mail server: a message a person, its Message-ID made of the delivery's id."""

from __future__ import annotations

import smtplib
import ssl
from email.message import EmailMessage
from email.utils import format_datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from django.utils.translation import gettext_lazy as _

from anlan.kernel.clock import real_now
from anlan.message.channel.drivers import Driver, NotHanded
from anlan.message.channel.terms import Channel, Fault, Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from anlan.message.channel.terms import Account, Item

TIMEOUT_S = 8.0


class SmtpLine:
    """A session with a mail server. The secret is `user:password`, or blank where the server asks for none."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self._server: smtplib.SMTP | None = None

    def send(self, items: Sequence[Item]) -> list[Outcome]:
        """One by one; where the session breaks, those not yet said are tried again, the one under way may be there twice."""
        server = self._session()
        outcomes: list[Outcome] = []
        for item in items:
            try:
                server.send_message(self._message(item), self.account.sender, [item.number])
            except smtplib.SMTPRecipientsRefused as refused:
                code, words = next(iter(refused.recipients.values()))
                outcomes.append(_refused(item.id, code, words))
            except smtplib.SMTPResponseException as refused:
                outcomes.append(_refused(item.id, refused.smtp_code, refused.smtp_error))
            except (OSError, smtplib.SMTPException) as error:
                self.close()
                if not outcomes:
                    raise NotHanded(Fault.UNREACHABLE, may_be_there=True) from error
                outcomes.append(Outcome(item.id, fault=Fault.UNREACHABLE))
                break
            else:
                outcomes.append(Outcome(item.id, ref=str(item.id)))
        done = {one.id for one in outcomes}
        return [*outcomes, *(Outcome(one.id, fault=Fault.UNREACHABLE) for one in items if one.id not in done)]

    def call_off(self, ids: Sequence[UUID]) -> None:
        """Mail cannot be had back."""

    def close(self) -> None:
        if self._server:
            self._server.close()
        self._server = None

    def _session(self) -> smtplib.SMTP:
        if self._server:
            try:
                if self._server.noop()[0] == 250:
                    return self._server
            except (OSError, smtplib.SMTPException):
                pass
            self.close()
        try:
            self._server = self._connect()
        except (OSError, smtplib.SMTPException) as error:
            raise NotHanded(Fault.UNREACHABLE) from error
        return self._server

    def _connect(self) -> smtplib.SMTP:
        parts = urlsplit(self.account.address)
        host, context = parts.hostname or "", ssl.create_default_context()
        server: smtplib.SMTP
        if parts.scheme == "smtps":
            server = smtplib.SMTP_SSL(host, parts.port or 465, timeout=TIMEOUT_S, context=context)
        else:
            server = smtplib.SMTP(host, parts.port or 25, timeout=TIMEOUT_S)
        server.ehlo()
        if parts.scheme == "smtp" and server.has_extn("starttls"):
            server.starttls(context=context)
            server.ehlo()
        user, _colon, password = self.account.secret.partition(":")
        if user:
            server.login(user, password)
        return server

    def _message(self, item: Item) -> EmailMessage:
        message = EmailMessage()
        message["Subject"] = " ".join(item.subject.split())
        message["From"] = self.account.sender
        message["To"] = item.number
        message["Date"] = format_datetime(real_now())
        message["Message-ID"] = f"<{item.id}@{self.account.sender.rpartition('@')[2]}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(item.text)
        return message


def _refused(key: UUID, code: int, words: bytes | str) -> Outcome:
    text = words.decode(errors="replace") if isinstance(words, bytes) else words
    return Outcome(key, fault=f"{code} {text}"[:120], permanent=code >= 500)


DRIVER = Driver(Channel.EMAIL, _("邮件（SMTP）"), SmtpLine)
