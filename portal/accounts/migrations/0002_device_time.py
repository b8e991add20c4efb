import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0001_initial'),
    ]

    operations = [
        migrations.AddField(
            model_name='user',
            name='queued_quota',
            field=models.PositiveIntegerField(blank=True, null=True, verbose_name='waiting runs'),
        ),
        migrations.AddField(
            model_name='user',
            name='device_hours_quota',
            field=models.PositiveIntegerField(blank=True, null=True, verbose_name='device hours in 30 days'),
        ),
        migrations.CreateModel(
            name='DeviceTime',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField()),
                ('seconds', models.FloatField(default=0)),
                ('owner', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='device_time', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('owner', 'day'), name='a_row_a_day')],
            },
        ),
    ]
