"""The wall by name is read from an index, rather than sorted anew for each page."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("runs", "0010_trail")]
    operations = [migrations.AddIndex("run", models.Index(fields=["name", "id"], name="runs_by_name"))]
