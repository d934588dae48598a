"""Grants that have ended stay as history: the same may be granted again. Passwords that an administrator saw are marked."""

import django.contrib.postgres.constraints
import django.contrib.postgres.fields.ranges
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import anlan.kernel.models.access


class Migration(migrations.Migration):

    dependencies = [
        ('kernel', '0004_row_history'),
    ]

    operations = [
        migrations.AddField(
            model_name='user',
            name='password_is_initial',
            field=models.BooleanField(default=False, verbose_name='须换初始密码'),
        ),
        migrations.AlterField(
            model_name='grant',
            name='user',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='grants', to=settings.AUTH_USER_MODEL, verbose_name='用户'),
        ),
        migrations.RemoveConstraint(
            model_name='grant',
            name='grant_once',
        ),
        migrations.RemoveConstraint(
            model_name='grant',
            name='grant_ends_after_it_begins',
        ),
        migrations.AddConstraint(
            model_name='grant',
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(expressions=[('user', '='), ('role', '='), ('scope_root', '='), ('line', '='), (anlan.kernel.models.access.TimeRange('from_at', 'until_at'), '&&')], name='grant_once'),
        ),
        migrations.AddConstraint(
            model_name='grant',
            constraint=models.CheckConstraint(condition=models.Q(('until_at__isnull', True), ('until_at__gte', models.F('from_at')), _connector='OR'), name='grant_ends_after_it_begins'),
        ),
    ]
