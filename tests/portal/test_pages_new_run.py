"""A new run: pictures, recipe, settings, launch; all without scripts."""

import json
from typing import Any

import pytest
from django.test import Client

from gan_core.reasons import DeviceFacts
from gan_core.recipes import RECIPES
from portal.runs import fitting, showcase
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


def square(side: int) -> dict[str, Any]:
    return {name: {"min": side - 4, "median": side, "max": side + 4} for name in ("width", "height")}


PETS = [{"name": name, "count": 450} for name in ("cats", "dogs")]


def ranked(client: Client, dataset: Any) -> list[Any]:
    families = client.get(f"/runs/new/?dataset={dataset.pk}").context["families"]
    return [card.fit for family in families for card in family.cards]


def test_strangers_sign_in_first(clients: dict[str, Client]) -> None:
    assert clients["stranger"].get("/runs/new/")["Location"] == "/accounts/login/?next=/runs/new/"


@pytest.mark.parametrize(
    ("facts", "best"),
    [
        ({"modes": {"L": 5000}, **square(28), "image_count": 5000}, "quick"),
        ({"modes": {"RGBA": 900}, "transparent_count": 900, "image_count": 900, **square(64)}, "pokemon"),
        ({"modes": {"RGB": 12}, "image_count": 12, "classes": []}, "portraits"),
        ({"modes": {"RGB": 900}, "image_count": 900, "classes": [], **square(64)}, "simpsons"),
        ({"modes": {"RGB": 900}, "image_count": 900, "classes": PETS, **square(64)}, "dogs"),
    ],
)
def test_the_recipe_that_fits_comes_first(owner: Any, clients: dict[str, Client], facts: dict[str, Any], best: str) -> None:
    fits = ranked(clients["owner"], factories.make_dataset(owner, **facts))
    assert fits[0].recipe.name == best
    assert fits[0].reason
    assert len(fits) == len(RECIPES)


def test_unsuitable_recipes_stay_with_their_reason(owner: Any, clients: dict[str, Client]) -> None:
    fits = ranked(clients["owner"], factories.make_dataset(owner, classes=[]))
    assert {fit.recipe.name for fit in fits if not fit.suitable} == {name for name, recipe in RECIPES.items() if recipe.needs_classes}
    assert (fits[-1].suitable, fits[-1].pill) == (False, "Needs classes")


def test_the_recommended_recipe_says_why(owner: Any, clients: dict[str, Client]) -> None:
    twelve = factories.make_dataset(owner, modes={"RGB": 12}, image_count=12, classes=[])
    page = clients["owner"].get(f"/runs/new/?dataset={twelve.pk}")
    best = page.context["families"][0]
    assert [(family.name, len(family.cards)) for family in [best]] == [("best", 1)]
    assert "You have 12 pictures: this shows a handful of them in each short step." in page.content.decode()


def test_while_pictures_are_checked_recipes_stand_in_their_own_order(owner: Any, clients: dict[str, Client]) -> None:
    fits = ranked(clients["owner"], factories.make_dataset(owner, status="processing"))
    assert [fit.recipe.name for fit in fits] == list(RECIPES)


def test_a_device_that_trained_here_is_taken_into_account(owner: Any, dataset: Any) -> None:
    assert fitting.device_facts().kind == "unknown"
    config = RECIPES["classic"].config
    factories.make_run(owner, dataset, config=config, device="CPU, 2 threads", images_per_second=75.0)
    assert fitting.device_facts() == DeviceFacts("cpu", 1.0)
    factories.make_run(owner, dataset, config=config, device="NVIDIA L4", images_per_second=3000.0)
    assert fitting.device_facts() == DeviceFacts("cuda", 40.0)


@pytest.mark.parametrize("recipe", RECIPES)
def test_every_recipes_form_is_readable_and_without_an_error(dataset: Any, clients: dict[str, Client], recipe: str) -> None:
    page = clients["owner"].get(address(dataset, recipe))
    assert page.context["problems"] == []
    assert all(group.summary for group in page.context["groups"])


@pytest.mark.parametrize("recipe", [name for name, recipe in RECIPES.items() if not recipe.needs_classes])
def test_every_recipe_launches_as_it_is(owner: Any, clients: dict[str, Client], recipe: str) -> None:
    plain = factories.make_dataset(owner, classes=[])
    assert clients["owner"].post(address(plain, recipe), posted(recipe)).status_code == 302
    assert Run.objects.get().train_config == RECIPES[recipe].config


