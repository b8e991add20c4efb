"""Welcome: the first visitor of a fresh installation becomes its administrator, exactly once."""

from django.contrib.auth.hashers import make_password
from django.contrib.contenttypes.models import ContentType
from django.db import transaction

from portal.accounts.models import User


def is_fresh() -> bool:
    """Nobody has an account yet."""
    return not User.objects.exists()


def create_administrator(username: str, password: str, email: str = "") -> User | None:
    """The first account, with all rights; None if somebody else was quicker.

    Two first visitors at once are put in a line by a lock on a row that every installation has.
    """
    digest = make_password(password)  # slow on purpose, so not while the lock is held
    with transaction.atomic():
        anchor = ContentType.objects.get_for_model(User)
        ContentType.objects.select_for_update().get(pk=anchor.pk)
        if not is_fresh():
            return None
        return User.objects.create(username=username, email=email, password=digest, is_staff=True, is_superuser=True)
