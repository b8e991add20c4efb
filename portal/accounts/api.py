"""REST: tokens and who am I."""

from typing import Any
from uuid import UUID

from allauth.account.adapter import get_adapter
from django.core.exceptions import ValidationError as LoginBlocked
from django.http import Http404
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import Throttled
from rest_framework.generics import ListAPIView
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from portal.accounts import quota, tokens
from portal.accounts.models import ApiToken, User
from portal.errors import ProblemSerializer

BLOCKED_SECONDS = 300


class CredentialsSerializer(serializers.Serializer[Any]):
    username = serializers.CharField(max_length=150)
    password = serializers.CharField(max_length=4096, trim_whitespace=False, style={"input_type": "password"})
    name = serializers.CharField(max_length=100, required=False, default="", allow_blank=True, help_text="What the token is for.")
    days = serializers.IntegerField(min_value=1, max_value=tokens.LONGEST_DAYS, required=False, allow_null=True, default=None, help_text="Lifetime.")


class NewTokenSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    token = serializers.CharField(help_text="Shown only now.")
    expiry = serializers.DateTimeField(allow_null=True)


class TokenSerializer(serializers.ModelSerializer[ApiToken]):
    first_letters = serializers.CharField(source="token_key", help_text="To tell tokens apart.")

    class Meta:
        model = ApiToken
        fields = ["id", "name", "first_letters", "created", "expiry", "last_used"]


class AmountsSerializer(serializers.Serializer[Any]):
    storage_bytes = serializers.IntegerField()
    running = serializers.IntegerField(help_text="Runs at work at once.")
    queued = serializers.IntegerField(help_text="Runs that wait.")
    device_hours = serializers.FloatField(allow_null=True, help_text="In the last 30 days; as a quota, null is as many as one likes.")


class MeSerializer(serializers.Serializer[Any]):
    username = serializers.CharField()
    is_staff = serializers.BooleanField()
    quota = AmountsSerializer()
    usage = AmountsSerializer()


class TokenCreate(APIView):
    """Exchange a password for a token."""

    authentication_classes = []
    permission_classes = [AllowAny]
    throttle_scope = "token"

    @extend_schema(
        tags=["auth"],
        operation_id="auth_token_create",
        request={"application/json": CredentialsSerializer},
        responses={201: NewTokenSerializer, 400: ProblemSerializer},
    )
    def post(self, request: Request) -> Response:
        """Make an API token. It is shown once and stored as a digest."""
        wanted = CredentialsSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        given = wanted.validated_data
        user = _sign_in(request, given["username"], given["password"])
        token, text = tokens.create(user, given["name"], given["days"])
        return Response(NewTokenSerializer({"id": token.id, "token": text, "expiry": token.expiry}).data, status=status.HTTP_201_CREATED)


def _sign_in(request: Request, username: str, password: str) -> User:
    """The account these belong to, through the same counter of failures as the sign-in page."""
    try:
        user = get_adapter().authenticate(request._request, username=username, password=password)
    except LoginBlocked as error:
        raise Throttled(wait=BLOCKED_SECONDS) from error
    if not isinstance(user, User) or not user.is_active:
        raise serializers.ValidationError("Username and password do not belong together.", code="invalid_credentials")
    return user


class TokenList(ListAPIView[ApiToken]):
    """Your API tokens, newest first."""

    serializer_class = TokenSerializer
    permission_classes = [IsAuthenticated]
    filter_backends = []
    queryset = ApiToken.objects.none()

    def get_queryset(self) -> Any:
        return ApiToken.objects.filter(user_id=self.request.user.pk)

    @extend_schema(tags=["auth"], operation_id="auth_tokens_list", responses={200: TokenSerializer(many=True), 400: ProblemSerializer})
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)


class TokenRevoke(APIView):
    permission_classes = [IsAuthenticated]

    @extend_schema(request=None, responses={204: OpenApiResponse(description="Revoked.")}, tags=["auth"], operation_id="auth_tokens_revoke")
    def delete(self, request: Request, token_id: UUID) -> Response:
        """Revoke one of your tokens, at once."""
        assert isinstance(request.user, User)  # the permission saw to it
        if not tokens.revoke(request.user, token_id):
            raise Http404
        return Response(status=status.HTTP_204_NO_CONTENT)


class Me(APIView):
    permission_classes = [IsAuthenticated]

    @extend_schema(responses=MeSerializer, tags=["auth"], operation_id="me")
    def get(self, request: Request) -> Response:
        """Who you are, what you may use and what you use."""
        user = request.user
        facts = {"username": user.get_username(), "is_staff": user.is_staff, "quota": quota.quota(user), "usage": quota.usage(user)}
        return Response(MeSerializer(facts).data)
