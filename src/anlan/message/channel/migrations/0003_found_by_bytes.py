"""Who ordered a delivery, and for what, is compared by its bytes: thousands are found by it at once."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('channel', '0002_deliveries_unasked'),
    ]

    operations = [
        migrations.AlterField(
            model_name='delivery',
            name='use',
            field=models.CharField(db_collation='C', max_length=16, verbose_name='用途'),
        ),
        migrations.AlterField(
            model_name='delivery',
            name='key',
            field=models.CharField(db_collation='C', max_length=40, verbose_name='对应事项'),
        ),
    ]
