"""What people have besides runs and datasets: favourites, device time, tokens, webhooks and what they were told, deeds; and what was measured."""

from datetime import timedelta

from django.utils import timezone

from benchmarks.portal.rows import copies
from portal.accounts.models import ApiToken, DeviceTime
from portal.estimates.models import Estimate
from portal.notices.models import Delivery, Webhook
from portal.runs.models import Favourite, Run, Sample
from portal.trail.models import Deed

DAYS = 60
"""Of device time, as many as there are after two months."""
TOKENS, HOOKS = 4, 2
"""Of each person."""
DEEDS = 20_000
ESTIMATES = 2000


def fill(run: Run, users: int, runs: int, first: int, some: str, numbered: str) -> None:
    """
    Args:
        run: a real one, whose owner and rows are copied.
        first: id of the first person.
        some: an expression that gives somebody's id.
        numbered: runs and their numbers, to be selected from.
    """
    person = f"generate_series({first}, {first + users - 1}) person"
    copies(
        Favourite(user=run.owner, sample=_sheet(run), tile=0),
        f"{numbered} JOIN runs_sample sheet ON sheet.run_id = run AND sheet.step = 0 AND mod(number, 2) = 0",
        user_id=some,
        sample_id="sheet.id",
        tile="mod(number, 64)",
        created="now() - number * interval '1 minute'",
    )
    Sample.objects.filter(run=run).delete()
    time = DeviceTime(owner=run.owner, day=timezone.now().date() - timedelta(days=DAYS + 9), seconds=1)
    copies(time, f"{person}, generate_series(0, {DAYS - 1}) back", owner_id="person", day="current_date - back", seconds="50000 * random()")
    token = ApiToken(user=run.owner, digest="x", token_key="gnv_1234", name="laptop", expiry=timezone.now() + timedelta(days=300))
    named = {"user_id": "person", "digest": "md5('token' || person || '-' || part)", "id": "md5('token' || person || '-' || part)::uuid"}
    copies(token, f"{person}, generate_series(1, {TOKENS}) part", **named)
    hook_id = "md5('hook' || {person} || '-' || part)::uuid"
    hooks = f"{person}, generate_series(1, {HOOKS}) part"
    address = "'https://hooks.example.org/' || part"
    copies(Webhook(owner=run.owner, url="x", secret="x"), hooks, id=hook_id.format(person="person"), owner_id="person", url=address)
    _deliveries(run, runs, hook_id)
    copies(
        Deed.objects.record(run, run.owner, "Deleted", freed=10**9),
        f"generate_series(1, {DEEDS}) number",
        owner_id=some,
        thing="md5('deed' || number)::uuid",
        kind="CASE WHEN mod(number, 3) = 0 THEN 'run' ELSE 'dataset' END",
        created="now() - number * interval '30 minutes'",
    )
    Deed.objects.filter(thing=run.pk).delete()
    now = timezone.now()
    figures = {"device": "NVIDIA A100, 80 GB", "is_gpu": True, "seconds_per_step": 0.1}
    measured = Estimate(key="x", config=run.config, asked=now, begun=now, measured=now, **figures)
    copies(measured, f"generate_series(1, {ESTIMATES}) number", key="md5('estimate' || number)")


def _sheet(run: Run) -> Sample:
    return Sample.objects.create(run=run, attempt=1, step=0, epoch=1, image="x", columns=8, rows=8, tile_width=64, tile_height=64, seed=1)


def _deliveries(run: Run, runs: int, hook_id: str) -> None:
    """A mail and two webhooks for each run that has ended within the time for which they are kept."""
    newest = f"finished IS NOT NULL AND id <> '{run.pk}' ORDER BY finished DESC LIMIT {runs // 9}"
    ended = f"(SELECT id, owner_id, finished FROM runs_run WHERE {newest}) ended"
    told = {"reason": "Every step is done", "actor": None, "run": {"id": str(run.pk), "name": run.name, "status": "completed"}}
    copies(
        Delivery(owner=run.owner, run=run, event="run.completed", told=told, due=None, attempts=1, delivered=timezone.now(), answer="204"),
        f"{ended}, generate_series(0, {HOOKS}) part",
        id="md5(ended.id::text || part)::uuid",
        owner_id="ended.owner_id",
        run_id="ended.id",
        webhook_id=f"CASE WHEN part > 0 THEN {hook_id.format(person='ended.owner_id')} END",
        created="ended.finished",
    )
