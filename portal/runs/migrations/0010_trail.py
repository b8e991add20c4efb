"""Transitions keep the name of their actor, tell some of it to few only, and a launch the run that it was made from."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import OuterRef, Subquery


def name_actors(apps, schema_editor):
    users = apps.get_model("accounts", "User").objects.filter(pk=OuterRef("actor"))
    moves = apps.get_model("runs", "Transition").objects.filter(actor__isnull=False)
    moves.update(actor_name=Subquery(users.values("username")[:1]))


class Migration(migrations.Migration):
    dependencies = [("runs", "0009_keeping"), migrations.swappable_dependency(settings.AUTH_USER_MODEL)]
    operations = [
        migrations.AddField("transition", "actor_name", models.CharField(blank=True, max_length=150)),
        migrations.AddField("transition", "detail", models.CharField(blank=True, max_length=500)),
        migrations.AddField(
            "transition",
            "origin",
            models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="runs.run"),
        ),
        migrations.RunPython(name_actors, migrations.RunPython.noop, elidable=True),
    ]
