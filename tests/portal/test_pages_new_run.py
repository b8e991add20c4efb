"""A new run: pictures, recipe, settings, launch; all without scripts."""

from typing import Any

import pytest
from django.test import Client

from gan_core.recipes import RECIPES
from portal.runs import estimate, showcase
from portal.runs.models import Run, Status
from portal.runs.settings_form import SettingsForm
from tests import factories


@pytest.fixture
def dataset(owner: Any) -> Any:
    return factories.make_dataset(owner)


def posted(recipe: str | None = "simpsons", **changes: str) -> dict[str, str]:
    """What a browser sends of the form: every field, unticked switches left out."""
    form = SettingsForm.fresh(recipe)
    fields = {**form.values, "name": "Sunday faces", "visibility": "private", "priority": "0", **changes}
    switches = {setting.name for group in form.groups(1) for setting in group.settings if setting.kind == "switch"}
    return {name: value for name, value in fields.items() if value or name not in switches}


def address(dataset: Any, recipe: str = "simpsons") -> str:
    return f"/runs/new/?dataset={dataset.pk}&recipe={recipe}"


def ranked(client: Client, dataset: Any) -> list[Any]:
    return [card["fit"] for card in client.get(f"/runs/new/?dataset={dataset.pk}").context["cards"]]


def test_strangers_sign_in_first(clients: dict[str, Client]) -> None:
    assert clients["stranger"].get("/runs/new/")["Location"] == "/accounts/login/?next=/runs/new/"


@pytest.mark.parametrize(
    ("facts", "best"),
    [
        ({"modes": {"L": 6}, "width": {"min": 28, "median": 28, "max": 28}, "image_count": 5000}, "satellite"),
        ({"modes": {"RGBA": 900}, "transparent_count": 900, "image_count": 900, "width": {"min": 60, "median": 64, "max": 70}}, "pokemon"),
        ({"modes": {"RGB": 12}, "image_count": 12, "classes": []}, "portraits"),
        ({"modes": {"RGB": 900}, "image_count": 900, "classes": [], "width": {"min": 60, "median": 64, "max": 70}}, "simpsons"),
        ({"modes": {"RGB": 900}, "image_count": 900, "width": {"min": 60, "median": 64, "max": 70}}, "dogs"),
    ],
)
def test_the_recipe_that_fits_comes_first(owner: Any, clients: dict[str, Client], facts: dict[str, Any], best: str) -> None:
    fits = ranked(clients["owner"], factories.make_dataset(owner, **facts))
    assert fits[0].recipe.name == best
    assert fits[0].reason
    assert len(fits) == len(RECIPES)


def test_unsuitable_recipes_stay_with_their_reason(owner: Any, clients: dict[str, Client]) -> None:
    last = ranked(clients["owner"], factories.make_dataset(owner, classes=[]))[-1]
    assert (last.recipe.name, last.suitable, last.reason) == ("dogs", False, "Needs classes")


def test_time_is_told_only_where_it_was_measured(owner: Any, dataset: Any) -> None:
    config = RECIPES["satellite"].config
    assert estimate.seconds(config, 100, estimate.measured()) is None
    factories.make_run(owner, dataset, status=Status.COMPLETED, config=config, step=5000, images_per_second=640.0)
    assert estimate.seconds(config, 100, estimate.measured()) == 5000 * 64 / 640


def test_a_recipes_face_is_a_real_run_that_went_its_way(owner: Any, dataset: Any) -> None:
    for steps, name in ((5000, "whole"), (100, "a mere try")):
        run = factories.make_run(
            owner, dataset, status=Status.COMPLETED, recipe="satellite", config=RECIPES["satellite"].config, step=steps, name=name
        )
        factories.add_sample(run, steps)
    assert showcase.faces(owner)["satellite"]["step"] == 5000


def test_the_form_shows_every_setting_with_its_help(dataset: Any, clients: dict[str, Client]) -> None:
    text = clients["owner"].get(address(dataset)).content.decode()
    for group in SettingsForm.fresh("simpsons").groups(6):
        for setting in group.settings:
            assert f'name="{setting.name}"' in text
            assert f'id="help_{setting.name}"' in text


def test_a_closed_group_tells_its_values(dataset: Any) -> None:
    groups = {group.name: group for group in SettingsForm.fresh("simpsons").groups(64)}
    assert groups["tricks"].summary == "labels inverted and smoothed, 5 % swapped"
    assert groups["length"].summary == "350 epochs, 700 steps"
    assert not groups["tricks"].is_open


def test_an_unchanged_recipe_launches_as_it_is(owner: Any, dataset: Any, clients: dict[str, Client]) -> None:
    response = clients["owner"].post(address(dataset), posted())
    run = Run.objects.get()
    assert response["Location"] == f"/runs/{run.pk}/"
    assert run.config == RECIPES["simpsons"].config.model_dump(mode="json")
    assert (run.name, run.recipe, run.status, run.owner) == ("Sunday faces", "simpsons", Status.QUEUED, owner)


