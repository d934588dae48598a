"""The rows of the scope matrix that every register has, and what its tests share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from tests.matrix import Case

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from anlan.kernel.register import Register
    from tests.cast import World

    Make = Callable[[World], Any]

NOBODYS = UUID(int=1)


def cases_of(
    register: Register, own: Make, other: Make, *, view_budget: int = 14, api: str = ""
) -> Iterator[Case]:
    """Every standard address of a register.

    own, other   make a record within the district, and one of the neighbour's
    api          where its operations lie, where it has any
    """
    name, read, edit = register.name, register.capability("read"), register.capability("edit")

    def key_of(make: Make, **more: Any) -> Callable[[World], dict[str, Any]]:
        return lambda world: {"key": make(world).pk, **more}

    yield Case(f"{name}_list", read, budget=8)
    yield Case(f"{name}_create", edit, budget=8)
    for field in register.fields:
        if register.model._meta.get_field(field).is_relation:
            yield Case(f"{name}_choose", edit, own=lambda _, field=field: {"field": field}, budget=8)
            break
    first = {"field": register.bulk[0]} if register.bulk else {}
    yield Case(f"{name}_bulk", edit, method="post", data=first, answers=409 if first else 404)
    yield Case(f"{name}_view_save", read, method="post", data={"name": "甲"}, answers=302)
    yield Case(f"{name}_view_drop", read, own=lambda _: {"view_id": 0}, method="post", answers=404)
    yield Case(f"{name}_detail", read, own=key_of(own), other=key_of(other), budget=view_budget)
    yield Case(f"{name}_edit", edit, own=key_of(own), other=key_of(other), budget=10)
    yield Case(f"{name}_retire", edit, own=key_of(own), other=key_of(other), budget=8)
    yield Case(f"{name}_restore", edit, own=key_of(own), other=key_of(other), method="post", answers=302)
    yield Case(f"{name}_export", register.capability("export"), budget=6)
    if register.key:
        nothing = {
            "own": lambda _: {"task_id": NOBODYS},
            "answers": 404,
        }  # one's own tasks only, whatever one may
        yield Case(f"{name}_import", edit, budget=6)
        yield Case(f"{name}_import_template", edit, budget=4)
        yield Case(f"{name}_import_check", edit, **nothing)
        yield Case(f"{name}_import_wrong", edit, **nothing)
        yield Case(f"{name}_import_apply", edit, method="post", data={"mode": "all"}, **nothing)
    if api:
        yield from _operations_of(register, api, key_of(own), key_of(other))
    if register.personal:
        look = register.capability("look")
        yield Case(
            f"{name}_look",
            look,
            own=key_of(own),
            method="post",
            data={"reason": "甲"},
            answers=200,
            budget=16,
        )


def _operations_of(register: Register, api: str, own: Any, other: Any) -> Iterator[Case]:
    """The register's operations on the programming interface; what is sent reaches it as JSON."""
    read, edit, look = (register.capability(verb) for verb in ("read", "edit", "look"))
    one, why = f"api:{api}/{{key}}", {"reason": "甲"}
    yield Case(f"api:{api}", read, budget=5)
    yield Case(f"api:{api}", edit, method="post", answers=422)
    yield Case(one, read, own=own, other=other, budget=4)
    yield Case(one, edit, own=own, other=other, method="patch", data={"version": 1}, budget=10)
    yield Case(f"{one}/retire", edit, own=own, other=other, method="post", data=why, budget=12)
    yield Case(f"{one}/restore", edit, own=own, other=other, method="post", answers=409)
    if register.personal:
        yield Case(f"{one}/look", look, own=own, other=other, method="post", data=why, budget=12)
