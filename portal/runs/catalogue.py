"""REST: what one can choose from. Architectures, recipes, and the schema of the settings."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from gan_core import architectures, recipes
from gan_core.config import TrainConfig
from portal.runs.serializers import ConfigField


class ArchitectureSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    title = serializers.CharField()
    description = serializers.CharField(allow_blank=True)
    max_size = serializers.IntegerField(help_text="Largest width or height in pixels.")


class RecipeSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    title = serializers.CharField()
    summary = serializers.CharField()
    config = ConfigField()
    needs_classes = serializers.BooleanField()
    notes = serializers.ListField(child=serializers.CharField(), help_text="Deliberate differences from the system it reproduces.")

    def to_representation(self, instance: recipes.Recipe) -> dict[str, Any]:
        return {
            "name": instance.name,
            "title": instance.title,
            "summary": instance.summary,
            "config": instance.config.model_dump(mode="json"),
            "needs_classes": instance.needs_classes,
            "notes": list(instance.notes),
        }


class Architectures(APIView):
    @extend_schema(tags=["catalogue"], operation_id="architectures", responses=ArchitectureSerializer(many=True))
    def get(self, request: Request) -> Response:
        """The network families."""
        found = [architectures.describe(name) for name in architectures.names()]
        return Response(ArchitectureSerializer(found, many=True).data)


class Recipes(APIView):
    @extend_schema(tags=["catalogue"], operation_id="recipes", responses=RecipeSerializer(many=True))
    def get(self, request: Request) -> Response:
        """Complete configurations to start from."""
        return Response(RecipeSerializer(recipes.RECIPES.values(), many=True).data)


class ConfigSchema(APIView):
    @extend_schema(tags=["catalogue"], operation_id="config_schema", responses=OpenApiTypes.OBJECT)
    def get(self, request: Request) -> Response:
        """JSON schema of the settings of a run: meaning, unit and bounds of each."""
        return Response(TrainConfig.model_json_schema())
