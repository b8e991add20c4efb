"""People and their API tokens."""

import uuid

from django.contrib.auth.models import AbstractUser
from django.db import models
from knox.models import AbstractAuthToken


class User(AbstractUser):  # type: ignore[django-manager-missing]  # knox's manager has no type information
    """A person. Blank quotas mean the installation's defaults (`settings.GANVAS_QUOTA_*`)."""

    storage_quota = models.PositiveBigIntegerField("storage quota, bytes", null=True, blank=True)
    running_quota = models.PositiveIntegerField("runs at once", null=True, blank=True)


class ApiToken(AbstractAuthToken):  # type: ignore[misc]  # knox has no type information
    """An API token; only its digest is stored. `id` names it in addresses, since the digest must not appear there."""

    id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(max_length=100, blank=True)
    last_used = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created"]
