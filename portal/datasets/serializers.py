"""The JSON forms of datasets, their pictures and what was skipped."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from portal.datasets.facts import thumbnail
from portal.datasets.models import Dataset, SkippedFile
from portal.visibility import Visibility


class ClassSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    count = serializers.IntegerField()


class SpreadSerializer(serializers.Serializer[Any]):
    """Of all pictures, in pixels; empty until they are checked."""

    min = serializers.IntegerField(required=False)
    median = serializers.FloatField(required=False)
    max = serializers.IntegerField(required=False)


@extend_schema_field({"type": "object", "additionalProperties": {"type": "integer"}})
class CountsField(serializers.JSONField):
    """Names and how many of each."""


class DatasetSerializer(serializers.ModelSerializer[Dataset]):
    owner = serializers.CharField(source="owner.username", read_only=True)
    classes = ClassSerializer(many=True, read_only=True)
    modes = CountsField(read_only=True, help_text="Colour modes as found in the files.")
    width = SpreadSerializer(read_only=True)
    height = SpreadSerializer(read_only=True)
    annotated = serializers.IntegerField(read_only=True, help_text="Pictures with boxes around their subjects, from Pascal VOC files in the archive.")
    boxes = serializers.IntegerField(read_only=True, help_text="Those boxes in all; the setting crop_to_boxes trains on each.")

    class Meta:
        model = Dataset
        fields = [
            *("id", "name", "description", "owner", "visibility", "status", "progress", "sample", "image_count", "skipped_count", "classes"),
            *("modes", "width", "height", "bytes", "duplicates", "transparent_count", "annotated", "boxes", "error", "created"),
        ]
        read_only_fields = [name for name in fields if name not in {"name", "description", "visibility"}]

    def update(self, instance: Dataset, validated_data: dict[str, Any]) -> Dataset:
        instance.change(self.context["request"].user, **validated_data)
        return instance


class UploadSerializer(serializers.Serializer[Dataset]):
    """What `POST datasets/` takes: one archive, loose pictures, or the name of an installed sample collection."""

    name = serializers.CharField(max_length=200)
    archive = serializers.FileField(
        required=False, help_text="zip, tar or tar.gz; the name of a picture's folder is its class, Pascal VOC files are its boxes."
    )
    files = serializers.ListField(
        child=serializers.FileField(allow_empty_file=True), required=False, help_text="Loose pictures, instead of an archive."
    )
    description = serializers.CharField(max_length=5000, required=False, default="", allow_blank=True)
    visibility = serializers.ChoiceField(choices=Visibility.choices, default=Visibility.PRIVATE)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if bool(attrs.get("archive")) == bool(attrs.get("files")):
            raise serializers.ValidationError({"archive": ["Send an archive, or pictures as files[]; one of the two."]})
        return attrs


class SkippedSerializer(serializers.ModelSerializer[SkippedFile]):
    class Meta:
        model = SkippedFile
        fields = ["path", "reason", "detail"]


class ImageSerializer(serializers.Serializer[Any]):
    """One picture of the dataset; needs `context["dataset"]` and `context["class_names"]`."""

    index = serializers.IntegerField()
    path = serializers.CharField()
    label = serializers.CharField(allow_null=True, help_text="Name of the class.")  # type: ignore[assignment]  # the answer's key
    width = serializers.IntegerField()
    height = serializers.IntegerField()
    thumbnail = serializers.CharField(help_text="Address of a WebP of at most 128 pixels, without the host.")

    def to_representation(self, instance: tuple[int, Any]) -> dict[str, Any]:
        index, entry = instance
        names = self.context["class_names"]
        return {
            "index": index,
            "path": entry.path,
            "label": None if entry.label is None else names[entry.label],
            "width": entry.width,
            "height": entry.height,
            "thumbnail": thumbnail(self.context["dataset"], index),
        }
