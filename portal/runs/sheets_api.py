"""REST: the sheets of a run. Those of the series show it over time; those of one class were drawn on demand."""

from typing import Any
from uuid import UUID

from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from portal.datasets import pictures
from portal.datasets.facts import thumbnail
from portal.datasets.models import Dataset
from portal.errors import ProblemSerializer
from portal.files import IMMUTABLE, AnyAccept, Facts, serve
from portal.runs.models import Sample
from portal.runs.results_api import NO_FILE, AfterQuery, asked, visible_run
from portal.runs.serializers import LabelField, NearestSerializer, SampleSerializer


class LabelQuery(serializers.Serializer[Any]):
    label = LabelField(  # type: ignore[assignment]  # the query's key, not the serializer's own label
        required=False, default=None, help_text="Name or index of a class: its sheets, in place of the series."
    )


class SampleQuery(AfterQuery, LabelQuery):
    pass


class SampleList(ListAPIView[Sample]):
    queryset = Sample.objects.none()
    serializer_class = SampleSerializer
    filter_backends = []

    def get_queryset(self) -> Any:
        run = visible_run(self.request, self.kwargs["pk"])
        query = asked(SampleQuery, self.request, run=run)
        return Sample.objects.filter(run=run, label=query["label"], step__gt=query["after"]).order_by("step").defer("nearest")

    @extend_schema(
        tags=["results"],
        operation_id="runs_samples_list",
        parameters=[SampleQuery],
        responses={200: SampleSerializer(many=True), 400: ProblemSerializer},
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Sheets in order of steps. The same tile is the same latent (and class) on every sheet of the series."""
        return super().get(request, *args, **kwargs)


class SampleImage(APIView):
    content_negotiation_class = AnyAccept

    @extend_schema(
        tags=["results"],
        operation_id="runs_samples_image",
        parameters=[LabelQuery],
        responses={(200, "image/webp"): OpenApiTypes.BINARY, (206, "image/webp"): OpenApiTypes.BINARY, 400: ProblemSerializer, **NO_FILE},
    )
    def get(self, request: Request, pk: UUID, step: int) -> HttpResponseBase:
        """The picture of a sheet: tiles in rows, without gaps."""
        run = visible_run(request, pk)
        sample = get_object_or_404(Sample.objects.defer("nearest"), run=run, step=step, label=asked(LabelQuery, request, run=run)["label"])
        return serve(request, sample.image, Facts("image/webp", etag=f"{sample.pk}-{sample.attempt}-{sample.step}", cache=IMMUTABLE))


class TileQuery(serializers.Serializer[Any]):
    tile = serializers.IntegerField(min_value=0, max_value=4095, help_text="Number of the tile, row by row from 0.")


class Nearest(APIView):
    @extend_schema(
        tags=["results"], operation_id="runs_samples_nearest", parameters=[TileQuery], responses={200: NearestSerializer, 400: ProblemSerializer}
    )
    def get(self, request: Request, pk: UUID, step: int) -> Response:
        """The training pictures nearest to a tile of a sheet. Known from the first score on; only for those who may see the dataset."""
        run = visible_run(request, pk)
        tile = asked(TileQuery, request)["tile"]
        known = get_object_or_404(Sample.objects.series(), run=run, step=step).nearest
        dataset = Dataset.objects.visible_to(request.user).filter(pk=run.dataset_id).first()
        if dataset is None:
            raise NotFound("The training pictures are not yours to see.")
        if known is None or tile >= len(known["tiles"]):
            raise NotFound("The nearest training pictures are known from the first score on.")
        manifest = pictures.manifest(dataset)
        found = [
            {
                "index": index,
                "path": manifest.entries[index].path,
                "label": None if (label := manifest.entries[index].label) is None else manifest.class_names[label],
                "distance": distance,
                "thumbnail": thumbnail(dataset, index),
            }
            for index, distance in known["tiles"][tile]
        ]
        return Response({"tile": tile, "extractor": known["extractor"], "usual": known["usual"], "pictures": found})
