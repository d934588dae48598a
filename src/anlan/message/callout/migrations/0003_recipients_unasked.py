"""Recipients are written without asking after their callout row by row: it is of the same transaction, and never deleted.

What found those who climb together is left to the index of units, which begins with the callout as well.
"""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('callout', '0002_told'),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='recipient',
            name='recipient_to_climb',
        ),
        migrations.AlterField(
            model_name='recipient',
            name='callout',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='recipients', to='callout.callout', verbose_name='叫应'),
        ),
    ]
