"""Who may change what they can see."""

from typing import Any

from rest_framework.permissions import SAFE_METHODS, BasePermission, IsAuthenticatedOrReadOnly
from rest_framework.request import Request


class OwnerChanges(BasePermission):
    """Of what they can see, people change only what is theirs; the staff changes everything."""

    def has_object_permission(self, request: Request, view: Any, obj: Any) -> bool:
        return request.method in SAFE_METHODS or request.user.is_staff or obj.owner_id == request.user.pk


READ_OR_OWN = [IsAuthenticatedOrReadOnly, OwnerChanges]
"""For views of datasets and runs, beside a queryset that shows the visible ones only."""
