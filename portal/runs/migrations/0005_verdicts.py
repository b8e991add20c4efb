"""Verdicts of older versions, which knew one kind only, get the fields that they lack."""

from typing import Any

from django.db import migrations


def complete(apps: Any, schema: Any) -> None:
    runs = apps.get_model("runs", "Run").objects
    for pk, verdict in runs.filter(verdict__isnull=False).values_list("pk", "verdict"):
        if "kind" not in verdict:
            runs.filter(pk=pk).update(verdict={**verdict, "kind": "diverged", "evidence": [], "change": None})


class Migration(migrations.Migration):
    dependencies = [("runs", "0004_scores")]
    operations = [migrations.RunPython(complete, migrations.RunPython.noop, elidable=True)]
