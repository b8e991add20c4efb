"""REST: the queue as far as the caller may know."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from portal.runs.models import ACTIVE, Run, Status
from portal.runs.waiting import picture, queue


class QueueRunSerializer(serializers.Serializer[Any]):
    """Enough of a run to name it."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    owner = serializers.CharField(source="owner.username")


class EntrySerializer(serializers.Serializer[Any]):
    """A run in the queue, or at work."""

    run = QueueRunSerializer(allow_null=True, help_text="Null if you may not see it.")
    private = serializers.SerializerMethodField(help_text="There is a run, but you may not see it.")

    def get_private(self, entry: Any) -> bool:
        return entry.run is None


class WaitingSerializer(EntrySerializer):
    position = serializers.IntegerField(allow_null=True, help_text="1 is next; null while it is held back.")
    priority = serializers.IntegerField()
    held = serializers.BooleanField()
    waiting_for = serializers.CharField(help_text="Why it is at this place, in a sentence.")
    estimated_start = serializers.DateTimeField(allow_null=True, help_text="Null while it cannot be told.")


class AtWorkSerializer(EntrySerializer):
    worker = serializers.CharField()
    status = serializers.ChoiceField(choices=ACTIVE)
    estimated_end = serializers.DateTimeField(allow_null=True, help_text="Null while it cannot be told.")


class WorkerSerializer(serializers.Serializer[Any]):
    """A training worker."""

    name = serializers.CharField(source="worker.name")
    device = serializers.CharField(source="worker.device", allow_blank=True, help_text="Empty while it is being found out.")
    memory = serializers.IntegerField(source="worker.memory", allow_null=True, help_text="Bytes of the device.")
    pool = serializers.CharField(source="worker.pool", allow_blank=True)
    labels = serializers.ListField(source="worker.labels", child=serializers.CharField())
    last_heartbeat = serializers.DateTimeField(source="worker.seen")
    alive = serializers.BooleanField(source="worker.is_alive")
    run = QueueRunSerializer(source="at_work.run", allow_null=True, default=None, help_text="Null when it is free, or if you may not see the run.")
    private = serializers.SerializerMethodField(help_text="It has a run that you may not see.")

    def get_private(self, station: Any) -> bool:
        return station.at_work is not None and station.at_work.run is None


class QueueSerializer(serializers.Serializer[Any]):
    workers = WorkerSerializer(many=True, help_text="Training workers that are there, or fell silent within the last hour.")
    running = AtWorkSerializer(many=True)
    waiting = WaitingSerializer(many=True, help_text="Next first; those held back come last.")


class Queue(APIView):
    permission_classes = [IsAuthenticated]

    @extend_schema(tags=["queue"], operation_id="queue", responses=QueueSerializer)
    def get(self, request: Request) -> Response:
        """Who waits for which worker, and why. Of runs that you may not see, only that they are there."""
        whole = queue()
        runs = Run.objects.filter(status__in=(Status.QUEUED, *ACTIVE)).order_by().only("name", "owner__username")
        return Response(QueueSerializer(picture(request.user, whole, whole.waiting, runs)).data)
