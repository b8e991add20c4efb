"""REST: datasets. Their pictures are in `pictures_api`."""

from typing import Any

from django_filters import rest_framework as filters
from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_view
from rest_framework import mixins, status
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from portal.accounts.quota import QuotaExceeded
from portal.datasets import remove, upload
from portal.datasets.models import Dataset
from portal.datasets.serializers import DatasetSerializer, UploadSerializer
from portal.errors import Conflict, ProblemSerializer
from portal.permissions import READ_OR_OWN


class DatasetFilter(filters.FilterSet):  # type: ignore[misc]  # django-filter has no type information
    status = filters.ChoiceFilter(choices=Dataset.Status.choices)
    owner = filters.CharFilter(field_name="owner__username", label="Username")

    class Meta:
        model = Dataset
        fields = ["status", "owner"]


@extend_schema(tags=["datasets"])
@extend_schema_view(
    list=extend_schema(description="Datasets you may see, newest first.", responses={200: DatasetSerializer(many=True), 400: ProblemSerializer}),
    retrieve=extend_schema(description="One dataset: what was found in it, and how far checking has come."),
    partial_update=extend_schema(
        description="Change name, description or visibility.",
        request={"application/json": DatasetSerializer(partial=True)},
        responses={200: DatasetSerializer, 400: ProblemSerializer},
    ),
)
class DatasetViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, mixins.UpdateModelMixin, mixins.DestroyModelMixin, GenericViewSet[Dataset]):
    queryset = Dataset.objects.none()
    serializer_class = DatasetSerializer
    permission_classes = READ_OR_OWN
    filterset_class = DatasetFilter
    lookup_value_converter = "uuid"
    http_method_names = ["get", "post", "patch", "delete", "head", "options"]

    def get_queryset(self) -> Any:
        return Dataset.objects.visible_to(self.request.user).select_related("owner")

    @property
    def throttle_scope(self) -> str | None:
        return "upload" if self.action == "create" else None

    @extend_schema(request={"multipart/form-data": UploadSerializer}, responses={201: DatasetSerializer, 400: ProblemSerializer})
    def create(self, request: Request) -> Response:
        """Upload pictures: `archive` (zip, tar, tar.gz) or `files[]` (loose pictures). A worker then checks them; poll `status`."""
        wanted = UploadSerializer(data=_upload_fields(request))
        wanted.is_valid(raise_exception=True)
        about = {name: wanted.validated_data[name] for name in ("name", "description", "visibility")}
        archive, files = wanted.validated_data.get("archive"), wanted.validated_data.get("files")
        try:
            dataset = upload.upload(request.user, archive, **about) if archive else upload.upload_pictures(request.user, files, **about)
        except (upload.UploadRefused, QuotaExceeded) as error:
            raise ValidationError({"archive" if archive else "files": [str(error)]}, code="refused") from error
        return Response(self.get_serializer(dataset).data, status=status.HTTP_201_CREATED)

    @extend_schema(responses={204: OpenApiResponse(description="Deleted."), 409: ProblemSerializer})
    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Delete the dataset and its files. 409 while runs need it."""
        return super().destroy(request, *args, **kwargs)

    def perform_destroy(self, instance: Dataset) -> None:
        try:
            remove.remove(instance, self.request.user)
        except remove.RemovalRefused as error:
            raise Conflict(str(error)) from error


def _upload_fields(request: Request) -> dict[str, Any]:
    """The form's fields; loose pictures may be called `files` or, as browsers and many clients do, `files[]`."""
    if not isinstance(request.data, dict):
        return {}
    fields: dict[str, Any] = {name: request.data[name] for name in ("name", "archive", "description", "visibility") if name in request.data}
    files = [*request.FILES.getlist("files"), *request.FILES.getlist("files[]")]
    return {**fields, "files": files} if files else fields
