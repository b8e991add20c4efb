"""Indexes that were missing where there are many runs; and none that another one makes superfluous."""

import django.db.models.deletion
from django.db import migrations, models


def of_a_run(name: str) -> models.ForeignKey:
    return models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name=name, to="runs.run")


class Migration(migrations.Migration):
    dependencies = [("runs", "0007_telemetry")]
    operations = [
        migrations.AlterField("losspoint", "run", of_a_run("losses")),
        migrations.AlterField("score", "run", of_a_run("scores")),
        migrations.AlterField("sample", "run", of_a_run("samples")),
        migrations.AlterField("artifact", "run", of_a_run("artifacts")),
        migrations.AddIndex("sample", models.Index(fields=["run", "bytes"], name="sample_bytes_of_a_run")),
        migrations.AddIndex("artifact", models.Index(fields=["run", "bytes"], name="artifact_bytes_of_a_run")),
        migrations.AddIndex("run", models.Index(fields=["visibility", "owner"], name="runs_one_may_see")),
        migrations.AddIndex("run", models.Index(fields=["-created"], name="runs_newest")),
    ]
