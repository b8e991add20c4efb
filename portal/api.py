"""Addresses of the REST API, version 1. The stream `runs/<id>/events/` is `portal.live`'s."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from portal.accounts import api as accounts
from portal.datasets import pictures_api as pictures
from portal.datasets.api import DatasetViewSet
from portal.notices import api as notices
from portal.runs import catalogue
from portal.runs import history_api as history
from portal.runs import keeping_api as keeping
from portal.runs import results_api as results
from portal.runs import sheets_api as sheets
from portal.runs.api import RunViewSet
from portal.runs.estimates_api import Estimates
from portal.runs.queue_api import Queue
from portal.trail import api as trail

app_name = "api"

router = SimpleRouter(use_regex_path=False)
router.register("datasets", DatasetViewSet, "dataset")
router.register("runs", RunViewSet, "run")

urlpatterns = [
    path("auth/token/", accounts.TokenCreate.as_view(), name="token"),
    path("auth/tokens/", accounts.TokenList.as_view(), name="tokens"),
    path("auth/tokens/<uuid:token_id>/", accounts.TokenRevoke.as_view(), name="token-revoke"),
    path("me/", accounts.Me.as_view(), name="me"),
    path("deeds/", trail.Deeds.as_view(), name="deeds"),
    path("me/notices/", notices.Notices.as_view(), name="notices"),
    path("me/notices/webhooks/", notices.Webhooks.as_view(), name="webhooks"),
    path("me/notices/webhooks/<uuid:webhook_id>/", notices.WebhookRemove.as_view(), name="webhook-remove"),
    path("me/notices/webhooks/<uuid:webhook_id>/test/", notices.WebhookTest.as_view(), name="webhook-test"),
    path("me/notices/deliveries/", notices.Deliveries.as_view(), name="deliveries"),
    path("architectures/", catalogue.Architectures.as_view(), name="architectures"),
    path("recipes/", catalogue.Recipes.as_view(), name="recipes"),
    path("config-schema/", catalogue.ConfigSchema.as_view(), name="config-schema"),
    path("datasets/<uuid:pk>/skipped/", pictures.SkippedList.as_view(), name="dataset-skipped"),
    path("datasets/<uuid:pk>/images/", pictures.ImageList.as_view(), name="dataset-images"),
    path("datasets/<uuid:pk>/thumbnails/<int:index>/", pictures.Thumbnail.as_view(), name="dataset-thumbnail"),
    path("datasets/<uuid:pk>/preview/", pictures.Preview.as_view(), name="dataset-preview"),
    path("queue/", Queue.as_view(), name="queue"),
    path("runs/estimate/", Estimates.as_view(), name="estimate"),
    path("runs/<uuid:pk>/losses/", results.Losses.as_view(), name="run-losses"),
    path("runs/<uuid:pk>/scores/", results.ScoreList.as_view(), name="run-scores"),
    path("runs/<uuid:pk>/samples/<int:step>/nearest/", sheets.Nearest.as_view(), name="run-sample-nearest"),
    path("runs/<uuid:pk>/samples/", sheets.SampleList.as_view(), name="run-samples"),
    path("runs/<uuid:pk>/samples/<int:step>/image/", sheets.SampleImage.as_view(), name="run-sample-image"),
    path("runs/<uuid:pk>/log/", results.Log.as_view(), name="run-log"),
    path("runs/<uuid:pk>/transitions/", history.TransitionList.as_view(), name="run-transitions"),
    path("runs/<uuid:pk>/artifacts/", results.ArtifactList.as_view(), name="run-artifacts"),
    path("runs/<uuid:pk>/artifacts/<int:artifact_id>/", results.ArtifactFile.as_view(), name="run-artifact"),
    path("runs/<uuid:pk>/weights/", results.Weights.as_view(), name="run-weights"),
    path("runs/<uuid:pk>/card/", results.Card.as_view(), name="run-card"),
    path("favourites/", keeping.FavouriteList.as_view(), name="favourites"),
    path("runs/<uuid:pk>/favourites/<int:sample>/<int:tile>/", keeping.FavouriteTile.as_view(), name="run-favourite"),
    path("runs/<uuid:pk>/pins/<int:step>/", keeping.Pin.as_view(), name="run-pin"),
    *router.urls,
]
