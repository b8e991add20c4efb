from django.apps import AppConfig


class WorkersConfig(AppConfig):
    name = "portal.workers"
    label = "workers"
