"""REST: what was done to one's datasets, and which of one's runs and datasets were deleted by whom."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from portal.errors import ProblemSerializer
from portal.trail.models import Deed


class DeedSerializer(serializers.ModelSerializer[Deed]):
    owner = serializers.CharField(source="owner_name", help_text="As it was called then; so is the actor.")
    actor = serializers.CharField(source="actor_name")
    freed = serializers.IntegerField(allow_null=True, help_text="Bytes of storage; null unless it was deleted.")

    class Meta:
        model = Deed
        fields = ["id", "created", "actor", "what", "kind", "thing", "name", "owner", "detail", "freed"]


class Deeds(ListAPIView[Deed]):
    queryset = Deed.objects.none()
    serializer_class = DeedSerializer
    permission_classes = [IsAuthenticated]
    filter_backends = []

    def get_queryset(self) -> Any:
        return Deed.objects.visible_to(self.request.user)

    @extend_schema(tags=["auth"], operation_id="deeds_list", responses={200: DeedSerializer(many=True), 400: ProblemSerializer})
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Deletions of your runs and datasets and changes of your datasets, with who did it; newest first. Staff see everybody's."""
        return super().get(request, *args, **kwargs)
