"""The cast of the tests, in one invented county: those who may, one who may not, and a neighbour who must see nothing."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING

from django.contrib.auth.hashers import make_password

from anlan.kernel.context import Context
from anlan.kernel.models import Grant, Role, Unit, User
from anlan.kernel.seeds import load_roles, plant_unit

if TYPE_CHECKING:
    from django.test import Client

PASSWORD = "a-long-test-password"


@cache
def hashed() -> str:
    """Argon2 is slow on purpose; one hash serves the whole cast."""
    return make_password(PASSWORD)


def make_user(username: str, display_name: str) -> User:
    return User.objects.create(username=username, display_name=display_name, password=hashed())


def make_machine(username: str) -> User:
    """A user that is a program of another system."""
    return User.objects.create_user(username, None, display_name=username, is_machine=True)


@dataclass
class World:
    """A city with two districts, one township in each; people are made when first asked for."""

    city: Unit
    district: Unit
    town: Unit
    neighbour_district: Unit
    neighbour_town: Unit

    @cached_property
    def officer(self) -> User:
        """Duty officer of the district."""
        return self.person("officer", "duty_officer", self.district)

    @cached_property
    def approver(self) -> User:
        """Leader on duty of the district."""
        return self.person("approver", "leader", self.district)

    @cached_property
    def clerk(self) -> User:
        """Clerk of the township."""
        return self.person("clerk", "clerk", self.town)

    @cached_property
    def auditor(self) -> User:
        return self.person("auditor", "audit_administrator", self.city)

    @cached_property
    def administrator(self) -> User:
        return self.person("administrator", "system_administrator", self.city)

    @cached_property
    def neighbour(self) -> User:
        """Duty officer of the district next door."""
        return self.person("neighbour", "duty_officer", self.neighbour_district)

    @cached_property
    def stranger(self) -> User:
        """Logged in, without any grant."""
        return make_user("stranger", "无授权人员")

    def person(self, username: str, role: str, unit: Unit) -> User:
        """A user who holds one role over one subtree."""
        user = make_user(username, username)
        Grant.objects.create(user=user, role=Role.objects.get(code=role), scope_root=unit)
        return user

    def holder(self, capability: str, unit: Unit | None = None) -> User:
        """A user of the district who holds just this capability."""
        role, _ = Role.objects.get_or_create(
            code=capability.replace(".", "-"), defaults={"name": capability, "capabilities": [capability]}
        )
        user = make_user(f"holder-{role.code}", capability)
        Grant.objects.create(user=user, role=role, scope_root=unit or self.district)
        return user


def make_world() -> World:
    load_roles()
    city = plant_unit("T-1", "试验市", "city", None)
    district = plant_unit("T-1-1", "甲区", "district", city)
    neighbour = plant_unit("T-1-2", "乙区", "district", city)
    return World(
        city,
        district,
        plant_unit("T-1-1-1", "甲一镇", "township", district),
        neighbour,
        plant_unit("T-1-2-1", "乙一镇", "township", neighbour),
    )


def acting(user: User, *, second_factor: bool = True) -> Context:
    """A context in which that user acts."""
    return Context(user, second_factor=second_factor)


def enter(door: Client, user: User) -> None:
    """Log in as somebody who has shown a second factor, as allauth writes it into his session."""
    door.force_login(user)
    session = door.session
    session["account_authentication_methods"] = [
        {"method": "password", "at": 0.0},
        {"method": "mfa", "at": 0.0, "type": "totp"},
    ]
    session["account_authentication_methods_user"] = str(user.pk)
    session.save()


def forget_grants(ctx: Context) -> None:
    """Let a context ask anew what its actor holds, as the next request's would."""
    for asked in ("postings", "_held"):
        ctx.__dict__.pop(asked, None)
