"""REST: a dataset's pictures, thumbnails, preview, and what was skipped."""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponseBase
from django.shortcuts import get_object_or_404
from django_filters import rest_framework as filters
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from pydantic import ValidationError as SettingsError
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from gan_core.config import TrainConfig
from gan_core.images import SKIP_REASONS
from gan_core.images.fit import Shape
from portal.datasets import pictures, preview
from portal.datasets.models import Dataset, SkippedFile
from portal.datasets.serializers import ImageSerializer, SkippedSerializer
from portal.errors import Conflict, ProblemSerializer, settings_errors
from portal.files import IMMUTABLE, AnyAccept, Facts, serve_bytes

PREVIEWED = ("width", "height", "channels", "fit", "background", "mirror", "crop_to_boxes", "tiles", "tile_scale")
"""The settings of TrainConfig that decide what the network sees."""
_PROPERTIES = TrainConfig.model_json_schema()["properties"]


def visible_dataset(request: Request, pk: UUID) -> Dataset:
    dataset: Dataset = get_object_or_404(Dataset.objects.visible_to(request.user), pk=pk)
    return dataset


def checked_dataset(request: Request, pk: UUID) -> Dataset:
    """A dataset whose pictures are known.

    Raises:
        Conflict: they are not checked yet, or the check failed.
    """
    dataset = visible_dataset(request, pk)
    if dataset.status != Dataset.Status.READY:
        raise Conflict("These pictures are not ready.")
    return dataset


class SkippedFilter(filters.FilterSet):  # type: ignore[misc]  # django-filter has no type information
    reason = filters.ChoiceFilter(choices=list(SKIP_REASONS.items()))

    class Meta:
        model = SkippedFile
        fields = ["reason"]


class SkippedList(ListAPIView[SkippedFile]):
    queryset = SkippedFile.objects.none()
    serializer_class = SkippedSerializer
    filterset_class = SkippedFilter

    def get_queryset(self) -> Any:
        return visible_dataset(self.request, self.kwargs["pk"]).skipped.all()

    @extend_schema(tags=["datasets"], operation_id="datasets_skipped_list", responses={200: SkippedSerializer(many=True), 400: ProblemSerializer})
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Files of the archive that are not used, in its order, with the reason."""
        return super().get(request, *args, **kwargs)


class ImageList(ListAPIView[Any]):
    serializer_class = ImageSerializer
    filter_backends = []

    @extend_schema(
        tags=["datasets"],
        operation_id="datasets_images_list",
        parameters=[OpenApiParameter("label", str, description="Only pictures of this class.")],
        responses={200: ImageSerializer(many=True), 400: ProblemSerializer, 409: ProblemSerializer},
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """The pictures, in the order of the archive."""
        dataset = checked_dataset(request, kwargs["pk"])
        manifest = pictures.manifest(dataset)
        found = list(enumerate(manifest.entries))
        if (label := request.query_params.get("label")) is not None:
            found = [(index, entry) for index, entry in found if entry.label is not None and manifest.class_names[entry.label] == label]
        context = {**self.get_serializer_context(), "dataset": dataset, "class_names": manifest.class_names}
        return self.get_paginated_response(ImageSerializer(self.paginate_queryset(found), many=True, context=context).data)


class Thumbnail(APIView):
    content_negotiation_class = AnyAccept

    @extend_schema(tags=["datasets"], operation_id="datasets_thumbnail", responses={(200, "image/webp"): OpenApiTypes.BINARY, 409: ProblemSerializer})
    def get(self, request: Request, pk: UUID, index: int) -> HttpResponseBase:
        """One picture, at most 128 pixels on its longer side."""
        dataset = checked_dataset(request, pk)
        if index >= dataset.image_count:
            raise Http404
        data = pictures.thumbnail(dataset, index)
        return serve_bytes(request, data, Facts("image/webp", etag=f"{dataset.pk.hex}-{dataset.attempt}-{index}", cache=IMMUTABLE))


class PreviewSeed(serializers.Serializer[Any]):
    shuffle = serializers.IntegerField(min_value=0, max_value=2**31 - 1, default=0, help_text="Another number shows other pictures.")


class Preview(APIView):
    content_negotiation_class = AnyAccept
    throttle_scope = "preview"

    @extend_schema(
        tags=["datasets"],
        operation_id="datasets_preview",
        parameters=[PreviewSeed, *(OpenApiParameter(name, _PROPERTIES[name], description=_PROPERTIES[name]["description"]) for name in PREVIEWED)],
        responses={(200, "image/png"): OpenApiTypes.BINARY, 400: ProblemSerializer, 409: ProblemSerializer},
    )
    def get(self, request: Request, pk: UUID) -> HttpResponseBase:
        """Sixteen pictures exactly as the network will see them, as one picture of 4 x 4 tiles."""
        dataset = checked_dataset(request, pk)
        seed = PreviewSeed(data=request.query_params.dict())
        seed.is_valid(raise_exception=True)
        given = {name: request.query_params[name] for name in PREVIEWED if name in request.query_params}
        try:
            config = TrainConfig.model_validate({**given, "steps": 1})
        except SettingsError as error:
            raise serializers.ValidationError(settings_errors(error)) from error
        shape = Shape.of(config, pictures.manifest(dataset))
        shuffle = seed.validated_data["shuffle"]
        data = preview.sheet(dataset, shape, mirror=config.mirror, shuffle_seed=shuffle)
        return serve_bytes(request, data, Facts("image/png", etag=f"{dataset.pk.hex}-{dataset.attempt}-{shape.key}-{config.mirror}-{shuffle}"))
