"""Registers: units are found by words, sorted by pinyin and retired; views of registers can be saved."""

import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.db.models.deletion
from django.conf import settings
from django.contrib.postgres.operations import CreateCollation
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('kernel', '0006_obligation_lists'),
    ]

    operations = [
        CreateCollation('zh_pinyin', provider='icu', locale='zh-u-co-pinyin'),
        migrations.RemoveField(model_name='unit', name='valid'),
        migrations.AddField(
            model_name='unit',
            name='from_on',
            field=models.DateField(blank=True, null=True, verbose_name='设立日期'),
        ),
        migrations.AddField(
            model_name='unit',
            name='retired_at',
            field=models.DateTimeField(editable=False, null=True, verbose_name='停用时间'),
        ),
        migrations.AddField(
            model_name='unit',
            name='search',
            field=django.contrib.postgres.search.SearchVectorField(default='', editable=False, verbose_name='检索词'),
        ),
        migrations.AddField(
            model_name='unit',
            name='successor',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='predecessors', to='kernel.unit', verbose_name='承接单位'),
        ),
        migrations.AddField(
            model_name='unit',
            name='version',
            field=models.PositiveIntegerField(default=1, verbose_name='版本'),
        ),
        migrations.AlterField(
            model_name='unit',
            name='name',
            field=models.CharField(db_collation='zh_pinyin', max_length=120, verbose_name='名称'),
        ),
        migrations.AddIndex(
            model_name='unit',
            index=models.Index(fields=['name', 'id'], name='unit_by_name'),
        ),
        migrations.AddIndex(
            model_name='unit',
            index=models.Index(fields=['kind', 'path'], name='unit_by_kind'),
        ),
        migrations.AddIndex(
            model_name='unit',
            index=django.contrib.postgres.indexes.GinIndex(fields=['search'], name='unit_search'),
        ),
        migrations.CreateModel(
            name='SavedView',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('register', models.CharField(max_length=64, verbose_name='登记册')),
                ('name', models.CharField(max_length=40, verbose_name='名称')),
                ('query', models.CharField(max_length=1000, verbose_name='条件')),
                ('shared', models.BooleanField(default=False, verbose_name='共享')),
                ('owner', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='用户')),
            ],
            options={
                'verbose_name': '常用视图',
                'verbose_name_plural': '常用视图',
                'constraints': [models.UniqueConstraint(fields=('register', 'owner', 'name'), name='saved_view_once')],
            },
        ),
    ]
