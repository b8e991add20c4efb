"""Deletions, and what people change of datasets."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


def _person() -> models.ForeignKey:
    return models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL)


class Migration(migrations.Migration):
    initial = True
    dependencies = [migrations.swappable_dependency(settings.AUTH_USER_MODEL)]
    operations = [
        migrations.CreateModel(
            "Deed",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=20)),
                ("thing", models.UUIDField(verbose_name="id of the run or dataset")),
                ("name", models.CharField(max_length=200)),
                ("owner_name", models.CharField(max_length=150, verbose_name="owner")),
                ("actor_name", models.CharField(blank=True, max_length=150, verbose_name="actor")),
                ("what", models.CharField(max_length=200)),
                ("detail", models.CharField(blank=True, max_length=500)),
                ("freed", models.PositiveBigIntegerField(null=True, verbose_name="freed, bytes")),
                ("created", models.DateTimeField(auto_now_add=True)),
                ("actor", _person()),
                ("owner", _person()),
            ],
            {
                "ordering": ["-created", "-pk"],
                "indexes": [
                    models.Index(fields=["-created", "-id"], name="deeds_newest"),
                    models.Index(fields=["thing"], name="deeds_of_a_thing"),
                ],
            },
        ),
    ]
