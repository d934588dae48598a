"""What is due is due at a moment that programs can read; no two roles have one name.

Rows that are none by now (written past every act) are brought to the nearest that is one: a timer of such a time is
parked by the scanner, where it is seen. Of roles with one name all but the first get their code behind it. Tables are checked without keeping anybody out; a migration that was cut off in
the middle can be run again.
"""

from collections.abc import Iterable
from datetime import UTC, datetime

from django.contrib.postgres.operations import AddConstraintNotValid, ValidateConstraint
from django.db import migrations, models
from django.db.migrations.operations.base import Operation
from django.db.models import Q

EARLIEST, LATEST = datetime(2, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)
FASTEST = 3600.0
MOMENTS = (
    ('due', 'due_readable', ('at',)),
    ('obligation', 'obligation_readable', ('opened_at', 'due_at', 'paused_at', 'ended_at')),
    ('escalation', 'escalation_readable', ('at',)),
    ('parked', 'parked_readable', ('again_at',)),
    ('grant', 'grant_readable', ('from_at', 'until_at')),
    ('share', 'share_readable', ('from_at', 'until_at')),
    ('nodenotice', 'node_notice_readable', ('from_at', 'until_at')),
)
CLOCK = ('origin_at', 'started_at', 'paused_at')

RENAMED = """
UPDATE kernel_role SET name = left(name, 64 - 3 - length(code)) || ' (' || code || ')'
WHERE EXISTS (SELECT FROM kernel_role first WHERE first.name = kernel_role.name AND first.id < kernel_role.id)
"""


def is_readable(field: str) -> Q:
    return Q(**{f'{field}__gte': EARLIEST, f'{field}__lt': LATEST})


def brought_near(field: str) -> str:
    """How a column is set; what is empty stays empty, which `greatest` and `least` would not leave so."""
    last = LATEST.replace(year=9998)
    return f"{field} = CASE WHEN {field} IS NOT NULL THEN greatest('{EARLIEST}', least('{last}', {field})) END"


def is_wrong(field: str) -> str:
    return f"{field} < '{EARLIEST}' OR {field} >= '{LATEST}'"


def guarded(
    model: str, constraint: models.CheckConstraint, columns: Iterable[str], wrong: Iterable[str]
) -> tuple[Operation, ...]:
    """Once the constraint stands no new ones come; then the old ones are mended, each row at once; then it is validated."""
    table, name = f'kernel_{model}', constraint.name
    return (
        migrations.RunSQL(f'ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {name}', migrations.RunSQL.noop),
        AddConstraintNotValid(model, constraint),
        migrations.RunSQL(
            f"UPDATE {table} SET {', '.join(columns)} WHERE {' OR '.join(wrong)}", migrations.RunSQL.noop
        ),
        ValidateConstraint(model, name),
    )


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('kernel', '0011_retired_units'),
    ]

    operations = [
        operation
        for model, name, fields in MOMENTS
        for operation in guarded(
            model,
            models.CheckConstraint(condition=Q(*map(is_readable, fields)), name=name),
            [brought_near(field) for field in fields],
            [is_wrong(field) for field in fields],
        )
    ] + [
        *guarded(
            'clock',
            models.CheckConstraint(
                condition=is_readable('origin_at')
                & is_readable('started_at')
                & is_readable('paused_at')
                & Q(rate__lte=FASTEST),
                name='clock_readable',
            ),
            [*map(brought_near, CLOCK), f'rate = least({FASTEST}, rate)'],
            [*map(is_wrong, CLOCK), f'rate > {FASTEST}'],
        ),
        migrations.RunSQL(RENAMED, migrations.RunSQL.noop),
        migrations.AlterField(
            'role', 'name', models.CharField(max_length=64, unique=True, verbose_name='名称')
        ),
    ]
