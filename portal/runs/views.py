"""Pages of runs: the gallery, one run, and what its owner may do to it."""

from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from portal.datasets import samples
from portal.pagination import Wall
from portal.runs import control, keeping, showcase, waiting
from portal.runs.classes import NoSuchClass, class_index
from portal.runs.forms import FavouriteForm, GalleryForm, PinForm, RunForm
from portal.runs.models import ACTIVE, Favourite, Run, Status
from portal.runs.page import run_page

PER_PAGE = 24
ACTIONS: dict[str, tuple[Callable[[Run, Any], None], str]] = {
    "pause": (control.pause, ""),
    "resume": (control.resume, "Back in the queue."),
    "stop": (control.stop, ""),
    "retry": (control.retry, "Back in the queue. It goes on from its last checkpoint."),
    "sample": (control.sample, "A sheet is drawn at the next step."),
    "hold": (control.hold, ""),
    "release": (control.release, ""),
    "up": (partial(control.move, direction="up"), ""),
    "down": (partial(control.move, direction="down"), ""),
}


@require_safe
def gallery(request: HttpRequest) -> HttpResponse:
    form = GalleryForm(request.GET, request.user)
    page = Wall.of(form.runs(), request.GET.get("page"), PER_PAGE)
    waits = {run.pk for run in page if run.status == Status.QUEUED} if request.user.is_authenticated else set()
    hearts = Favourite.objects.of(request.user).filter(sample__run__in=[run.pk for run in page]).order_by("-created", "-pk")
    liked = list(dict.fromkeys(hearts.values_list("sample__run", flat=True)))
    with_hero = request.path == "/" and not request.user.is_authenticated and not request.GET
    context: dict[str, Any] = {
        "form": form,
        "page": page,
        "liked": liked,
        "cards": showcase.cards(list(page), request.user, waiting.lines(waits) if waits else {}, liked, with_big=page.number == 1),
        "live": Run.objects.visible_to(request.user).filter(status__in=ACTIVE).count(),
        "hero": with_hero,
        "ribbon": showcase.ribbon(request.user) if with_hero else [],
        "samples": samples.available() if request.user.is_authenticated and not page.object_list else [],
    }
    return render(request, "runs/gallery.html", context)


@require_safe
def detail(request: HttpRequest, pk: Any) -> HttpResponse:
    run = get_object_or_404(Run.objects.visible_to(request.user).select_related("owner", "dataset"), pk=pk)
    return render(request, "runs/detail.html", run_page(run, request.user, request.GET.get("step", "")))


@login_required
@require_POST
def act(request: HttpRequest, pk: Any, action: str) -> HttpResponse:
    run = get_object_or_404(Run.objects.owned_by(request.user), pk=pk)
    do, done = ACTIONS[action]
    try:
        do(run, request.user)
    except control.ActionRefused as refusal:
        messages.error(request, str(refusal))
    else:
        if done:
            messages.success(request, done)
    return redirect("queue") if request.POST.get("back") == "queue" else redirect(run)


@login_required
@require_POST
def sample_class(request: HttpRequest, pk: Any) -> HttpResponse:
    run = get_object_or_404(Run.objects.owned_by(request.user).select_related("dataset"), pk=pk)
    label = request.POST.get("label", "")
    try:
        control.sample_class(run, request.user, class_index(run, label))
    except (control.ActionRefused, NoSuchClass) as refusal:
        messages.error(request, str(refusal))
        return redirect(run)
    messages.success(request, f"A sheet of {label} is drawn at the next step.")
    return redirect(f"{run.get_absolute_url()}?{urlencode({'label': label})}")


@login_required
@require_POST
def favour(request: HttpRequest, pk: Any) -> HttpResponse:
    """A tile, numbered from 1 as people count, of a sheet; with `keep=no` it is a favourite no longer."""
    run = get_object_or_404(Run.objects.visible_to(request.user), pk=pk)
    form = FavouriteForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Say which picture: its number on the sheet, row by row from 1.")
        return redirect(run)
    sample, tile = form.cleaned_data["sample"], form.cleaned_data["tile"] - 1
    if request.POST.get("keep") == "no":
        keeping.unfavour(run, request.user, sample, tile)
        return redirect(run)
    try:
        keeping.favour(run, request.user, sample, tile)
    except keeping.NothingThere:
        messages.error(request, "The sheet has no picture of that number, or is gone.")
    except keeping.KeepsEnough as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, f"Picture {tile + 1} is a favourite.")
    return redirect(run)


@login_required
@require_POST
def pin(request: HttpRequest, pk: Any) -> HttpResponse:
    """Keep the checkpoint of a step; with `keep=no` no longer."""
    run = get_object_or_404(Run.objects.owned_by(request.user), pk=pk)
    form = PinForm(request.POST)
    try:
        if not form.is_valid():
            raise keeping.NothingThere
        if request.POST.get("keep") == "no":
            keeping.unpin(run, form.cleaned_data["step"])
        else:
            keeping.pin(run, form.cleaned_data["step"])
    except keeping.NothingThere:
        messages.error(request, "That checkpoint is gone.")
    except keeping.KeepsEnough as refusal:
        messages.error(request, str(refusal))
    return redirect(f"{run.get_absolute_url()}#downloads")


@login_required
def edit(request: HttpRequest, pk: Any) -> HttpResponse:
    run = get_object_or_404(Run.objects.owned_by(request.user), pk=pk)
    form = RunForm(request.POST or None, instance=run)
    if request.method == "POST" and form.is_valid():
        run.change(request.user, **form.cleaned_data)
        messages.success(request, "Saved.")
        return redirect(run)
    return render(request, "runs/edit.html", {"run": run, "form": form})


@login_required
def delete(request: HttpRequest, pk: Any) -> HttpResponse:
    run = get_object_or_404(Run.objects.owned_by(request.user), pk=pk)
    if request.method == "POST":
        try:
            control.delete(run, request.user)
        except control.ActionRefused as refusal:
            messages.error(request, str(refusal))
            return redirect(run)
        messages.success(request, f"“{run.name}” is deleted.")
        return redirect("home")
    return render(request, "runs/delete.html", {"run": run})
