"""What a person uses is told from an index alone."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("runs", "0012_stored")]
    operations = [
        migrations.RemoveIndex("run", "runs_of_an_owner"),
        migrations.AddIndex("run", models.Index(fields=["owner", "status", "stored"], name="what_an_owner_uses")),
    ]
