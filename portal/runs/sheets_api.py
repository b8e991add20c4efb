"""REST: the sheets of a run. Those of the series show it over time; those of one class were drawn on demand."""

from typing import Any
from uuid import UUID

from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from portal.errors import ProblemSerializer
from portal.files import IMMUTABLE, AnyAccept, Facts, serve
from portal.runs.models import Sample
from portal.runs.results_api import NO_FILE, AfterQuery, asked, visible_run
from portal.runs.serializers import LabelField, SampleSerializer


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
        return Sample.objects.filter(run=run, label=query["label"], step__gt=query["after"]).order_by("step")

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
        sample = get_object_or_404(Sample, run=run, step=step, label=asked(LabelQuery, request, run=run)["label"])
        return serve(request, sample.image, Facts("image/webp", etag=f"{sample.pk}-{sample.attempt}-{sample.step}", cache=IMMUTABLE))
