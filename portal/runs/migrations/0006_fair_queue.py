from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ('datasets', '0002_boxes'),
        ('runs', '0005_verdicts'),
    ]

    operations = [
        migrations.AddField(
            model_name='run',
            name='needs_gpu',
            field=models.BooleanField(default=False, verbose_name='needs a GPU'),
        ),
        migrations.AddField(
            model_name='run',
            name='needs_memory',
            field=models.PositiveBigIntegerField(blank=True, null=True, verbose_name='needs device memory, bytes'),
        ),
        migrations.AddField(
            model_name='run',
            name='pool',
            field=models.CharField(blank=True, max_length=50),
        ),
        migrations.AddField(
            model_name='run',
            name='held',
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name='run',
            name='devices',
            field=models.PositiveSmallIntegerField(default=1),
        ),
        migrations.AddField(
            model_name='run',
            name='device_seconds',
            field=models.FloatField(default=0),
        ),
        migrations.AddField(
            model_name='run',
            name='counted',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='run',
            name='expected_seconds',
            field=models.FloatField(blank=True, null=True),
        ),
        migrations.AddIndex(
            model_name='run',
            index=models.Index(fields=['owner', 'status'], name='runs_of_an_owner'),
        ),
    ]
