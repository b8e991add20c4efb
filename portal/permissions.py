"""Who may change what they can see."""

from typing import Any

from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request


class OwnerChanges(BasePermission):
    """Everybody reads what is visible to them; its owner and the staff change it."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return request.method in SAFE_METHODS or bool(request.user and request.user.is_authenticated)

    def has_object_permission(self, request: Request, view: Any, obj: Any) -> bool:
        return request.method in SAFE_METHODS or request.user.is_staff or obj.owner_id == request.user.pk
