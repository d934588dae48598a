"""Tables to import in the tests, and a desk at which tasks run at once."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from openpyxl import Workbook, load_workbook

from anlan.kernel import tasks
from anlan.kernel.models import LongTask
from anlan.kernel.register import exporting, importing
from anlan.kernel.storage import store
from anlan.kernel.terms import TaskState
from rooms.prevent.hydrant.register import HYDRANTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from anlan.kernel.context import Context
    from anlan.kernel.register import Register

HEAD = ("所属单位", "编号", "名称")


def xlsx(*rows: Sequence[Any]) -> bytes:
    """A workbook with one sheet."""
    book = Workbook()
    for row in rows:
        book.active.append(list(row))
    kept = io.BytesIO()
    book.save(kept)
    return kept.getvalue()


def csv(*rows: Sequence[str], encoding: str = "utf-8") -> bytes:
    return "\r\n".join(",".join(row) for row in rows).encode(encoding)


def read_xlsx(content: bytes) -> list[list[Any]]:
    book = load_workbook(io.BytesIO(content))
    return [[cell.value for cell in row] for row in book.worksheets[0].iter_rows()]


@dataclass
class Desk:
    """One person's imports and exports."""

    ctx: Context
    register: Register = HYDRANTS

    def run(self, task: LongTask) -> LongTask:
        tasks.run(task.pk)
        return LongTask.objects.select_related("file", "exercise").get(pk=task.pk)

    def check(self, content: bytes, name: str = "消火栓.xlsx") -> importing.Checked:
        task = self.run(importing.begin_check(self.ctx, self.register, [content], name))
        assert task.state == TaskState.DONE, task.error
        return importing.Checked(task)

    def apply(self, checked: importing.Checked, mode: str = importing.ALL) -> LongTask:
        return self.run(importing.begin_import(self.ctx, self.register, checked, mode))

    def take_in(self, *rows: Sequence[Any], mode: str = importing.ALL) -> dict[str, Any]:
        """Check and import; what came of it."""
        task = self.apply(self.check(xlsx(*rows)), mode)
        assert task.state == TaskState.DONE, task.error
        return task.result

    def faults(self, *rows: Sequence[Any]) -> dict[int, dict[int, str]]:
        """What the check finds wrong, by line and place."""
        return faults_of(self.check(xlsx(*rows)))

    def export(self, kind: str, query: str = "", **more: Any) -> bytes:
        task = self.run(exporting.begin_export(self.ctx, self.register, kind, query, **more))
        assert task.state == TaskState.DONE, task.error
        assert task.file is not None
        return b"".join(store().read(task.file.pk, 0, task.file.size))

    def features(self, query: str = "") -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(self.export("geojson", query))["features"]
        return found


def faults_of(checked: importing.Checked) -> dict[int, dict[int, str]]:
    assert not checked.problems
    return {row.number: row.faults for row in checked.all_wrong_rows(1000)}
