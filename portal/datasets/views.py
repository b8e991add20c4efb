"""Pages of datasets: the list, the upload, one dataset with its pictures and what was skipped."""

import csv
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import HttpResponseClientRefresh

from gan_core.images import SKIP_REASONS
from portal.accounts.quota import QuotaExceeded
from portal.datasets import facts, pictures, samples, upload
from portal.datasets.forms import DatasetForm, UploadForm
from portal.datasets.models import Dataset
from portal.datasets.remove import RemovalRefused, needed_by, remove
from portal.runs.models import Run
from portal.visibility import may_change

PER_PAGE = 24
PICTURES = 54
SKIPPED = 100
BACKDROPS = ("white", "black", "chequer")
ARCHIVES = (".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz")


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    datasets = Dataset.objects.visible_to(request.user).select_related("owner")
    show, q = request.GET.get("show", ""), request.GET.get("q", "").strip()
    if show == "mine" and request.user.is_authenticated:
        datasets = datasets.filter(owner=request.user)
    elif show == "samples":
        datasets = datasets.exclude(sample="")
    if q:
        datasets = datasets.filter(Q(name__icontains=q) | Q(description__icontains=q) | Q(owner__username__icontains=q))
    page = Paginator(datasets, PER_PAGE).get_page(request.GET.get("page"))
    offered = samples.available() if request.user.is_authenticated and page.number == 1 and show != "mine" and not q else []
    mine = set(Dataset.objects.filter(owner=request.user).values_list("sample", flat=True)) if request.user.is_authenticated else set()
    context = {"page": page, "show": show, "q": q, "samples": [one for one in offered if one.name not in mine]}
    return render(request, "datasets/index.html", context)


@require_safe
def detail(request: HttpRequest, pk: Any) -> HttpResponse:
    dataset = get_object_or_404(Dataset.objects.visible_to(request.user).select_related("owner"), pk=pk)
    ready = dataset.status == Dataset.Status.READY
    if "HX-Request" in request.headers and "checking" in request.GET and dataset.status != Dataset.Status.PROCESSING:
        return HttpResponseClientRefresh()
    context: dict[str, Any] = {
        "dataset": dataset,
        "can_change": may_change(request.user, dataset.owner_id),
        "runs": Run.objects.visible_to(request.user).filter(dataset=dataset).defer("log_tail")[:12],
        "backdrop": request.COOKIES.get("backdrop") if request.COOKIES.get("backdrop") in BACKDROPS else "white",
        "backdrops": BACKDROPS,
        "needed": needed_by(dataset, request.user),
        **_skipped(request, dataset),
        **(_wall(request, dataset) if ready else {}),
    }
    return render(request, "datasets/detail.html", context)


def _wall(request: HttpRequest, dataset: Dataset) -> dict[str, Any]:
    """The pictures of the chosen class, or all of them well mixed, a page at a time."""
    manifest = pictures.manifest(dataset)
    chosen = request.GET.get("class", "")
    names = list(manifest.class_names)
    wanted = names.index(chosen) if chosen in names else None
    entries = [(index, entry) for index, entry in enumerate(manifest.entries) if wanted is None or entry.label == wanted]
    page = Paginator(facts.mixed(entries), PICTURES).get_page(request.GET.get("page"))
    shown = [
        {"index": index, "url": facts.thumbnail(dataset, index), "entry": entry, "class": names[entry.label] if entry.label is not None else ""}
        for index, entry in page
    ]
    largest = max((one["count"] for one in dataset.classes), default=0)
    return {
        "facts": facts.strip(dataset),
        "page": page,
        "pictures": shown,
        "chosen": chosen if wanted is not None else "",
        "largest": largest,
        "uneven": facts.uneven(dataset),
    }


def _skipped(request: HttpRequest, dataset: Dataset) -> dict[str, Any]:
    rows = dataset.skipped.all()
    reasons = [(key, SKIP_REASONS[key]) for key in dict.fromkeys(rows.order_by("reason").values_list("reason", flat=True))]
    reason = request.GET.get("reason", "")
    if reason in SKIP_REASONS:
        rows = rows.filter(reason=reason)
    return {"skipped": Paginator(rows, SKIPPED).get_page(request.GET.get("skipped")), "reasons": reasons, "reason": reason}


@require_safe
def skipped_csv(request: HttpRequest, pk: Any) -> HttpResponse:
    dataset = get_object_or_404(Dataset.objects.visible_to(request.user), pk=pk)
    response = HttpResponse(content_type="text/csv; charset=utf-8", headers={"Content-Disposition": 'attachment; filename="skipped.csv"'})
    writer = csv.writer(response)
    writer.writerow(["file", "reason", "detail"])
    for path, reason, detail in dataset.skipped.values_list("path", "reason", "detail"):
        writer.writerow([_harmless(path), SKIP_REASONS[reason], _harmless(detail)])
    return response


def _harmless(text: str) -> str:
    """Spreadsheets run cells that begin like a formula, and file names are a stranger's."""
    return "'" + text if text[:1] in "=+-@\t\r" else text


@login_required
def new(request: HttpRequest) -> HttpResponse:
    form = UploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            return redirect(_uploaded(request, form.cleaned_data))
        except (upload.UploadRefused, QuotaExceeded) as refusal:
            form.add_error("pictures", str(refusal))
    context = {"form": form, "samples": samples.available(), "limit": settings.GANVAS_ARCHIVE_BYTES}
    return render(request, "datasets/new.html", context, status=422 if form.errors else 200)


def _uploaded(request: HttpRequest, wanted: dict[str, Any]) -> Dataset:
    files = wanted.pop("pictures")
    if len(files) == 1 and files[0].name.lower().endswith(ARCHIVES):
        return upload.upload(request.user, files[0], **wanted)
    return upload.upload_pictures(request.user, files, **wanted)


@login_required
@require_POST
def sample(request: HttpRequest, name: str) -> HttpResponse:
    """Import an installed sample collection, or go on with the one this person already has."""
    user: Any = request.user
    mine = Dataset.objects.filter(owner=user, sample=name).exclude(status=Dataset.Status.FAILED).first()
    try:
        dataset = mine or upload.import_sample(request.user, name)
    except (upload.UploadRefused, QuotaExceeded) as refusal:
        messages.error(request, str(refusal))
        return redirect("datasets:list")
    if request.POST.get("then") == "train":
        return redirect(f"/runs/new/?dataset={dataset.pk}")
    return redirect(dataset)


@login_required
def edit(request: HttpRequest, pk: Any) -> HttpResponse:
    dataset = get_object_or_404(Dataset.objects.owned_by(request.user), pk=pk)
    form = DatasetForm(request.POST or None, instance=dataset)
    if request.method == "POST" and form.is_valid():
        dataset.change(request.user, **form.cleaned_data)
        messages.success(request, "Saved.")
        return redirect(dataset)
    return render(request, "datasets/edit.html", {"dataset": dataset, "form": form})


@login_required
def delete(request: HttpRequest, pk: Any) -> HttpResponse:
    dataset = get_object_or_404(Dataset.objects.owned_by(request.user), pk=pk)
    if request.method == "POST":
        try:
            remove(dataset, request.user)
        except RemovalRefused as refusal:
            messages.error(request, str(refusal))
            return redirect(dataset)
        messages.success(request, f"“{dataset.name}” is deleted.")
        return redirect("datasets:list")
    return render(request, "datasets/delete.html", {"dataset": dataset, "needed": needed_by(dataset, request.user)})
