"""Webhooks that do not answer rest."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("notices", "0001_ends_of_runs")]
    operations = [
        migrations.AddField("Webhook", "failures", models.PositiveSmallIntegerField(default=0, editable=False)),
        migrations.AddField("Webhook", "rests_until", models.DateTimeField(blank=True, editable=False, null=True)),
    ]
