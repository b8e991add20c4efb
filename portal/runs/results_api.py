"""REST: what a run leaves behind. Curves, log, files; its sheets are in `sheets_api`, its history in `history_api`."""

from typing import Any
from uuid import UUID

from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils.text import slugify
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from gan_core.config import LOSS_POINTS
from portal.errors import ProblemSerializer
from portal.files import AnyAccept, Facts, serve
from portal.runs.curves import thinned
from portal.runs.models import Artifact, LossPoint, Run, Score
from portal.runs.payloads import log_payload
from portal.runs.serializers import (
    LOSS_VALUES,
    ArtifactSerializer,
    LogSerializer,
    LossesSerializer,
    ScoreSerializer,
    loss_table,
)

FILE_TYPES = {
    Artifact.Kind.WEIGHTS: ("application/octet-stream", "safetensors"),
    Artifact.Kind.CHECKPOINT: ("application/octet-stream", "checkpoint.safetensors"),
    Artifact.Kind.CARD: ("text/markdown; charset=utf-8", "md"),
}
NO_FILE: dict[Any, Any] = {
    304: OpenApiResponse(description="Unchanged."),
    412: OpenApiResponse(description="If-Match does not hold."),
    416: OpenApiResponse(description="No byte lies in this range."),
}
ANY_FILE: dict[Any, Any] = {
    (200, "application/octet-stream"): OpenApiTypes.BINARY,
    (206, "application/octet-stream"): OpenApiTypes.BINARY,
    302: OpenApiResponse(description="The file lies in an object store; follow the signed address."),
    **NO_FILE,
}


def visible_run(request: Request, pk: UUID) -> Run:
    run: Run = get_object_or_404(Run.objects.visible_to(request.user).defer("log_tail"), pk=pk)
    return run


class AfterQuery(serializers.Serializer[Any]):
    after = serializers.IntegerField(min_value=-1, max_value=2**31 - 1, default=-1, help_text="Only later steps.")


class LossQuery(AfterQuery):
    max_points = serializers.IntegerField(min_value=10, max_value=LOSS_POINTS, default=2000, help_text="Thin to this many; no peak is lost.")


def asked(query: type[serializers.Serializer[Any]], request: Request, **context: Any) -> dict[str, Any]:
    """The query of the address, checked; 400 if it makes no sense."""
    given = query(data=request.query_params.dict(), context=context)
    given.is_valid(raise_exception=True)
    return dict(given.validated_data)


class Losses(APIView):
    @extend_schema(tags=["results"], operation_id="runs_losses", parameters=[LossQuery], responses={200: LossesSerializer, 400: ProblemSerializer})
    def get(self, request: Request, pk: UUID) -> Response:
        """Loss points in order of steps."""
        query = asked(LossQuery, request)
        points = LossPoint.objects.filter(run=visible_run(request, pk), step__gt=query["after"]).order_by("step")
        columns, rows = loss_table(points.values_list(*LOSS_VALUES))
        return Response({"columns": columns, "points": thinned(rows, query["max_points"])})


class ScoreList(ListAPIView[Score]):
    queryset = Score.objects.none()
    serializer_class = ScoreSerializer
    filter_backends = []

    def get_queryset(self) -> Any:
        self.run = visible_run(self.request, self.kwargs["pk"])
        return self.run.scores.filter(step__gt=asked(AfterQuery, self.request)["after"]).order_by("step")

    def get_serializer_context(self) -> dict[str, Any]:
        return {**super().get_serializer_context(), "best_step": self.run.best_step if hasattr(self, "run") else None}

    @extend_schema(
        tags=["results"],
        operation_id="runs_scores_list",
        parameters=[AfterQuery],
        responses={200: ScoreSerializer(many=True), 400: ProblemSerializer},
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """How near drawn pictures were to the training pictures, in order of steps. Compare only what has the same extractor and counts."""
        return super().get(request, *args, **kwargs)


class Log(APIView):
    @extend_schema(tags=["results"], operation_id="runs_log", responses=LogSerializer)
    def get(self, request: Request, pk: UUID) -> Response:
        """The last lines of the process's log."""
        run = get_object_or_404(Run.objects.visible_to(request.user).only("log_tail"), pk=pk)
        return Response(log_payload(run.log_tail))


class ArtifactList(ListAPIView[Artifact]):
    queryset = Artifact.objects.none()
    serializer_class = ArtifactSerializer
    filter_backends = []

    def get_queryset(self) -> Any:
        return visible_run(self.request, self.kwargs["pk"]).artifacts.all()

    @extend_schema(tags=["results"], operation_id="runs_artifacts_list", responses={200: ArtifactSerializer(many=True), 400: ProblemSerializer})
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Files to download, newest first."""
        return super().get(request, *args, **kwargs)


class ArtifactFile(APIView):
    content_negotiation_class = AnyAccept

    @extend_schema(tags=["results"], operation_id="runs_artifacts_file", responses=ANY_FILE)
    def get(self, request: Request, pk: UUID, artifact_id: int) -> HttpResponseBase:
        """One file. Ranges and ETags (the sha256) are honoured."""
        run = visible_run(request, pk)
        return _download(request, run, get_object_or_404(Artifact, run=run, pk=artifact_id))


class WhichQuery(serializers.Serializer[Any]):
    which = serializers.ChoiceField(choices=["newest", "best"], default="newest", help_text="The newest, or those with the best score.")


class WeightsQuery(WhichQuery):
    format = serializers.ChoiceField(choices=["safetensors"], default="safetensors")


class Weights(APIView):
    content_negotiation_class = AnyAccept

    @extend_schema(tags=["results"], operation_id="runs_weights", parameters=[WeightsQuery], responses={**ANY_FILE, 400: ProblemSerializer})
    def get(self, request: Request, pk: UUID) -> HttpResponseBase:
        """The (EMA) generator, with its configuration inside."""
        return _one(request, pk, Artifact.Kind.WEIGHTS, asked(WeightsQuery, request)["which"])


class Card(APIView):
    content_negotiation_class = AnyAccept

    @extend_schema(
        tags=["results"],
        operation_id="runs_card",
        parameters=[WhichQuery],
        responses={**ANY_FILE, (200, "text/markdown"): OpenApiTypes.STR, 400: ProblemSerializer},
    )
    def get(self, request: Request, pk: UUID) -> HttpResponseBase:
        """The model card of the generator."""
        return _one(request, pk, Artifact.Kind.CARD, asked(WhichQuery, request)["which"])


def _one(request: Request, pk: UUID, kind: Artifact.Kind, which: str) -> HttpResponseBase:
    run = visible_run(request, pk)
    found = Artifact.objects.filter(run=run, kind=kind, **({"best": True} if which == "best" else {}))
    artifact = get_object_or_404(found.order_by("-step", "-pk")[:1])
    return _download(request, run, artifact)


def _download(request: Request, run: Run, artifact: Artifact) -> HttpResponseBase:
    content_type, ending = FILE_TYPES[Artifact.Kind(artifact.kind)]
    filename = f"{slugify(run.name) or 'run'}-step-{artifact.step}.{ending}"
    return serve(request._request, artifact.file, Facts(content_type, etag=artifact.sha256, filename=filename))
