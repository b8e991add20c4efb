"""What a run stores is a column, so that a person's usage need not be added up from the rows of all sheets."""

from django.db import migrations, models
from django.db.models import OuterRef, Subquery, Sum
from django.db.models.functions import Coalesce


def weigh(apps, schema_editor):
    models = [apps.get_model("runs", name).objects for name in ("Sample", "Artifact")]
    sums = [rows.filter(run=OuterRef("pk")).order_by().values("run").annotate(total=Sum("bytes")) for rows in models]
    sheets, files = (Coalesce(Subquery(rows.values("total")), 0) for rows in sums)
    apps.get_model("runs", "Run").objects.update(stored=sheets + files)


class Migration(migrations.Migration):
    dependencies = [("runs", "0011_by_name")]
    operations = [
        migrations.AddField("run", "stored", models.PositiveBigIntegerField(default=0)),
        migrations.RunPython(weigh, migrations.RunPython.noop, elidable=True),
    ]
