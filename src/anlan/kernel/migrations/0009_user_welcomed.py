"""When a user sent the welcome away; who has logged in before is no newcomer."""

from django.db import migrations, models

BEEN_HERE = "UPDATE kernel_user SET welcomed_at = last_login WHERE last_login IS NOT NULL"


class Migration(migrations.Migration):

    dependencies = [
        ('kernel', '0008_access_sessions_tokens'),
    ]

    operations = [
        migrations.AddField(
            model_name='user',
            name='welcomed_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='看过上手指引的时间'),
        ),
        migrations.RunSQL(BEEN_HERE, migrations.RunSQL.noop),
    ]
