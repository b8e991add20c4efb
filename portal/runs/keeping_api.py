"""REST: what people keep of a run. Favourites are everybody's own; checkpoints are kept by the owner of the run."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.exceptions import NotFound
from rest_framework.generics import ListAPIView
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import ModelSerializer, UUIDField
from rest_framework.views import APIView

from portal.errors import Conflict, ProblemSerializer
from portal.permissions import READ_OR_OWN
from portal.runs import keeping
from portal.runs.models import Artifact, Favourite, Run
from portal.runs.results_api import visible_run
from portal.runs.serializers import ArtifactSerializer, SampleSerializer

GONE = {204: OpenApiResponse(description="It is not kept, or no longer."), 404: ProblemSerializer}
LARGEST = 2**63 - 1
"""Id of a sheet; larger numbers name nothing."""


class FavouriteSerializer(ModelSerializer[Favourite]):
    """A tile that you like."""

    run = UUIDField(source="sample.run_id", read_only=True)
    sample = SampleSerializer(read_only=True)

    class Meta:
        model = Favourite
        fields = ["run", "sample", "tile", "created"]
        extra_kwargs = {"tile": {"help_text": "Row by row from 0."}}


class FavouriteList(ListAPIView[Favourite]):
    queryset = Favourite.objects.none()
    serializer_class = FavouriteSerializer
    permission_classes = [IsAuthenticated]
    filter_backends = []

    def get_queryset(self) -> Any:
        return Favourite.objects.visible_to(self.request.user).select_related("sample").defer("sample__nearest")

    @extend_schema(tags=["results"], operation_id="favourites_list", responses={200: FavouriteSerializer(many=True), 400: ProblemSerializer})
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """The tiles that you like, newest first, of runs that you may see. Nobody sees another's."""
        return super().get(request, *args, **kwargs)


class FavouriteTile(APIView):
    permission_classes = [IsAuthenticated]

    @extend_schema(
        tags=["results"],
        operation_id="runs_favourites_add",
        request=None,
        responses={200: FavouriteSerializer, 201: FavouriteSerializer, 404: ProblemSerializer, 409: ProblemSerializer},
    )
    def put(self, request: Request, pk: UUID, sample: int, tile: int) -> Response:
        """Make a tile of a sheet, which is named by its id, your favourite: 201, or 200 if it is one. Its sheet stays for as long."""
        run = visible_run(request, pk)
        favourite, is_new = _kept(lambda: keeping.favour(run, request.user, min(sample, LARGEST), tile))
        return Response(FavouriteSerializer(favourite).data, status=status.HTTP_201_CREATED if is_new else status.HTTP_200_OK)

    @extend_schema(tags=["results"], operation_id="runs_favourites_remove", request=None, responses=GONE)
    def delete(self, request: Request, pk: UUID, sample: int, tile: int) -> Response:
        """Like a tile no longer: 204, also if it was no favourite."""
        keeping.unfavour(visible_run(request, pk), request.user, min(sample, LARGEST), tile)
        return Response(status=status.HTTP_204_NO_CONTENT)


class Pin(APIView):
    permission_classes = READ_OR_OWN

    @extend_schema(
        tags=["results"],
        operation_id="runs_pins_add",
        request=None,
        responses={200: ArtifactSerializer(many=True), 201: ArtifactSerializer(many=True), 404: ProblemSerializer, 409: ProblemSerializer},
    )
    def put(self, request: Request, pk: UUID, step: int) -> Response:
        """Keep the checkpoint of that step, and what else there is of it, when newer ones come: 201, or 200 if it is kept. At most five steps."""
        run = self._own(request, pk)
        is_new = _kept(lambda: keeping.pin(run, step))
        files = ArtifactSerializer(Artifact.objects.filter(run=run, step=step), many=True).data
        return Response(files, status=status.HTTP_201_CREATED if is_new else status.HTTP_200_OK)

    @extend_schema(tags=["results"], operation_id="runs_pins_remove", request=None, responses=GONE)
    def delete(self, request: Request, pk: UUID, step: int) -> Response:
        """Keep it no longer: 204, also if it was not kept. It goes with the next checkpoint, or at once if the run is not at
        work, unless it is the best or one of the last two."""
        run = self._own(request, pk)
        _kept(lambda: keeping.unpin(run, step))
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _own(self, request: Request, pk: UUID) -> Run:
        run: Run = get_object_or_404(Run.objects.visible_to(request.user).defer("log_tail"), pk=pk)
        self.check_object_permissions(request, run)
        return run


def _kept(do: Callable[[], Any]) -> Any:
    try:
        return do()
    except keeping.NothingThere as error:
        raise NotFound from error
    except keeping.KeepsEnough as error:
        raise Conflict(str(error)) from error
