"""REST: runs and what one may do to them. What they leave behind is in `results_api`."""

from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import UUID

from django_filters import rest_framework as filters
from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_view
from pydantic import ValidationError as SettingsError
from rest_framework import mixins, status
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from gan_core import recipes
from portal import queue
from portal.errors import Conflict, ProblemSerializer, settings_errors
from portal.permissions import READ_OR_OWN
from portal.runs import control
from portal.runs.launch import LaunchRefused, launch
from portal.runs.models import Run, Status
from portal.runs.serializers import LaunchSerializer, MoveSerializer, RunSerializer, SheetSerializer

MOVED = {202: RunSerializer, 409: ProblemSerializer}
NEEDS = ("needs_gpu", "needs_memory", "pool")


class RunFilter(filters.FilterSet):  # type: ignore[misc]  # django-filter has no type information
    dataset = filters.UUIDFilter(field_name="dataset_id", label="Id of a dataset")
    status = filters.MultipleChoiceFilter(choices=Status.choices, label="One or several")
    owner = filters.CharFilter(field_name="owner__username", label="Username")
    recipe = filters.ChoiceFilter(choices=[(name, name) for name in sorted(recipes.RECIPES)])

    class Meta:
        model = Run
        fields = ["dataset", "status", "owner", "recipe"]


@extend_schema(tags=["runs"])
@extend_schema_view(
    list=extend_schema(description="Runs you may see, newest first.", responses={200: RunSerializer(many=True), 400: ProblemSerializer}),
    retrieve=extend_schema(description="One run: its settings and how far it has come."),
    partial_update=extend_schema(
        description="Change name, visibility, priority, or what it needs of a worker.",
        request={"application/json": RunSerializer(partial=True)},
        responses={200: RunSerializer, 400: ProblemSerializer},
    ),
)
class RunViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, mixins.UpdateModelMixin, mixins.DestroyModelMixin, GenericViewSet[Run]):
    queryset = Run.objects.none()
    serializer_class = RunSerializer
    permission_classes = READ_OR_OWN
    filterset_class = RunFilter
    lookup_value_converter = "uuid"
    http_method_names = ["get", "post", "patch", "delete", "head", "options"]

    def get_queryset(self) -> Any:
        return Run.objects.visible_to(self.request.user).select_related("owner").defer("log_tail")

    @property
    def throttle_scope(self) -> str | None:
        return "launch" if self.action == "create" else None

    @extend_schema(request={"application/json": LaunchSerializer}, responses={201: RunSerializer, 400: ProblemSerializer, 409: ProblemSerializer})
    def create(self, request: Request) -> Response:
        """Launch a run: a recipe (or the defaults), with `config` overriding it field by field. 409 while your queue or your storage is full, or your
        device time is used up."""
        wanted = LaunchSerializer(data=request.data, context={"request": request})
        wanted.is_valid(raise_exception=True)
        given = wanted.validated_data
        changes, needs = given.pop("config"), {name: given.pop(name) for name in NEEDS}
        try:
            run = launch(request.user, given.pop("dataset"), changes=changes, needs=needs, **given)
        except SettingsError as error:
            raise ValidationError({"config": settings_errors(error)}) from error
        except LaunchRefused as error:
            if not error.field:  # nothing in the call is wrong
                raise Conflict(str(error)) from error
            raise ValidationError(_at(error), code="refused") from error
        return Response(self.get_serializer(run).data, status=status.HTTP_201_CREATED)

    def perform_update(self, serializer: Any) -> None:
        run = serializer.save()
        if run.status == Status.QUEUED:
            queue.train()  # a worker that passed it over may serve it now
        control.announce(run)

    @extend_schema(responses={204: OpenApiResponse(description="Deleted."), 409: ProblemSerializer})
    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Delete the run with its sheets, checkpoints and weights. 409 while it is at work."""
        return super().destroy(request, *args, **kwargs)

    def perform_destroy(self, instance: Run) -> None:
        _obeyed(control.delete, instance, self.request.user)

    @extend_schema(request=None, responses=MOVED)
    @action(detail=True, methods=["post"])
    def pause(self, request: Request, pk: UUID) -> Response:
        """Checkpoint, then free the device."""
        return self._moved(control.pause)

    @extend_schema(request=None, responses=MOVED)
    @action(detail=True, methods=["post"])
    def resume(self, request: Request, pk: UUID) -> Response:
        """Put a paused run back into the queue. 409 also while your queue is full."""
        return self._moved(control.resume)

    @extend_schema(request=None, responses=MOVED)
    @action(detail=True, methods=["post"])
    def stop(self, request: Request, pk: UUID) -> Response:
        """End the run and keep what it has learned."""
        return self._moved(control.stop)

    @extend_schema(request=None, responses=MOVED)
    @action(detail=True, methods=["post"])
    def retry(self, request: Request, pk: UUID) -> Response:
        """Put a failed or stopped run back into the queue; it goes on from its last checkpoint. 409 also while your queue is full."""
        return self._moved(control.retry)

    @extend_schema(request=None, responses=MOVED)
    @action(detail=True, methods=["post"])
    def hold(self, request: Request, pk: UUID) -> Response:
        """Keep a waiting run from being taken up, until it is released."""
        return self._moved(control.hold)

    @extend_schema(request=None, responses=MOVED)
    @action(detail=True, methods=["post"])
    def release(self, request: Request, pk: UUID) -> Response:
        """Let a run that was held back take its turn."""
        return self._moved(control.release)

    @extend_schema(request={"application/json": MoveSerializer}, responses={**MOVED, 400: ProblemSerializer})
    @action(detail=True, methods=["post"])
    def move(self, request: Request, pk: UUID) -> Response:
        """Let a waiting run change places with the one of the same owner before or after it. Between owners the queue decides."""
        asked = MoveSerializer(data=request.data)
        self.get_object()  # what one may not see or change comes before what one has written
        asked.is_valid(raise_exception=True)
        return self._moved(partial(control.move, direction=asked.validated_data["direction"]))

    @extend_schema(request={"application/json": SheetSerializer}, responses={**MOVED, 400: ProblemSerializer})
    @action(detail=True, methods=["post"])
    def sample(self, request: Request, pk: UUID) -> Response:
        """Draw a sheet now, of all classes or of one. 409 unless the run is at work."""
        asked = SheetSerializer(data=request.data, context={"run": self.get_object()})
        asked.is_valid(raise_exception=True)
        label = asked.validated_data["label"]
        return self._moved(control.sample if label is None else partial(control.sample_class, label=label))

    def _moved(self, verb: Callable[[Run, Any], None]) -> Response:
        run = self.get_object()
        _obeyed(verb, run, self.request.user)
        return Response(self.get_serializer(run).data, status=status.HTTP_202_ACCEPTED)


def _obeyed(verb: Callable[[Run, Any], None], run: Run, actor: Any) -> None:
    try:
        verb(run, actor)
    except control.ActionRefused as error:
        raise Conflict(str(error)) from error


def _at(error: LaunchRefused) -> dict[str, Any]:
    """The refusal at the field it is about: a field of the call, or a setting."""
    wrong = {error.field: [str(error)]}
    return wrong if error.field in {"dataset", "priority"} else {"config": wrong}
