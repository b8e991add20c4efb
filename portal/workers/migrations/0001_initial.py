import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='Worker',
            fields=[
                ('name', models.CharField(max_length=200, primary_key=True, serialize=False)),
                ('pool', models.CharField(blank=True, max_length=50)),
                ('labels', models.JSONField(blank=True, default=list)),
                ('device', models.CharField(blank=True, max_length=200)),
                ('devices', models.PositiveSmallIntegerField(default=1)),
                ('is_gpu', models.BooleanField(default=False)),
                ('memory', models.PositiveBigIntegerField(blank=True, null=True)),
                ('started', models.DateTimeField(default=django.utils.timezone.now)),
                ('seen', models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                'ordering': ['name'],
            },
        ),
    ]
