"""The JSON forms of runs and what they leave behind: fields of the REST API, of its schema, and of the live stream."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from math import isfinite
from typing import Any, cast, get_args
from uuid import UUID

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from gan_core import recipes
from gan_core.config import TrainConfig
from gan_core.events import Kind
from portal.addresses import address
from portal.datasets.models import Dataset
from portal.runs import waiting
from portal.runs.classes import NoSuchClass, class_index
from portal.runs.launch import PRIORITY, LaunchRefused, check_priority
from portal.runs.models import Artifact, Run, Sample, Score, Status
from portal.visibility import Visibility

COLUMNS = ("step", "seconds", "discriminator", "generator")
"""Columns that every loss point has, in the order of every `points` row; `augmentation` follows in runs with the adaptive one."""
LOSS_VALUES = (*COLUMNS, "augmentation")


CHANGEABLE = {"name", "visibility", "priority", "needs_gpu", "needs_memory", "pool"}
"""Fields of a run that `PATCH runs/<id>/` takes."""


@extend_schema_field(TrainConfig.model_json_schema(mode="serialization"))
class ConfigField(serializers.JSONField):
    """A complete TrainConfig."""


@extend_schema_field({**TrainConfig.model_json_schema(), "description": "Settings that differ from the recipe; any subset of TrainConfig."})
class ConfigChangesField(serializers.DictField):
    """Some settings of a TrainConfig; TrainConfig itself judges them."""


class EvidenceSerializer(serializers.Serializer[Any]):
    label = serializers.CharField(help_text="What was measured.")  # type: ignore[assignment]  # the answer's key
    value = serializers.CharField(help_text="With its unit.")
    usual = serializers.CharField(help_text="What one would expect of a healthy run; may be empty.")


class ChangeSerializer(serializers.Serializer[Any]):
    setting = serializers.CharField(help_text="A field of TrainConfig.")
    title = serializers.CharField()
    to = serializers.JSONField(help_text="The value to try.")

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        return {**super().get_fields(), "from": serializers.JSONField(help_text="Its present value.")}


class VerdictSerializer(serializers.Serializer[Any]):
    """How a run is going, in plain words."""

    kind = serializers.ChoiceField(choices=get_args(Kind))
    level = serializers.ChoiceField(choices=["info", "ok", "warn", "bad"])
    title = serializers.CharField()
    text = serializers.CharField()
    step = serializers.IntegerField()
    evidence = EvidenceSerializer(many=True)
    change = ChangeSerializer(allow_null=True)


@extend_schema_field(VerdictSerializer(allow_null=True))
class VerdictField(serializers.JSONField):
    """How the run is going, in words; null while nothing was said."""


@extend_schema_field({"type": ["string", "integer"]})
class LabelField(serializers.Field[int, str | int, int, Any]):
    """A class of `context["run"]` by name or index, read as its index."""

    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, bool) or not isinstance(data, str | int):
            raise serializers.ValidationError("Must be the name or the index of a class.")
        try:
            return class_index(self.context["run"], data)
        except NoSuchClass as error:
            raise serializers.ValidationError(str(error)) from error


class TelemetrySerializer(serializers.Serializer[Any]):
    """What the run's process and those that it has started use of the machine."""

    measured = serializers.DateTimeField()
    cpu_percent = serializers.FloatField(allow_null=True, help_text="Of one core: two busy cores are 200.")
    memory_bytes = serializers.IntegerField(allow_null=True, help_text="Resident memory.")
    gpu_percent = serializers.FloatField(allow_null=True, help_text="Share of the time in which the GPU computed; null where nothing tells it.")
    gpu_memory_bytes = serializers.IntegerField(allow_null=True, help_text="In use on the GPU, by whomever; null without one.")
    gpu_memory_total = serializers.IntegerField(allow_null=True)


@extend_schema_field(TelemetrySerializer(allow_null=True))
class TelemetryField(serializers.JSONField):
    """The newest reading, taken every five seconds while it trains; null before the first one."""


