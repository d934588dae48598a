"""Carriers, wordings, deliveries and replies."""

import anlan.kernel.clock
import anlan.kernel.ids
import django.contrib.postgres.functions
import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.db.models.deletion
import django.db.models.functions.comparison
import django.db.models.manager
from django.conf import settings
from django.db import migrations, models

# What was said stays as it was said: to prove it, nobody may be able to reword it afterwards.
AS_SAID = """
CREATE FUNCTION channel_wording_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'a wording is never changed'; END $$;
CREATE TRIGGER wording_stays BEFORE UPDATE ON channel_wording
FOR EACH ROW EXECUTE FUNCTION channel_wording_stays();
"""
NOT_AS_SAID = "DROP TRIGGER wording_stays ON channel_wording; DROP FUNCTION channel_wording_stays();"


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('kernel', '0011_retired_units'),
        ('person', '0001_person'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Carrier',
            fields=[
                ('id', models.UUIDField(default=anlan.kernel.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('version', models.PositiveIntegerField(default=1, verbose_name='版本')),
                ('search', django.contrib.postgres.search.SearchVectorField(default='', editable=False, verbose_name='检索词')),
                ('retired_at', models.DateTimeField(editable=False, null=True, verbose_name='停用时间')),
                ('code', models.SlugField(max_length=24, verbose_name='代号')),
                ('name', models.CharField(db_collation='zh_pinyin', max_length=60, verbose_name='渠道名称')),
                ('channel', models.CharField(choices=[('sms', '短信'), ('voice', '语音电话'), ('email', '邮件')], max_length=8, verbose_name='方式')),
                ('driver', models.CharField(max_length=24, verbose_name='接口')),
                ('address', models.CharField(max_length=200, verbose_name='接口地址')),
                ('sender', models.CharField(blank=True, max_length=120, verbose_name='发件号码或邮箱')),
                ('rank', models.PositiveSmallIntegerField(default=1, verbose_name='顺序')),
                ('pace_per_s', models.FloatField(blank=True, null=True, verbose_name='每秒最多')),
                ('batch', models.PositiveSmallIntegerField(default=500, verbose_name='每批最多')),
                ('price_cny', models.DecimalField(decimal_places=4, default=0, max_digits=8, verbose_name='单价（元）')),
                ('simulated', models.BooleanField(default=False, verbose_name='模拟渠道')),
                ('exercise', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='kernel.exercise', verbose_name='所属演练')),
                ('unit', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='kernel.unit', verbose_name='所属单位')),
            ],
            options={
                'verbose_name': '发送渠道',
                'verbose_name_plural': '发送渠道',
                'abstract': False,
                'base_manager_name': 'unscoped',
            },
            managers=[
                ('objects', django.db.models.manager.Manager()),
                ('unscoped', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='CarrierState',
            fields=[
                ('carrier', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='state', serialize=False, to='channel.carrier', verbose_name='发送渠道')),
                ('next_at', models.DateTimeField(null=True, verbose_name='下次发送')),
                ('failures', models.PositiveIntegerField(default=0, verbose_name='连续失败次数')),
                ('down_since', models.DateTimeField(null=True, verbose_name='中断于')),
                ('fault', models.CharField(blank=True, max_length=200, verbose_name='最近的错误')),
                ('fault_at', models.DateTimeField(null=True, verbose_name='出错时间')),
            ],
            options={
                'verbose_name': '渠道状态',
                'verbose_name_plural': '渠道状态',
            },
        ),
        migrations.CreateModel(
            name='CarrierPermit',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('opened_at', models.DateTimeField(default=anlan.kernel.clock.real_now, verbose_name='允许时间')),
                ('closed_at', models.DateTimeField(null=True, verbose_name='收回时间')),
                ('carrier', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='permits', to='channel.carrier', verbose_name='发送渠道')),
                ('exercise', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='kernel.exercise', verbose_name='演练')),
                ('opened_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='允许人')),
            ],
            options={
                'verbose_name': '真实渠道使用许可',
                'verbose_name_plural': '真实渠道使用许可',
            },
        ),
        migrations.CreateModel(
            name='Delivery',
            fields=[
                ('id', models.UUIDField(db_default=django.contrib.postgres.functions.RandomUUID(), editable=False, primary_key=True, serialize=False)),
                ('is_test', models.BooleanField(default=False, verbose_name='测试')),
                ('side', models.GeneratedField(db_persist=True, expression=django.db.models.functions.comparison.Coalesce(models.F('exercise_id'), models.Case(models.When(is_test=True, then=models.Value(-1)), default=models.Value(0))), output_field=models.BigIntegerField())),
                ('use', models.CharField(max_length=16, verbose_name='用途')),
                ('key', models.CharField(max_length=40, verbose_name='对应事项')),
                ('number', models.CharField(max_length=120, verbose_name='号码')),
                ('channel', models.CharField(choices=[('app', '站内'), ('sms', '短信'), ('voice', '语音电话'), ('email', '邮件')], max_length=8, verbose_name='方式')),
                ('priority', models.PositiveSmallIntegerField(choices=[(0, '特急'), (1, '紧急'), (2, '较急'), (3, '普通')], default=3, verbose_name='缓急')),
                ('state', models.PositiveSmallIntegerField(choices=[(0, '待发'), (1, '发送中'), (2, '已交渠道'), (3, '已撤回'), (4, '未送达'), (5, '已送达'), (6, '已听完'), (7, '已答复')], default=0, verbose_name='状态')),
                ('due_at', models.DateTimeField(verbose_name='最早发送')),
                ('carrier_ref', models.CharField(blank=True, max_length=64, verbose_name='渠道编号')),
                ('reply', models.PositiveSmallIntegerField(null=True, verbose_name='回复编号')),
                ('attempts', models.PositiveSmallIntegerField(default=0, verbose_name='发送次数')),
                ('parts', models.PositiveSmallIntegerField(default=0, verbose_name='条数')),
                ('cost_cny', models.DecimalField(decimal_places=4, default=0, max_digits=10, verbose_name='费用（元）')),
                ('answer', models.CharField(blank=True, choices=[('key', '电话按键'), ('reply', '短信回复')], max_length=8, verbose_name='答复方式')),
                ('fault', models.CharField(blank=True, max_length=120, verbose_name='失败原因')),
                ('permanent', models.BooleanField(default=False, verbose_name='不必再试')),
                ('queued_at', models.DateTimeField(verbose_name='提交时间')),
                ('handed_at', models.DateTimeField(null=True, verbose_name='交付时间')),
                ('delivered_at', models.DateTimeField(null=True, verbose_name='送达时间')),
                ('heard_at', models.DateTimeField(null=True, verbose_name='听完时间')),
                ('answered_at', models.DateTimeField(null=True, verbose_name='答复时间')),
                ('ended_at', models.DateTimeField(null=True, verbose_name='结束时间')),
                ('carrier', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='channel.carrier', verbose_name='发送渠道')),
                ('exercise', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='kernel.exercise', verbose_name='所属演练')),
                ('person', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='person.person', verbose_name='收件人')),
                ('unit', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='kernel.unit', verbose_name='所属单位')),
            ],
            options={
                'verbose_name': '投送',
                'verbose_name_plural': '投送',
                'base_manager_name': 'unscoped',
            },
            managers=[
                ('objects', django.db.models.manager.Manager()),
                ('unscoped', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='Reply',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('ref', models.CharField(max_length=64, verbose_name='渠道编号')),
                ('sender', models.CharField(max_length=40, verbose_name='号码')),
                ('text', models.CharField(max_length=500, verbose_name='内容')),
                ('received_at', models.DateTimeField(verbose_name='收到时间')),
                ('asked_at', models.DateTimeField(null=True, verbose_name='追问时间')),
                ('settled_at', models.DateTimeField(null=True, verbose_name='处理时间')),
                ('carrier', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='channel.carrier', verbose_name='发送渠道')),
                ('delivery', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='replies', to='channel.delivery', verbose_name='投送')),
                ('exercise', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='kernel.exercise', verbose_name='所属演练')),
                ('settled_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='处理人')),
                ('unit', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='kernel.unit', verbose_name='所属单位')),
            ],
            options={
                'verbose_name': '短信回复',
                'verbose_name_plural': '短信回复',
                'base_manager_name': 'unscoped',
            },
            managers=[
                ('objects', django.db.models.manager.Manager()),
                ('unscoped', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='Wording',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('channel', models.CharField(choices=[('app', '站内'), ('sms', '短信'), ('voice', '语音电话'), ('email', '邮件')], max_length=8, verbose_name='方式')),
                ('subject', models.CharField(max_length=200, verbose_name='标题')),
                ('body', models.TextField(verbose_name='正文')),
                ('is_test', models.BooleanField(default=False, verbose_name='测试')),
                ('asks', models.GeneratedField(db_persist=True, expression=models.ExpressionWrapper(models.Q(('body__contains', '{reply}')), models.BooleanField()), output_field=models.BooleanField())),
                ('made_at', models.DateTimeField(default=anlan.kernel.clock.real_now, verbose_name='成文时间')),
                ('exercise', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='kernel.exercise', verbose_name='所属演练')),
            ],
            options={
                'verbose_name': '文稿',
                'verbose_name_plural': '文稿',
            },
        ),
        migrations.AddField(
            model_name='delivery',
            name='wording',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='channel.wording', verbose_name='文稿'),
        ),
        migrations.AddIndex(
            model_name='carrier',
            index=models.Index(fields=['name', 'id'], name='carrier_by_name'),
        ),
        migrations.AddIndex(
            model_name='carrier',
            index=models.Index(condition=models.Q(('retired_at__isnull', False)), fields=['name', 'id'], name='carrier_retired'),
        ),
        migrations.AddIndex(
            model_name='carrier',
            index=django.contrib.postgres.indexes.GinIndex(fields=['search'], name='carrier_search'),
        ),
        migrations.AddConstraint(
            model_name='carrier',
            constraint=models.UniqueConstraint(fields=('code',), name='carrier_code_once'),
        ),
        migrations.AddConstraint(
            model_name='carrier',
            constraint=models.CheckConstraint(condition=models.Q(('channel__in', ('sms', 'voice', 'email'))), name='carrier_channel_known'),
        ),
        migrations.AddConstraint(
            model_name='carrier',
            constraint=models.CheckConstraint(condition=models.Q(('rank__gte', 1)), name='carrier_rank_from_one'),
        ),
        migrations.AddConstraint(
            model_name='carrier',
            constraint=models.CheckConstraint(condition=models.Q(('batch__gte', 1), ('batch__lte', 500)), name='carrier_batch_bounded'),
        ),
        migrations.AddConstraint(
            model_name='carrier',
            constraint=models.CheckConstraint(condition=models.Q(('pace_per_s__isnull', True), models.Q(('pace_per_s__gte', 0.01), ('pace_per_s__lte', 100000)), _connector='OR'), name='carrier_pace_positive'),
        ),
        migrations.AddConstraint(
            model_name='carrier',
            constraint=models.CheckConstraint(condition=models.Q(('price_cny__gte', 0)), name='carrier_price_not_negative'),
        ),
        migrations.AddConstraint(
            model_name='carrier',
            constraint=models.CheckConstraint(condition=models.Q(('exercise__isnull', True), ('simulated', True), _connector='OR'), name='carrier_of_exercise_simulated'),
        ),
        migrations.AddConstraint(
            model_name='carrierpermit',
            constraint=models.UniqueConstraint(condition=models.Q(('closed_at__isnull', True)), fields=('carrier', 'exercise'), name='permit_once', nulls_distinct=False),
        ),
        migrations.AddIndex(
            model_name='reply',
            index=models.Index(condition=models.Q(('delivery__isnull', True), ('settled_at__isnull', True)), fields=['received_at'], name='reply_unmatched'),
        ),
        migrations.AddIndex(
            model_name='reply',
            index=models.Index(fields=['carrier', 'sender', 'asked_at'], name='reply_asked_back'),
        ),
        migrations.AddConstraint(
            model_name='reply',
            constraint=models.UniqueConstraint(fields=('carrier', 'ref'), name='reply_once'),
        ),
        migrations.AddConstraint(
            model_name='wording',
            constraint=models.CheckConstraint(condition=models.Q(('body', ''), _negated=True), name='wording_says_something'),
        ),
        migrations.AddConstraint(
            model_name='wording',
            constraint=models.CheckConstraint(condition=models.Q(('channel__in', ['app', 'sms', 'voice', 'email'])), name='wording_channel_known'),
        ),
        migrations.AddIndex(
            model_name='delivery',
            index=models.Index(condition=models.Q(('state__lte', 1)), fields=['channel', 'side', 'priority', 'due_at'], name='delivery_waiting'),
        ),
        migrations.AddIndex(
            model_name='delivery',
            index=models.Index(fields=['use', 'key'], name='delivery_of_order'),
        ),
        migrations.AddIndex(
            model_name='delivery',
            index=models.Index(fields=['queued_at', 'id'], name='delivery_by_time'),
        ),
        migrations.AddIndex(
            model_name='delivery',
            index=models.Index(condition=models.Q(('reply__isnull', False)), fields=['number', 'carrier'], name='delivery_open_to_reply'),
        ),
        migrations.AddIndex(
            model_name='delivery',
            index=models.Index(condition=models.Q(('ended_at__isnull', True), ('state', 3)), fields=['carrier'], name='delivery_to_call_off'),
        ),
        migrations.AddConstraint(
            model_name='delivery',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', [0, 1, 2, 3, 4, 5, 6, 7])), name='delivery_state_known'),
        ),
        migrations.AddConstraint(
            model_name='delivery',
            constraint=models.CheckConstraint(condition=models.Q(('priority__in', [0, 1, 2, 3])), name='delivery_priority_known'),
        ),
        migrations.AddConstraint(
            model_name='delivery',
            constraint=models.CheckConstraint(condition=models.Q(('exercise__isnull', True), ('is_test', False), _connector='OR'), name='delivery_on_one_side'),
        ),
        migrations.RunSQL(AS_SAID, NOT_AS_SAID),
    ]
