"""ASGI entry: event streams go to `portal.live`, everything else to Django. Run by uvicorn."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

from django.core.asgi import get_asgi_application

application = get_asgi_application()
