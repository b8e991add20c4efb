"""REST: time and memory of settings before their launch."""

from typing import Any

from drf_spectacular.utils import extend_schema
from pydantic import ValidationError as SettingsError
from rest_framework import serializers
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from gan_core import recipes
from portal.datasets.models import Dataset
from portal.errors import Conflict, ProblemSerializer, settings_errors
from portal.estimates.ask import ask
from portal.estimates.likeness import settle
from portal.runs import estimate
from portal.runs.serializers import ConfigChangesField, VisibleDatasets
from portal.runs.told import warning

STATES = ("measuring", "measured", "unknown")


class EstimateRequestSerializer(serializers.Serializer[Any]):
    """Settings as for a launch."""

    dataset = VisibleDatasets(pk_field=serializers.UUIDField())
    recipe = serializers.ChoiceField(choices=sorted(recipes.RECIPES), required=False, allow_null=True, default=None)
    config = ConfigChangesField(required=False, default=dict)


class EstimateSerializer(serializers.Serializer[Any]):
    """What is known; null where nothing is."""

    state = serializers.ChoiceField(choices=STATES, help_text="While `measuring`, ask again. `unknown`: it could not be measured.")
    seconds = serializers.FloatField(allow_null=True, help_text="Training time of the whole run.")
    seconds_per_step = serializers.FloatField(allow_null=True)
    memory_bytes = serializers.IntegerField(allow_null=True, help_text="At its peak; extrapolated where it does not fit.")
    available_bytes = serializers.IntegerField(allow_null=True, help_text="Of the device.")
    fits = serializers.BooleanField(allow_null=True)
    device = serializers.CharField(allow_blank=True)
    message = serializers.CharField(allow_blank=True, help_text="Why it does not fit and what would, or why nothing was measured.")


class Estimates(APIView):
    permission_classes = [IsAuthenticated]
    throttle_scope = "estimate"

    @extend_schema(
        tags=["runs"],
        operation_id="runs_estimate",
        request={"application/json": EstimateRequestSerializer},
        responses={200: EstimateSerializer, 400: ProblemSerializer, 409: ProblemSerializer},
    )
    def post(self, request: Request) -> Response:
        """Time and memory of a run before its launch. What is not known yet is measured on a training node, within a minute or so."""
        wanted = EstimateRequestSerializer(data=request.data, context={"request": request})
        wanted.is_valid(raise_exception=True)
        given = wanted.validated_data
        try:
            config = recipes.configure(given["recipe"], given["config"])
        except SettingsError as error:
            raise serializers.ValidationError({"config": settings_errors(error)}) from error
        dataset: Dataset = given["dataset"]
        if dataset.status != Dataset.Status.READY:
            raise Conflict("These pictures are not ready.")
        found = ask(request.user, settle(config, dataset))
        state = "measuring" if found.is_pending else "unknown" if found.error else "measured"
        figures = {name: getattr(found, name) for name in ("seconds_per_step", "memory_bytes", "available_bytes", "fits", "device")}
        seconds = estimate.one(config, dataset).seconds
        return Response(EstimateSerializer({"state": state, "seconds": seconds, "message": found.error or warning(config, found), **figures}).data)
