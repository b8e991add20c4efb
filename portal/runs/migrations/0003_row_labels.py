"""Sheets of runs with classes learn which class each of their rows shows: until now rows were spread evenly over all classes."""

from typing import Any

from django.db import migrations


def label_rows(apps: Any, schema: Any) -> None:
    Run, Sample = apps.get_model("runs", "Run"), apps.get_model("runs", "Sample")
    for run in Run.objects.filter(config__conditional=True).select_related("dataset").defer("log_tail"):
        names = [one["name"] for one in run.dataset.classes]
        for rows in Sample.objects.filter(run=run).order_by().values_list("rows", flat=True).distinct():
            labels = [names[row * len(names) // rows] for row in range(rows)] if names else []
            Sample.objects.filter(run=run, rows=rows).update(row_labels=labels)


class Migration(migrations.Migration):
    dependencies = [("runs", "0002_class_sheets_and_rewinds")]
    operations = [migrations.RunPython(label_rows, migrations.RunPython.noop, elidable=True)]
