"""Warnings: tables."""

from __future__ import annotations

from django.conf import settings
from django.contrib.gis.db import models
from django.contrib.postgres.fields import ArrayField
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from anlan.kernel.models import MatterRecord
from anlan.kernel.terms import WarningColour
from anlan.organisation.post.models import Post
from anlan.watch.kind.models import WarningKind
from anlan.watch.warning.terms import (
    Accuracy,
    AreaHow,
    IssueState,
    MessageType,
    Timeliness,
    WarningState,
)

POSTS = dict(Post._meta.get_field("kind").flatchoices)  # their names by their kind
OPEN = (IssueState.DRAFT, IssueState.IN_REVIEW, IssueState.APPROVED)


class EarlyWarning(MatterRecord):
    """One warning from its first draft to its end; a matter of its own, shared with the units it warns.

    issuer        the body that issues it, in whose name the headline is
    relayed_from  the body outside the tree whose warning this passes on; blank: the issuer's own
    colour        of what is in force; before that, of the draft
    number        of the document, drawn when it is first published
    expires_at    of what is in force
    """

    kind = models.ForeignKey(WarningKind, models.PROTECT, related_name="+", verbose_name=_("预警种类"))
    issuer = models.ForeignKey("kernel.Unit", models.PROTECT, related_name="+", verbose_name=_("发布单位"))
    relayed_from = models.CharField(_("原发布单位"), max_length=60, blank=True)
    colour = models.CharField(_("预警级别"), max_length=8, choices=WarningColour)
    state = models.CharField(_("状态"), max_length=12, choices=WarningState, default=WarningState.PENDING)
    number = models.CharField(_("编号"), max_length=64, blank=True)
    drafted_at = models.DateTimeField(_("起草时间"))
    published_at = models.DateTimeField(_("首次发布时间"), null=True)
    expires_at = models.DateTimeField(_("失效时间"), null=True)
    ended_at = models.DateTimeField(_("结束时间"), null=True)

    class Meta(MatterRecord.Meta):
        verbose_name = _("预警")
        verbose_name_plural = _("预警")
        indexes = (
            models.Index(fields=("-drafted_at", "id"), name="warning_by_time"),
            models.Index(fields=("kind",), name="warning_in_force", condition=Q(state="in_force")),
        )
        constraints = (
            models.CheckConstraint(
                condition=Q(state__in=("pending", "discarded")) | Q(published_at__isnull=False),
                name="warning_in_force_was_published",
            ),
            models.CheckConstraint(
                condition=Q(state__in=("pending", "in_force")) | Q(ended_at__isnull=False),
                name="warning_ended_at_a_time",
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind.name}{self.get_colour_display()}{_('预警')}"

    @property
    def is_running(self) -> bool:
        return self.state == WarningState.IN_FORCE


class WarningIssue(MatterRecord):
    """One message of a warning: its first, an update, or its end. Once published it never changes (trigger).

    number        its place among the warning's messages
    needs_leader  whether a leader approves it: by the kind's rule, of its colour and of the one that it replaces
    guidance      what people should do
    reason        why it is updated or cancelled
    polygon       the area as it was drawn or came with a message; blank: it was told by units
    measures      codes of the measures that are to be taken
    approver      who approved it; null in an urgent publication, which a countersignature follows
    identifier    of the message, `<code of the sender>_<time>`
    texts         what each channel carried, as it was published
    units         how many places lay in its area
    """

    warning = models.ForeignKey(EarlyWarning, models.PROTECT, related_name="issues", verbose_name=_("预警"))
    number = models.PositiveSmallIntegerField(_("序号"))
    message_type = models.CharField(_("类型"), max_length=8, choices=MessageType)
    state = models.CharField(_("状态"), max_length=12, choices=IssueState, default=IssueState.DRAFT)
    colour = models.CharField(_("预警级别"), max_length=8, choices=WarningColour)
    needs_leader = models.BooleanField(_("由领导审批"))
    headline = models.CharField(_("标题"), max_length=120)
    description = models.TextField(_("预警内容"), max_length=2000, blank=True)
    guidance = models.TextField(_("公众防护指引"), max_length=1000, blank=True)
    reason = models.CharField(_("变更或解除原因"), max_length=300, blank=True)
    onset_at = models.DateTimeField(_("预计开始时间"), null=True, blank=True)
    expires_at = models.DateTimeField(_("失效时间"), null=True, blank=True)
    measures = ArrayField(
        models.CharField(max_length=8), verbose_name=_("应采取的措施"), default=list, blank=True
    )
    polygon = models.MultiPolygonField(_("预警范围"), null=True, blank=True)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("起草人")
    )
    approver = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("审批人")
    )
    publisher = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("发布人")
    )
    approved_at = models.DateTimeField(_("批准时间"), null=True)
    published_at = models.DateTimeField(_("发布时间"), null=True)
    urgent = models.BooleanField(_("紧急发布"), default=False)
    identifier = models.CharField(_("消息编号"), max_length=64, blank=True)
    texts = models.JSONField(_("各渠道文本"), default=dict, blank=True)
    units = models.PositiveIntegerField(_("涉及单位数"), default=0)

    class Meta(MatterRecord.Meta):
        verbose_name = _("预警信息")
        verbose_name_plural = _("预警信息")
        constraints = (
            models.UniqueConstraint(fields=("warning", "number"), name="issue_number_once"),
            models.UniqueConstraint(
                fields=("warning",), condition=Q(state__in=OPEN), name="issue_one_in_the_making"
            ),
            models.UniqueConstraint(
                fields=("identifier", "exercise"),
                nulls_distinct=False,
                condition=~Q(identifier=""),
                name="issue_identifier_once",
            ),
            models.CheckConstraint(
                condition=~Q(state="published")
                | Q(published_at__isnull=False, approved_at__isnull=False)
                | Q(published_at__isnull=False, urgent=True),
                name="issue_is_approved_or_urgent",
            ),
        )

    def __str__(self) -> str:
        return self.headline

    @property
    def is_open(self) -> bool:
        return self.state in OPEN

    @property
    def is_published(self) -> bool:
        return self.state == IssueState.PUBLISHED

    @property
    def is_end(self) -> bool:
        return self.message_type == MessageType.CANCEL


