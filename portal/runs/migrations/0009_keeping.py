"""Favourites of people, and checkpoints that their owner keeps."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("runs", "0008_scale"), migrations.swappable_dependency(settings.AUTH_USER_MODEL)]
    operations = [
        migrations.AddField("artifact", "pinned", models.BooleanField(default=False)),
        migrations.CreateModel(
            "Favourite",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("tile", models.PositiveSmallIntegerField()),
                ("created", models.DateTimeField(auto_now_add=True)),
                (
                    "sample",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="favourites", to="runs.sample"),
                ),
                (
                    "user",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="favourites", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            {
                "ordering": ["-created", "-pk"],
                "constraints": [models.UniqueConstraint(fields=("user", "sample", "tile"), name="one_favourite_per_tile")],
            },
        ),
    ]