class RunSerializer(serializers.ModelSerializer[Run]):
    """A run as everybody who may see it sees it."""

    owner = serializers.CharField(source="owner.username", read_only=True)
    dataset = serializers.UUIDField(source="dataset_id", read_only=True)
    config = ConfigField(read_only=True)
    eta_seconds = serializers.FloatField(read_only=True, allow_null=True, help_text="Training time left, unknown for the first 50 steps.")
    device_seconds = serializers.FloatField(read_only=True, help_text="For how long it has kept devices, to the minute.")
    queue_position = serializers.SerializerMethodField(help_text="1 is next; null unless the run waits for its turn.")
    waiting_for = serializers.SerializerMethodField(help_text="Why it is at this place of the queue: a sentence; null unless the run waits.")
    estimated_start = serializers.SerializerMethodField(help_text="Null while it cannot be told, or unless the run waits.")
    telemetry = TelemetryField(read_only=True)
    verdict = VerdictField(read_only=True)

    class Meta:
        model = Run
        fields = [
            *("id", "name", "owner", "dataset", "recipe", "config", "visibility", "priority", "status", "control"),
            *("needs_gpu", "needs_memory", "pool", "held", "device_seconds"),
            *("step", "total_steps", "epoch", "seconds", "images_per_second", "eta_seconds", "telemetry", "device", "worker", "attempt"),
            *("queue_position", "waiting_for", "estimated_start", "best_step", "error", "verdict", "rewinds"),
            *("created", "started", "finished", "updated"),
        ]
        read_only_fields = [name for name in fields if name not in CHANGEABLE]

    def get_queue_position(self, run: Run) -> int | None:
        line = self._waiting(run)
        return line.position if line else None

    def get_waiting_for(self, run: Run) -> str | None:
        line = self._waiting(run)
        return line.waiting_for if line else None

    def get_estimated_start(self, run: Run) -> datetime | None:
        line = self._waiting(run)
        return line.estimated_start if line else None

    def _waiting(self, run: Run) -> waiting.Waiting | None:
        if run.status != Status.QUEUED:
            return None
        context = cast(dict[str, Any], self.context)  # of the whole list, so that the queue is asked once
        if "queue" not in context:
            told = cast(Iterable[Run], self.parent.instance) if self.parent else [run]
            context["queue"] = waiting.lines({one.pk for one in told})
        queue: dict[UUID, waiting.Waiting] = context["queue"]
        return queue.get(run.pk)

    def update(self, instance: Run, validated_data: dict[str, Any]) -> Run:
        instance.change(self.context["request"].user, **validated_data)
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


class VisibleRuns(serializers.PrimaryKeyRelatedField[Run]):
    """The id of a run that the caller may see."""

    def get_queryset(self) -> Any:
        return Run.objects.visible_to(self.context["request"].user)


class LaunchSerializer(serializers.Serializer[Run]):
    """What `POST runs/` takes."""

    name = serializers.CharField(max_length=200)
    dataset = VisibleDatasets(pk_field=serializers.UUIDField())
    recipe = serializers.ChoiceField(choices=sorted(recipes.RECIPES), required=False, allow_null=True, default=None)
    config = ConfigChangesField(required=False, default=dict)
    visibility = serializers.ChoiceField(choices=Visibility.choices, default=Visibility.PRIVATE)
    priority = serializers.IntegerField(min_value=-PRIORITY, max_value=PRIORITY, default=0)
    needs_gpu = serializers.BooleanField(default=False, help_text="Only workers with a GPU take it.")
    needs_memory = serializers.IntegerField(
        min_value=0, max_value=2**63 - 1, allow_null=True, default=None, help_text="Bytes of memory that the worker's device must have."
    )
    pool = serializers.CharField(max_length=50, allow_blank=True, default="", help_text="Only workers of this pool take it; empty for all.")
    origin = VisibleRuns(
        pk_field=serializers.UUIDField(), required=False, allow_null=True, default=None, help_text="The run that it is made from; only recorded."
    )


