from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('runs', '0006_fair_queue'),
    ]

    operations = [
        migrations.AddField(
            model_name='run',
            name='telemetry',
            field=models.JSONField(blank=True, null=True),
        ),
        migrations.AddIndex(
            model_name='run',
            index=models.Index(fields=['finished'], name='just_finished'),
        ),
    ]
