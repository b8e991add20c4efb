"""The JSON forms of runs and what they leave behind: fields of the REST API, of its schema, and of the live stream."""

from math import isfinite
from typing import Any

from django.urls import reverse
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from gan_core import recipes
from gan_core.config import TrainConfig
from portal.datasets.models import Dataset
from portal.runs.launch import PRIORITY, LaunchRefused, check_priority
from portal.runs.models import Artifact, LossPoint, Run, Sample, Status, Transition
from portal.visibility import Visibility

COLUMNS = ("step", "seconds", "discriminator", "generator")
"""Columns of a loss point, in the order of every `points` row."""


@extend_schema_field(TrainConfig.model_json_schema(mode="serialization"))
class ConfigField(serializers.JSONField):
    """A complete TrainConfig."""


@extend_schema_field({**TrainConfig.model_json_schema(), "description": "Settings that differ from the recipe; any subset of TrainConfig."})
class ConfigChangesField(serializers.DictField):
    """Some settings of a TrainConfig; TrainConfig itself judges them."""


@extend_schema_field({"type": ["object", "null"]})
class VerdictField(serializers.JSONField):
    """How the run is going, in words; null while nothing can be said."""


class RunSerializer(serializers.ModelSerializer[Run]):
    """A run as everybody who may see it sees it. `context["queue"]` may bring all queue positions."""

    owner = serializers.CharField(source="owner.username", read_only=True)
    dataset = serializers.UUIDField(source="dataset_id", read_only=True)
    config = ConfigField(read_only=True)
    eta_seconds = serializers.FloatField(read_only=True, allow_null=True, help_text="Training time left, unknown for the first 50 steps.")
    queue_position = serializers.SerializerMethodField(help_text="1 is next; null unless the run waits.")
    verdict = VerdictField(read_only=True)

    class Meta:
        model = Run
        fields = [
            *("id", "name", "owner", "dataset", "recipe", "config", "visibility", "priority", "status", "control"),
            *("step", "total_steps", "epoch", "seconds", "images_per_second", "eta_seconds", "device", "worker", "attempt"),
            *("queue_position", "error", "verdict", "created", "started", "finished", "updated"),
        ]
        read_only_fields = [name for name in fields if name not in {"name", "visibility", "priority"}]

    def get_queue_position(self, run: Run) -> int | None:
        if run.status != Status.QUEUED:
            return None
        positions = self.context.get("queue")
        return (Run.objects.queue_positions() if positions is None else positions).get(run.pk)

    def update(self, instance: Run, validated_data: dict[str, Any]) -> Run:
        # Only these columns: the process that holds the run writes the others meanwhile.
        for name, value in validated_data.items():
            setattr(instance, name, value)
        instance.save(update_fields=list(validated_data))
        return instance

    def validate_priority(self, priority: int) -> int:
        try:
            check_priority(self.context["request"].user, priority)
        except LaunchRefused as error:
            raise serializers.ValidationError(str(error)) from error
        return priority


class VisibleDatasets(serializers.PrimaryKeyRelatedField[Dataset]):
    """The id of a dataset that the caller may see."""

    def get_queryset(self) -> Any:
        return Dataset.objects.visible_to(self.context["request"].user)


class LaunchSerializer(serializers.Serializer[Run]):
    """What `POST runs/` takes."""

    name = serializers.CharField(max_length=200)
    dataset = VisibleDatasets(pk_field=serializers.UUIDField())
    recipe = serializers.ChoiceField(choices=sorted(recipes.RECIPES), required=False, allow_null=True, default=None)
    config = ConfigChangesField(required=False, default=dict)
    visibility = serializers.ChoiceField(choices=Visibility.choices, default=Visibility.PRIVATE)
    priority = serializers.IntegerField(min_value=-PRIORITY, max_value=PRIORITY, default=0)


class SampleSerializer(serializers.ModelSerializer[Sample]):
    """A sheet; `image` is the address of an immutable picture file, without the host."""

    image = serializers.SerializerMethodField()

    class Meta:
        model = Sample
        fields = ["id", "created", "step", "epoch", "image", "columns", "rows", "tile_width", "tile_height", "seed"]

    def get_image(self, sample: Sample) -> str:
        # After a crash the same step may be drawn again: the address differs, so that no cache ever shows the old file.
        return f"{reverse('api:run-sample-image', args=[sample.run_id, sample.step])}?v={sample.pk}"


class LossesSerializer(serializers.Serializer[Any]):
    """Loss points as rows, which is a third of the bytes of objects."""

    columns = serializers.ListField(child=serializers.CharField(), help_text=", ".join(COLUMNS))
    points = serializers.ListField(child=serializers.ListField(child=serializers.FloatField(allow_null=True)))


class TransitionSerializer(serializers.ModelSerializer[Transition]):
    actor = serializers.CharField(source="actor.username", read_only=True, allow_null=True, default=None)

    class Meta:
        model = Transition
        fields = ["id", "created", "from", "to", "actor", "worker", "reason", "step"]
        extra_kwargs = {"from": {"source": "frm"}}


class ArtifactSerializer(serializers.ModelSerializer[Artifact]):
    url = serializers.SerializerMethodField()

    class Meta:
        model = Artifact
        fields = ["id", "kind", "step", "bytes", "sha256", "created", "url"]

    def get_url(self, artifact: Artifact) -> str:
        return reverse("api:run-artifact", args=[artifact.run_id, artifact.pk])


class LogSerializer(serializers.Serializer[Any]):
    lines = serializers.ListField(child=serializers.CharField(allow_blank=True))


def loss_row(point: LossPoint) -> list[float | None]:
    """[step, seconds, discriminator, generator]; what is not finite is null, for JSON knows no NaN."""
    return [point.step, point.seconds, *(value if isfinite(value) else None for value in (point.discriminator, point.generator))]
