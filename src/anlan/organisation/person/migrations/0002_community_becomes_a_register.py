"""Registering with a community has a register of its own, which has taken over who had."""

from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('person', '0001_person'),
        ('helper', '0002_those_registered_already'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='person',
            name='person_team_is_of_community',
        ),
        migrations.RemoveIndex(
            model_name='person',
            name='person_of_community',
        ),
        migrations.RemoveField(
            model_name='person',
            name='community',
        ),
        migrations.RemoveField(
            model_name='person',
            name='team',
        ),
    ]
