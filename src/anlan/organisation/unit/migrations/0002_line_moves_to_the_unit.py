"""The business line stands in the unit itself from now on, where scope can read it."""

from django.db import migrations

FORTH = """
UPDATE kernel_unit SET line = p.line FROM unit_unitprofile p WHERE p.unit_id = kernel_unit.id AND p.line <> ''
"""
BACK = """
UPDATE unit_unitprofile SET line = u.line FROM kernel_unit u WHERE u.id = unit_unitprofile.unit_id AND u.line <> ''
"""


class Migration(migrations.Migration):

    dependencies = [
        ('kernel', '0014_lines'),
        ('unit', '0001_unit_profile'),
    ]

    operations = [
        migrations.RunSQL(FORTH, BACK),
        migrations.RemoveField(model_name='unitprofile', name='line'),
    ]
