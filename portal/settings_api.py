"""Settings of the REST API, its tokens and its schema: the same for every installation."""

from datetime import timedelta

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["portal.accounts.authentication.TokenAuthentication", "rest_framework.authentication.SessionAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticatedOrReadOnly"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PAGINATION_CLASS": "portal.pagination.Pages",
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_SCHEMA_CLASS": "drf_standardized_errors.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "drf_standardized_errors.handler.exception_handler",
    "DEFAULT_THROTTLE_CLASSES": ["rest_framework.throttling.ScopedRateThrottle"],
    "DEFAULT_THROTTLE_RATES": {"token": "10/min", "upload": "60/min", "launch": "60/min", "preview": "240/min", "estimate": "120/min"},
    "NUM_PROXIES": 0,  # the server has already put the visitor's address in place; a header may be made up
    "URL_FORMAT_OVERRIDE": None,  # `?format=` names a file format here
}
DRF_STANDARDIZED_ERRORS = {"EXCEPTION_HANDLER_CLASS": "portal.errors.Handler"}
REST_KNOX = {"TOKEN_TTL": timedelta(days=365), "TOKEN_PREFIX": "gnv_", "AUTH_HEADER_PREFIX": "Token"}
KNOX_TOKEN_MODEL = "accounts.ApiToken"
MIGRATION_MODULES = {"knox": None}  # its only table is replaced by ours, but its migrations make it all the same
SPECTACULAR_SETTINGS = {
    "TITLE": "Ganvas",
    "DESCRIPTION": "Train GANs on your own pictures: upload datasets, launch runs, watch samples, download generators.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "POSTPROCESSING_HOOKS": ["drf_standardized_errors.openapi_hooks.postprocess_schema_enums", "portal.docs.add_event_stream"],
    "ENUM_NAME_OVERRIDES": {
        "RunStatusEnum": "portal.runs.models.Status",
        "DatasetStatusEnum": "portal.datasets.models.Dataset.Status",
        "VisibilityEnum": "portal.visibility.Visibility",
        "ValidationErrorEnum": "drf_standardized_errors.openapi_serializers.ValidationErrorEnum.choices",
        "ClientErrorEnum": "drf_standardized_errors.openapi_serializers.ClientErrorEnum.choices",
        "ServerErrorEnum": "drf_standardized_errors.openapi_serializers.ServerErrorEnum.choices",
    },
}