class MoveSerializer(serializers.Serializer[Any]):
    """What `POST runs/<id>/move/` takes."""

    direction = serializers.ChoiceField(choices=["up", "down"], help_text="Up is nearer to its turn.")


class SheetSerializer(serializers.Serializer[Any]):
    """What `POST runs/<id>/sample/` takes."""

    label = LabelField(  # type: ignore[assignment]  # the call's key, not the serializer's own label
        required=False, allow_null=True, default=None, help_text="Draw only this class: its name or index."
    )


class SampleSerializer(serializers.ModelSerializer[Sample]):
    """A sheet; `image` is the address of an immutable picture file, without the host."""

    image = serializers.CharField(source="address", read_only=True)
    row_labels = serializers.ListField(child=serializers.CharField(), help_text="Class of each row; empty without classes.", read_only=True)
    label = serializers.CharField(  # type: ignore[assignment]  # the answer's key
        source="class_name",
        read_only=True,
        allow_null=True,
        help_text="Class of all tiles, for a sheet that was asked for by class; null in the series.",
    )

    class Meta:
        model = Sample
        fields = ["id", "created", "step", "epoch", "image", "columns", "rows", "tile_width", "tile_height", "seed", "row_labels", "label"]


class LossesSerializer(serializers.Serializer[Any]):
    """Loss points as rows, which is a third of the bytes of objects."""

    columns = serializers.ListField(child=serializers.CharField(), help_text=f"{', '.join(COLUMNS)}; then `augmentation` if it is adaptive.")
    points = serializers.ListField(child=serializers.ListField(child=serializers.FloatField(allow_null=True)))


class ScoreSerializer(serializers.ModelSerializer[Score]):
    """A score. `context["best_step"]` tells which one is the best."""

    best = serializers.SerializerMethodField(help_text="It has the lowest KID of the run so far.")

    class Meta:
        model = Score
        fields = [
            *("step", "seconds", "extractor", "samples", "real", "seed", "fd", "kid", "kid_error", "precision", "recall"),
            *("density", "coverage", "mifid", "copies", "best", "created"),
        ]

    def get_best(self, score: Score) -> bool:
        return bool(score.step == self.context["best_step"])


class NearPictureSerializer(serializers.Serializer[Any]):
    """A training picture near to a tile."""

    index = serializers.IntegerField(help_text="Its place in the dataset.")
    path = serializers.CharField()
    label = serializers.CharField(allow_null=True, help_text="Name of the class.")  # type: ignore[assignment]  # the answer's key
    distance = serializers.FloatField(help_text="1 - cosine of the features, 0 to 2.")
    thumbnail = serializers.CharField(help_text="Address of a WebP of at most 128 pixels, without the host.")


class NearestSerializer(serializers.Serializer[Any]):
    """The training pictures nearest to a tile."""

    tile = serializers.IntegerField()
    extractor = serializers.CharField(help_text="The network whose features were compared.")
    usual = serializers.FloatField(help_text="Median distance from a training picture to the nearest other one.")
    pictures = NearPictureSerializer(many=True, help_text="Nearest first; each picture once.")


class ArtifactSerializer(serializers.ModelSerializer[Artifact]):
    url = serializers.SerializerMethodField()

    class Meta:
        model = Artifact
        fields = ["id", "kind", "step", "best", "pinned", "bytes", "sha256", "created", "url"]

    def get_url(self, artifact: Artifact) -> str:
        return address("api:run-artifact", artifact.run_id, artifact.pk)


class LogSerializer(serializers.Serializer[Any]):
    lines = serializers.ListField(child=serializers.CharField(allow_blank=True))


def loss_table(points: Iterable[Sequence[float | None]]) -> tuple[list[str], list[list[float | None]]]:
    """Columns and rows of points given as LOSS_VALUES. What none of them has is left out; what is not finite is null, for JSON knows no NaN."""
    rows = [[value if value is not None and isfinite(value) else None for value in point] for point in points]
    if any(row[-1] is not None for row in rows):
        return list(LOSS_VALUES), rows
    return list(COLUMNS), [row[:-1] for row in rows]
