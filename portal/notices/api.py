"""REST: how one is told that a run has ended."""

from typing import Any
from uuid import UUID

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.exceptions import ValidationError
from rest_framework.generics import ListAPIView
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from portal.accounts.models import User
from portal.errors import Conflict, ProblemSerializer
from portal.notices import mails, webhooks
from portal.notices.models import Delivery, Webhook
from portal.notices.serializers import DeliverySerializer, NewWebhookSerializer, NoticesSerializer, UrlSerializer
from portal.notices.targets import Refused


def _person(request: Request) -> User:
    assert isinstance(request.user, User)  # the permission saw to it
    return request.user


class Notices(APIView):
    permission_classes = [IsAuthenticated]

    @extend_schema(responses=NoticesSerializer, tags=["notices"], operation_id="me_notices")
    def get(self, request: Request) -> Response:
        """How you are told that a run of yours has ended."""
        user = _person(request)
        facts = {
            "mail": user.mail_when,
            "mail_address": mails.address_of(user),
            "mail_available": mails.are_sent(),
            "webhooks": Webhook.objects.owned_by(user),
            "most_webhooks": Webhook.MOST,
        }
        return Response(NoticesSerializer(facts).data)

    @extend_schema(
        request={"application/json": NoticesSerializer(partial=True)},
        responses={200: NoticesSerializer, 400: ProblemSerializer},
        tags=["notices"],
        operation_id="me_notices_change",
    )
    def patch(self, request: Request) -> Response:
        """Choose when you get a mail. It needs an address that you have confirmed."""
        wanted = NoticesSerializer(data=request.data, partial=True)
        wanted.is_valid(raise_exception=True)
        try:
            if "mail" in wanted.validated_data:
                mails.choose(_person(request), User.Mail(wanted.validated_data["mail"]))
        except mails.Unconfirmed as error:
            raise ValidationError({"mail": [str(error)]}, code="refused") from error
        return self.get(request)


class Webhooks(APIView):
    permission_classes = [IsAuthenticated]

    @extend_schema(
        request={"application/json": UrlSerializer},
        responses={201: NewWebhookSerializer, 400: ProblemSerializer, 409: ProblemSerializer},
        tags=["notices"],
        operation_id="me_notices_webhooks_create",
    )
    def post(self, request: Request) -> Response:
        """Add an address to which the end of each of your runs is posted. Its secret is shown once. 409 if there are enough."""
        wanted = UrlSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        try:
            webhook = webhooks.add(_person(request), wanted.validated_data["url"])
        except Refused as error:
            raise ValidationError({"url": [str(error)]}, code="refused") from error
        except webhooks.NotNow as error:
            raise Conflict(str(error)) from error
        return Response(NewWebhookSerializer(webhook).data, status=status.HTTP_201_CREATED)


class WebhookRemove(APIView):
    permission_classes = [IsAuthenticated]

    @extend_schema(
        request=None, responses={204: OpenApiResponse(description="Removed.")}, tags=["notices"], operation_id="me_notices_webhooks_remove"
    )
    def delete(self, request: Request, webhook_id: UUID) -> Response:
        """Remove one of your webhooks. What was still to be sent to it is not sent."""
        get_object_or_404(Webhook.objects.owned_by(request.user), pk=webhook_id).delete()
        return Response(status=status.HTTP_204_NO_CONTENT)


class WebhookTest(APIView):
    permission_classes = [IsAuthenticated]

    @extend_schema(
        request=None, responses={202: DeliverySerializer, 409: ProblemSerializer}, tags=["notices"], operation_id="me_notices_webhooks_test"
    )
    def post(self, request: Request, webhook_id: UUID) -> Response:
        """Send the event `test` now, once. What came back stands in `me/notices/deliveries/` soon."""
        webhook = get_object_or_404(Webhook.objects.owned_by(request.user), pk=webhook_id)
        try:
            delivery = webhooks.test(webhook)
        except webhooks.NotNow as error:
            raise Conflict(str(error)) from error
        return Response(DeliverySerializer(delivery).data, status=status.HTTP_202_ACCEPTED)


class Deliveries(ListAPIView[Delivery]):
    serializer_class = DeliverySerializer
    permission_classes = [IsAuthenticated]
    filter_backends = []
    queryset = Delivery.objects.none()

    def get_queryset(self) -> Any:
        return Delivery.objects.owned_by(self.request.user)

    @extend_schema(tags=["notices"], operation_id="me_notices_deliveries", responses={200: DeliverySerializer(many=True), 400: ProblemSerializer})
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """What you were told in the last 30 days, or are to be told; newest first."""
        return super().get(request, *args, **kwargs)
