"""Deliveries are written without asking after unit, person and wording row by row; a wording can't be deleted either."""

import django.db.models.deletion
from django.db import migrations, models


KEPT = """
CREATE OR REPLACE TRIGGER wording_stays BEFORE UPDATE OR DELETE ON channel_wording
FOR EACH ROW EXECUTE FUNCTION channel_wording_stays();
"""
NOT_CHANGED = """
CREATE OR REPLACE TRIGGER wording_stays BEFORE UPDATE ON channel_wording
FOR EACH ROW EXECUTE FUNCTION channel_wording_stays();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('channel', '0001_channel'),
        ('kernel', '0015_exercises_entered'),
        ('person', '0003_retired_people'),
    ]

    operations = [
        migrations.RunSQL(KEPT, NOT_CHANGED),
        migrations.AlterField(
            model_name='delivery',
            name='person',
            field=models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='person.person', verbose_name='收件人'),
        ),
        migrations.AlterField(
            model_name='delivery',
            name='unit',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='kernel.unit', verbose_name='所属单位'),
        ),
        migrations.AlterField(
            model_name='delivery',
            name='wording',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='channel.wording', verbose_name='文稿'),
        ),
    ]