def test_changed_settings_reach_the_run(dataset: Any, clients: dict[str, Client]) -> None:
    changes = {"epochs": "", "steps": "1 000", "batch_size": "16", "kernel_size": "3", "mirror": "on", "invert_labels": "", "beta1": "0,4"}
    clients["owner"].post(address(dataset), posted(**changes))
    config = Run.objects.get().train_config
    assert (config.steps, config.epochs, config.batch_size, config.kernel_size) == (1000, None, 16, 3)
    assert (config.mirror, config.invert_labels, config.beta1) == (True, False, 0.4)


def test_the_empty_form_launches(dataset: Any, clients: dict[str, Client]) -> None:
    clients["owner"].post(address(dataset, "none"), posted(None, steps="50"))
    run = Run.objects.get()
    assert (run.recipe, run.train_config.steps) == ("", 50)


def test_each_wrong_field_gets_one_sentence(dataset: Any, clients: dict[str, Client]) -> None:
    wrong = {"width": "9999", "batch_size": "many", "beta1": "2", "background": "red", "name": " "}
    response = clients["owner"].post(address(dataset), posted(**wrong))
    text = response.content.decode()
    assert response.status_code == 422
    for sentence in (
        "Must be at most 512.",
        "Enter a whole number.",
        "Must be less than 1.",
        "Enter a colour such as #ffffff.",
        "Give the run a name.",
    ):
        assert text.count(f"<span>{sentence}</span>") == 1
    assert {problem["field"] for problem in response.context["problems"]} == set(wrong)
    assert 'value="9999"' in text
    assert not Run.objects.exists()


def test_settings_that_do_not_go_together_are_told_at_their_field(dataset: Any, clients: dict[str, Client]) -> None:
    response = clients["owner"].post(address(dataset), posted(steps="10"))
    assert response.context["form"].errors == {"epochs": "Set steps or epochs, not both."}


def test_classes_that_are_not_there_are_told_at_their_field(owner: Any, clients: dict[str, Client]) -> None:
    plain = factories.make_dataset(owner, classes=[])
    response = clients["owner"].post(address(plain), posted(conditional="on"))
    assert "no classes to learn" in response.context["form"].errors["conditional"]


def test_pictures_that_are_not_ready_refuse_the_launch(owner: Any, clients: dict[str, Client]) -> None:
    response = clients["owner"].post(address(factories.make_dataset(owner, status="processing")), posted())
    assert "not ready yet" in response.content.decode()


def test_only_administrators_overtake(dataset: Any, clients: dict[str, Client]) -> None:
    assert "Only administrators" in clients["owner"].post(address(dataset), posted(priority="5")).content.decode()
    clients["staff"].post(address(dataset), posted(priority="5"))
    assert Run.objects.get().priority == 5


def test_a_clone_starts_from_the_runs_settings_and_marks_them(owner: Any, dataset: Any, clients: dict[str, Client]) -> None:
    config = RECIPES["simpsons"].config.model_copy(update={"batch_size": 48})
    run = factories.make_run(owner, dataset, recipe="simpsons", config=config, name="First")
    page = clients["owner"].get(f"/runs/new/?clone={run.pk}")
    changed = [setting.name for group in page.context["groups"] for setting in group.settings if setting.changed]
    assert changed == ["batch_size"]
    assert "First, again" in page.content.decode()


def test_a_clone_posts_to_its_own_address(owner: Any, dataset: Any, clients: dict[str, Client]) -> None:
    run = factories.make_run(owner, dataset, recipe="simpsons", config=RECIPES["simpsons"].config)
    clients["owner"].post(f"/runs/new/?clone={run.pk}", posted(batch_size="16"))
    assert Run.objects.exclude(pk=run.pk).get().train_config.batch_size == 16


def test_the_check_tells_errors_changes_and_length(dataset: Any, clients: dict[str, Client]) -> None:
    answer = clients["owner"].post(f"/runs/new/check/?dataset={dataset.pk}&recipe=simpsons", posted(batch_size="16", epochs="10")).json()
    assert answer["errors"] == {}
    assert answer["changed"] == {"batch_size": "32", "epochs": "350"}
    assert answer["summaries"]["length"] == "10 epochs, 4 steps"
    assert answer["time"] == ""
    assert not Run.objects.exists()


def test_a_wrong_setting_leaves_the_other_groups_readable(dataset: Any, clients: dict[str, Client]) -> None:
    answer = clients["owner"].post(f"/runs/new/check/?dataset={dataset.pk}&recipe=simpsons", posted(batch_size="many")).json()
    assert answer["summaries"]["optimisation"] == "one setting needs a look"
    assert answer["summaries"]["tricks"] == "labels inverted and smoothed, 5 % swapped"


def test_an_unknown_recipe_or_dataset_is_not_there(dataset: Any, clients: dict[str, Client]) -> None:
    for query in (f"?dataset={dataset.pk}&recipe=soup", "?dataset=soup", "?clone=soup"):
        assert clients["owner"].get(f"/runs/new/{query}").status_code == 404
