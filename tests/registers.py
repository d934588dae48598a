"""The rows of the scope matrix that every register has, and what its tests share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.matrix import Case

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from anlan.kernel.register import Register
    from tests.cast import World

    Make = Callable[[World], Any]


def cases_of(register: Register, own: Make, other: Make, *, view_budget: int = 14) -> Iterator[Case]:
    """Every standard address of a register.

    own, other   make a record within the district, and one of the neighbour's
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
    yield Case(f"{name}_restore", edit, own=key_of(own), other=key_of(other), method="post", answers=409)
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
