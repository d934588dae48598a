"""Who had registered with a community in the register of people stands in the register of its own from now on."""

from typing import Any

from django.db import migrations

from anlan.kernel.ids import uuid7
from anlan.kernel.search import document


def forth(apps: Any, _schema: Any) -> None:
    person, helper = apps.get_model("person", "Person"), apps.get_model("helper", "Helper")
    registered = person._base_manager.filter(community__isnull=False, retired_at=None).select_related("unit")
    helper._base_manager.bulk_create(
        (
            helper(
                id=uuid7(), unit_id=one.community_id, exercise_id=one.exercise_id, person=one, name=one.name,
                employer=one.unit.name, party_member=one.party_member, team=one.team,
                search=document(one.name, "", one.team, one.unit.name),
            )
            for one in registered.iterator(2000)
        ),
        batch_size=2000,
    )


def back(apps: Any, _schema: Any) -> None:
    person, helper = apps.get_model("person", "Person"), apps.get_model("helper", "Helper")
    for one in helper._base_manager.filter(person__isnull=False, retired_at=None).iterator(2000):
        person._base_manager.filter(pk=one.person_id).update(community=one.unit_id, team=one.team)


class Migration(migrations.Migration):

    dependencies = [
        ('helper', '0001_helper'),
    ]

    operations = [
        migrations.RunPython(forth, back),
    ]
