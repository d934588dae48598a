"""Writes what an import's rows come to: a batch in two statements, one entry in the journal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from anlan.kernel.errors import SENTENCES, DomainError
from anlan.kernel.register import acts
from anlan.kernel.register.judging import WHOLE, Coming

if TYPE_CHECKING:
    from collections.abc import Sequence

    from anlan.kernel.context import Context
    from anlan.kernel.register.declaration import Register
    from anlan.kernel.register.judging import Judged


class Writer:
    """file: the SHA-256 of what is imported."""

    def __init__(self, ctx: Context, register: Register, file: str) -> None:
        self.ctx, self.register, self.file = ctx, register, file
        self._made: dict[str, Any] = {}

    def write(self, judged: Sequence[Judged]) -> None:
        """Write a batch of new and changed rows; one that the database or its act refuses becomes wrong."""
        self._made.clear()
        new = [one for one in judged if one.outcome == "new"]
        changed = [one for one in judged if one.outcome == "changed"]
        by_act = (bool(self.register.create), bool(self.register.edit))
        self._write(new, self._create, self._create_many, one_by_one=by_act[0])
        self._write(changed, self._edit, self._edit_many, one_by_one=by_act[1])
        self._journal([one for one in judged if one.outcome in {"new", "changed"}])

    def _write(self, rows: list[Judged], one: Any, many: Any, *, one_by_one: bool) -> None:
        if not rows:
            return
        if not one_by_one:
            try:
                with transaction.atomic():
                    many(rows)
            except (
                IntegrityError,
                DomainError,
                ValidationError,
            ):  # of one of them; which, only each by itself can tell
                self._made.clear()
            else:
                return
        for row in rows:
            try:
                with transaction.atomic():
                    one(row)
            except IntegrityError:
                _refuse(row, str(SENTENCES["record_taken"]))
            except DomainError as refusal:
                _refuse(row, str(refusal))
            except ValidationError as wrong:
                _refuse(row, " ".join(wrong.messages))

    def _create_many(self, rows: list[Judged]) -> None:
        for row in rows:
            row.record = self._built(row)
            self._made[str(getattr(row.record, self.register.key))] = row.record
        self.register.model.unscoped.bulk_create([row.record for row in rows])  # type: ignore[attr-defined]  # their units lie within scope

    def _create(self, row: Judged) -> None:
        if self.register.create is None:
            row.record = self._built(row)
            row.record.save(force_insert=True)
        else:
            row.record = acts.create_record(self.ctx, self.register, **self._resolved(row))
        self._made[str(getattr(row.record, self.register.key))] = row.record

    def _built(self, row: Judged) -> Any:
        """The new record, not saved."""
        values = self._resolved(row)
        if self.register.is_record:
            values["exercise"] = self.ctx.exercise
        record: Any = self.register.model(**values)
        record.search = record.document_of()
        return record

    def _edit_many(self, rows: list[Judged]) -> None:
        names = {"version"}
        for row in rows:
            self._change(row)
            names |= row.values.keys()
        if not names.isdisjoint(self.register.model.SEARCHED):  # type: ignore[attr-defined]  # a register's model
            names.add("search")
        there = self.register.model.unscoped  # type: ignore[attr-defined]  # they were locked within scope
        there.bulk_update([row.record for row in rows], sorted(names))

    def _edit(self, row: Judged) -> None:
        if self.register.edit is None:
            self._change(row)
            row.record.save(update_fields=[*row.values, "version"])
        else:
            values = self._resolved(row)
            acts.edit_record(self.ctx, self.register, row.record.pk, version=row.version, **values)

    def _change(self, row: Judged) -> None:
        for name, value in self._resolved(row).items():
            setattr(row.record, name, value)
        row.record.version = row.version + 1
        row.record.search = row.record.document_of()

    def _resolved(self, row: Judged) -> dict[str, Any]:
        """The values, with the records that earlier rows made. raises DomainError where one of these was refused"""
        return {
            name: self._find(value) if isinstance(value, Coming) else value
            for name, value in row.values.items()
        }

    def _find(self, coming: Coming) -> Any:
        if coming.key not in self._made:
            raise DomainError("import_before")
        return self._made[coming.key]

    def _journal(self, written: list[Judged]) -> None:
        if not written:
            return
        created = sum(one.outcome == "new" for one in written)
        happened = self.register.events.imported(self.file, created, len(written) - created)
        self.ctx.journal_bulk(happened, [one.record for one in written])


def _refuse(row: Judged, reason: str) -> None:
    row.outcome = "wrong"
    row.row.faults[WHOLE] = reason
