from anlan.kernel.models import LongTask, User
from anlan.kernel.terms import TaskState
from tests.cast import World
from tests.matrix import ANYBODY, PERSONAL, Case


def _task_of(person: User) -> dict[str, object]:
    return {"task_id": LongTask.objects.create(kind="gone.work", asked_by=person).pk}


def _own(world: World) -> dict[str, object]:
    LongTask.objects.bulk_create(
        LongTask(kind="gone.work", asked_by=world.officer, state=state)
        for state in TaskState.values
        for _row in range(30)
    )
    return _task_of(world.officer)


def _other(world: World) -> dict[str, object]:
    return _task_of(world.neighbour)


def _some(world: World) -> dict[str, object]:
    _own(world)
    return {}


CASES = (
    Case("task_list", ANYBODY, own=_some),
    Case("task_detail", PERSONAL, own=_own, other=_other),
    Case("task_file", PERSONAL, own=_own, other=_other, answers=404),
    Case("task_cancel", PERSONAL, own=_own, other=_other, method="post", answers=302, budget=12),
)
