"""The business line stands in the unit itself from now on, where scope can read it."""

from django.db import migrations

FORTH = """
UPDATE kernel_unit SET line = p.line FROM unit_unitprofile p WHERE p.unit_id = kernel_unit.id AND p.line <> ''
"""
BACK = """
INSERT INTO unit_unitprofile (unit_id, line, address, is_sketch, source)
SELECT id, line, '', false, '' FROM kernel_unit WHERE line <> ''
ON CONFLICT (unit_id) DO UPDATE SET line = excluded.line
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