def test_what_an_architecture_lacks_goes_back_to_its_usual_value(dataset: Any, clients: dict[str, Client]) -> None:
    clients["owner"].post(address(dataset), posted(architecture="mlp", kernel_size="5", dense_head="50"))
    config = Run.objects.get().train_config
    assert (config.architecture, config.kernel_size, config.dense_head) == ("mlp", 4, 50)


def test_what_a_recipe_brought_along_gives_way_to_a_choice(dataset: Any, clients: dict[str, Client]) -> None:
    clients["owner"].post(address(dataset), posted(objective="wasserstein", penalty="clip"))
    config = Run.objects.get().train_config
    assert (config.objective, config.invert_labels, config.real_label_low, config.flip_labels) == ("wasserstein", False, 1.0, 0.0)


def test_what_somebody_typed_does_not_give_way(dataset: Any, clients: dict[str, Client]) -> None:
    response = clients["owner"].post(address(dataset), posted(objective="wasserstein", penalty="clip", flip_labels="0.2"))
    assert response.context["form"].errors == {"flip_labels": "Wasserstein has no labels to swap."}


def test_batch_normalisation_is_not_dropped_in_silence(dataset: Any, clients: dict[str, Client]) -> None:
    response = clients["owner"].post(address(dataset), posted(penalty="r1"))
    assert "Untick it." in response.context["form"].errors["discriminator_batch_norm"]


def test_settings_without_effect_are_marked_for_the_script(dataset: Any, clients: dict[str, Client]) -> None:
    groups = clients["owner"].get(address(dataset)).context["groups"]
    settings = {setting.name: setting for group in groups for setting in group.settings}
    assert not settings["clip_value"].has_effect
    assert json.loads(settings["clip_value"].when) == [["penalty", True, ["clip"]]]
    assert settings["kernel_size"].has_effect and "dcgan" in settings["kernel_size"].when
    assert settings["batch_size"].when == ""


def test_settings_that_few_people_touch_stand_behind_more_unless_they_are_changed(dataset: Any) -> None:
    tricks = SettingsForm.fresh("simpsons").groups(64)[-1]
    assert {"flip_labels", "augmentation"} <= {setting.name for setting in tricks.common}
    assert "instance_noise" in {setting.name for setting in tricks.more}
    assert not tricks.is_more_open
    assert SettingsForm.posted("simpsons", posted(instance_noise="0.1")).groups(64)[-1].is_more_open


def test_choices_are_spelled_as_their_authors_do() -> None:
    groups = SettingsForm.fresh(None).groups(64)
    words = {value: word for group in groups for setting in group.settings for value, word in setting.choices}
    assert (words["r1-r2"], words["diffaugment"], words["stylegan2"], words["r3gan"]) == ("R1-R2", "DiffAugment", "StyleGAN2", "R3GAN")


def test_an_empty_weight_is_the_usual_one(dataset: Any, clients: dict[str, Client]) -> None:
    assert 'name="penalty_weight" value="" placeholder="usual"' in clients["owner"].get(address(dataset)).content.decode()
    clients["owner"].post(address(dataset), posted(penalty_weight="", beta2_end=""))
    assert (Run.objects.get().train_config.penalty_weight, Run.objects.get().train_config.beta2_end) == (None, None)


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
    assert answer["changed"] == {"batch_size": ["32", "16"], "epochs": ["350", "10"]}
    assert answer["summaries"]["length"] == "10 epochs, 4 steps"
    assert answer["told"]["time"] == ""
    assert not Run.objects.exists()


def test_a_wrong_setting_leaves_the_other_groups_readable(dataset: Any, clients: dict[str, Client]) -> None:
    answer = clients["owner"].post(f"/runs/new/check/?dataset={dataset.pk}&recipe=simpsons", posted(batch_size="many")).json()
    assert answer["summaries"]["optimisation"] == "one setting needs a look"
    assert answer["summaries"]["tricks"] == "labels inverted and smoothed, 5 % swapped"


def test_an_unknown_recipe_or_dataset_is_not_there(dataset: Any, clients: dict[str, Client]) -> None:
    for query in (f"?dataset={dataset.pk}&recipe=soup", "?dataset=soup", "?clone=soup"):
        assert clients["owner"].get(f"/runs/new/{query}").status_code == 404
