"""Users: the people and machines that act; who they are, never what they may do (that is `Grant`)."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX as NO_PASSWORD
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from anlan.kernel.clock import real_now
from anlan.kernel.terms import Density, Language, Theme


class UserManager(BaseUserManager["User"]):
    def create_user(self, username: str, password: str | None = None, **fields: object) -> User:
        """A user with a hashed password; None makes one who cannot log in by password."""
        user = self.model(username=self.model.normalize_username(username), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user


class User(AbstractBaseUser):
    """One who logs in.

    password_is_initial   whether his password is one that an administrator saw; he must choose his own first
    password_set_at       when his password was set; None: before this was kept, so when he was made
    is_machine            a program of another system: it has no password and shows a token instead
    """

    username = models.CharField(
        _("登录名"), max_length=64, unique=True, validators=[UnicodeUsernameValidator()]
    )
    display_name = models.CharField(_("姓名"), max_length=64)
    email = models.EmailField(_("电子邮箱"), blank=True)
    is_active = models.BooleanField(_("启用"), default=True)
    password_is_initial = models.BooleanField(_("须换初始密码"), default=False)
    password_set_at = models.DateTimeField(_("密码设置时间"), null=True, blank=True)
    is_machine = models.BooleanField(_("机器账号"), default=False)
    created_at = models.DateTimeField(_("建立时间"), default=real_now)
    theme = models.CharField(_("外观"), max_length=8, choices=Theme, default=Theme.AUTO)
    language = models.CharField(_("语言"), max_length=8, choices=Language, default=Language.CHINESE)
    density = models.CharField(_("行距"), max_length=16, choices=Density, default=Density.COMFORTABLE)

    welcomed_at = models.DateTimeField(_("看过上手指引的时间"), null=True, blank=True)

    objects = UserManager()

    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["display_name"]

    class Meta:
        verbose_name = _("用户")
        verbose_name_plural = _("用户")
        constraints = (
            models.CheckConstraint(
                condition=Q(is_machine=False) | Q(("password__startswith", NO_PASSWORD)),
                name="machine_has_no_password",
            ),
        )

    def __str__(self) -> str:
        return self.display_name or self.username

    def set_password(self, raw_password: str | None) -> None:
        super().set_password(raw_password)
        self.password_set_at = real_now()


class FormerPassword(models.Model):
    """The hash of a password that a user had or has, so that he does not come back to it."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="former_passwords", verbose_name=_("用户")
    )
    hashed = models.CharField(_("密码摘要"), max_length=128)
    set_at = models.DateTimeField(_("设置时间"), default=real_now)

    class Meta:
        verbose_name = _("曾用密码")
        verbose_name_plural = _("曾用密码")
        indexes = (models.Index(fields=("user", "-id"), name="former_password_of_user"),)

    def __str__(self) -> str:
        return f"{self.user_id}@{self.set_at}"
