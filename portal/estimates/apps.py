from django.apps import AppConfig


class EstimatesConfig(AppConfig):
    name = "portal.estimates"
    label = "estimates"
