"""REST: a run's history. Whoever may see the run is told what happened and who did it; values that may be private only its owner and the staff."""

from typing import Any, cast
from uuid import UUID

from django.db.models import OuterRef, Subquery
from django.utils.functional import cached_property
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from portal.errors import ProblemSerializer
from portal.runs.models import Run, Transition
from portal.runs.results_api import visible_run


class TransitionSerializer(serializers.ModelSerializer[Transition]):
    actor = serializers.SerializerMethodField(help_text="As the person was called then; null for the system.")
    detail = serializers.SerializerMethodField(help_text="Old and new values that may be private; empty unless the run is yours.")
    origin = serializers.SerializerMethodField(help_text="Of a launch: the run that it was made from, if you may see that.")

    class Meta:
        model = Transition
        fields = ["id", "created", "from", "to", "actor", "worker", "reason", "detail", "origin", "step"]
        extra_kwargs = {"from": {"source": "frm"}}

    def get_actor(self, move: Transition) -> str | None:
        return move.actor_name or None

    def get_detail(self, move: Transition) -> str:
        return move.detail if self.context["is_own"] else ""

    def get_origin(self, move: Transition) -> UUID | None:
        return cast("UUID | None", getattr(move, "seen_origin", None))


class TransitionList(ListAPIView[Transition]):
    queryset = Transition.objects.none()
    serializer_class = TransitionSerializer
    filter_backends = []

    @cached_property
    def run(self) -> Run:
        return visible_run(self.request, self.kwargs["pk"])

    def get_queryset(self) -> Any:
        seen = Run.objects.visible_to(self.request.user).filter(pk=OuterRef("origin"))
        return self.run.transitions.annotate(seen_origin=Subquery(seen.values("pk")[:1]))

    def get_serializer_context(self) -> dict[str, Any]:
        user = self.request.user if self.request else None  # None of the schema
        return {**super().get_serializer_context(), "is_own": bool(user and (user.is_staff or self.run.owner_id == user.pk))}

    @extend_schema(tags=["results"], operation_id="runs_transitions_list", responses={200: TransitionSerializer(many=True), 400: ProblemSerializer})
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Who moved or changed the run, when and why; newest first."""
        return super().get(request, *args, **kwargs)
