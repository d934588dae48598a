"""The business line of a unit, which a grant may be narrowed to."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.models import Q

LINES = [
    ('emergency', '应急管理'), ('water', '水务'), ('weather', '气象'), ('fire', '消防救援'), ('police', '公安'),
    ('health', '卫生健康'), ('land', '规划和自然资源'), ('housing', '住房城乡建设'), ('transport', '交通运输'),
    ('environment', '生态环境'), ('market', '市场监管'), ('farming', '农业农村'), ('education', '教育'),
    ('culture', '文化旅游'), ('civil', '民政'), ('communication', '通信'), ('power', '电力'), ('gas', '燃气供热'),
]


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('kernel', '0013_bounded_count'),
    ]

    operations = [
        migrations.AddField(
            model_name='unit',
            name='line',
            field=models.CharField(
                blank=True, choices=LINES, db_default='', default='', max_length=32, verbose_name='业务条线'
            ),
        ),
        migrations.AlterField(
            model_name='grant',
            name='line',
            field=models.CharField(blank=True, choices=LINES, max_length=32, verbose_name='业务条线'),
        ),
        AddIndexConcurrently(
            model_name='unit',
            index=models.Index(fields=['line', 'path'], name='unit_of_line', condition=~Q(line='')),
        ),
    ]