class WarningArea(models.Model):
    """A unit in the area of a message, alone or with all below it.

    share   how much of its area the polygon covers, 0 to 1; null: it was not told by a polygon, or has no area of its own
    """

    issue = models.ForeignKey(WarningIssue, models.PROTECT, related_name="areas", verbose_name=_("预警信息"))
    unit = models.ForeignKey("kernel.Unit", models.PROTECT, related_name="+", verbose_name=_("单位"))
    below = models.BooleanField(_("含全部下级"), default=True)
    share = models.FloatField(_("覆盖比例"), null=True)
    how = models.CharField(_("来源"), max_length=10, choices=AreaHow, default=AreaHow.CHOSEN)

    class Meta:
        verbose_name = _("预警区域")
        verbose_name_plural = _("预警区域")
        constraints = (
            models.UniqueConstraint(fields=("issue", "unit"), name="area_once"),
            models.CheckConstraint(
                condition=Q(share__isnull=True) | Q(share__gte=0, share__lte=1), name="area_share_is_one"
            ),
        )

    def __str__(self) -> str:
        return f"{self.issue_id}:{self.unit_id}"


class Countersignature(models.Model):
    """A leader stands for what was published without him."""

    issue = models.OneToOneField(
        WarningIssue, models.PROTECT, related_name="countersignature", verbose_name=_("预警信息")
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("补签人")
    )
    at = models.DateTimeField(_("补签时间"))

    class Meta:
        verbose_name = _("补签")
        verbose_name_plural = _("补签")

    def __str__(self) -> str:
        return f"{self.issue_id}@{self.at}"


class WarningMeasure(MatterRecord):
    """One measure of the law that this warning calls for, and when it was taken.

    note   what was done, where, by whom
    """

    warning = models.ForeignKey(EarlyWarning, models.PROTECT, related_name="measures", verbose_name=_("预警"))
    code = models.CharField(_("措施"), max_length=8)
    done_at = models.DateTimeField(_("落实时间"), null=True)
    done_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("登记人")
    )
    note = models.CharField(_("落实情况"), max_length=300, blank=True)

    class Meta(MatterRecord.Meta):
        verbose_name = _("预警措施")
        verbose_name_plural = _("预警措施")
        constraints = (models.UniqueConstraint(fields=("warning", "code"), name="measure_once"),)

    def __str__(self) -> str:
        return self.code


class WarningReview(MatterRecord):
    """How a warning turned out, said after its end.

    missed   who or what it did not reach, or what it left out
    """

    warning = models.OneToOneField(
        EarlyWarning, models.PROTECT, related_name="review", verbose_name=_("预警")
    )
    accuracy = models.CharField(_("是否准确"), max_length=8, choices=Accuracy)
    timeliness = models.CharField(_("是否及时"), max_length=8, choices=Timeliness)
    missed = models.TextField(_("遗漏"), max_length=1000, blank=True)
    lesson = models.TextField(_("改进"), max_length=1000, blank=True)
    reviewer = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("评价人")
    )
    reviewed_at = models.DateTimeField(_("评价时间"))

    class Meta(MatterRecord.Meta):
        verbose_name = _("预警评价")
        verbose_name_plural = _("预警评价")

    def __str__(self) -> str:
        return self.get_accuracy_display()


class Presence(models.Model):
    """Somebody has the form of a draft open; who has not been seen for some seconds is gone."""

    issue = models.ForeignKey(
        WarningIssue, models.CASCADE, related_name="presences", verbose_name=_("预警信息")
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", verbose_name=_("用户")
    )
    seen_at = models.DateTimeField(_("最近在场（真实时间）"))

    class Meta:
        verbose_name = _("在场")
        verbose_name_plural = _("在场")
        constraints = (models.UniqueConstraint(fields=("issue", "user"), name="present_once"),)

    def __str__(self) -> str:
        return f"{self.user_id}:{self.issue_id}"
