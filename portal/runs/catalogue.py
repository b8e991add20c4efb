"""REST: what one can choose from. Architectures, recipes, and the schema of the settings."""

from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from gan_core import architectures, recipes
from gan_core.config import TrainConfig
from portal.datasets.models import Dataset
from portal.errors import ProblemSerializer
from portal.runs import fitting
from portal.runs.serializers import ConfigField


class ArchitectureSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    title = serializers.CharField()
    description = serializers.CharField(allow_blank=True)
    max_size = serializers.IntegerField(help_text="Largest width or height in pixels.")


class RecipeSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    title = serializers.CharField()
    summary = serializers.CharField(help_text="When to use it.")
    expect = serializers.CharField(help_text="What to expect of it.")
    config = ConfigField()
    needs_classes = serializers.BooleanField()
    notes = serializers.ListField(child=serializers.CharField(), help_text="Deliberate differences from the system it reproduces.")

    suitable = serializers.BooleanField(required=False, help_text="With `dataset`: false if it cannot work on these pictures.")
    reason = serializers.CharField(required=False, allow_blank=True, help_text="With `dataset`: what speaks for it, or against it.")

    def to_representation(self, instance: recipes.Recipe | fitting.Fit) -> dict[str, Any]:
        if isinstance(instance, fitting.Fit):
            return {**self.to_representation(instance.recipe), "suitable": instance.suitable, "reason": instance.reason}
        return {
            "name": instance.name,
            "title": instance.title,
            "summary": instance.summary,
            "expect": instance.expect,
            "config": instance.config.model_dump(mode="json"),
            "needs_classes": instance.needs_classes,
            "notes": list(instance.notes),
        }


class ForDataset(serializers.Serializer[Any]):
    dataset = serializers.UUIDField(required=False, help_text="Id of a dataset: its best recipes first, each with `suitable` and `reason`.")


class Architectures(APIView):
    @extend_schema(tags=["catalogue"], operation_id="architectures", responses=ArchitectureSerializer(many=True))
    def get(self, request: Request) -> Response:
        """The network families."""
        found = [architectures.describe(name) for name in architectures.names()]
        return Response(ArchitectureSerializer(found, many=True).data)


class Recipes(APIView):
    @extend_schema(
        tags=["catalogue"],
        operation_id="recipes",
        parameters=[ForDataset],
        responses={200: RecipeSerializer(many=True), 400: ProblemSerializer, 404: ProblemSerializer},
    )
    def get(self, request: Request) -> Response:
        """Complete configurations to start from; ranked if you name a dataset."""
        wanted = ForDataset(data=request.query_params.dict())
        wanted.is_valid(raise_exception=True)
        if (pk := wanted.validated_data.get("dataset")) is None:
            return Response(RecipeSerializer(recipes.RECIPES.values(), many=True).data)
        dataset = get_object_or_404(Dataset.objects.visible_to(request.user), pk=pk)
        return Response(RecipeSerializer(fitting.rank(dataset), many=True).data)


class ConfigSchema(APIView):
    @extend_schema(tags=["catalogue"], operation_id="config_schema", responses=OpenApiTypes.OBJECT)
    def get(self, request: Request) -> Response:
        """JSON schema of the settings of a run: meaning, unit and bounds of each."""
        return Response(TrainConfig.model_json_schema())
