"""Retired units are found without a walk through all that are in use."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('kernel', '0010_node_notices'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='unit',
            index=models.Index(fields=['path'], name='unit_retired', condition=Q(('retired_at__isnull', False))),
        ),
    ]
