"""Many rows at once, made by PostgreSQL itself as copies of one."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, models, transaction


def copies(template: models.Model, source: str, **given: str) -> None:
    """INSERT copies of a row, one for each row of `source`; `given` are expressions for columns that differ. A template that was not saved goes."""
    model, is_new = type(template), template._state.adding
    if is_new:
        template.save(force_insert=True)
    table = connection.ops.quote_name(model._meta.db_table)
    columns = [field.column for field in model._meta.concrete_fields if field.column in given or not field.primary_key]
    values = [given.get(column) or f"template.{connection.ops.quote_name(column)}" for column in columns]
    names = ", ".join(map(connection.ops.quote_name, columns))
    key = connection.ops.quote_name(model._meta.pk.column)
    query = f"INSERT INTO {table} ({names}) SELECT {', '.join(values)} FROM (SELECT * FROM {table} WHERE {key} = %s) template, {source}"
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT setseed(0.5)")
        cursor.execute(query.replace("%", "%%").replace("%%s", "%s"), [template.pk])
    if is_new:
        model._default_manager.filter(pk=template.pk).delete()


@contextmanager
def bare(model: type[models.Model]) -> Iterator[None]:
    """Without indexes and constraints but the primary key; they are built when the rows are there, which takes a third of the time."""
    table = model._meta.db_table
    with connection.cursor() as cursor:
        where = "conrelid = %s::regclass AND contype IN ('u', 'f', 'c')"
        cursor.execute(f"SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE {where}", [table])
        constraints = cursor.fetchall()
        for name, _ in constraints:
            cursor.execute(f'ALTER TABLE "{table}" DROP CONSTRAINT "{name}"')
        cursor.execute("SELECT indexname, indexdef FROM pg_indexes WHERE tablename = %s AND indexname NOT LIKE '%%_pkey'", [table])
        indexes = cursor.fetchall()
        for name, _ in indexes:
            cursor.execute(f'DROP INDEX "{name}"')
        yield
        for _, definition in indexes:
            cursor.execute(definition)
        for name, definition in constraints:
            cursor.execute(f'ALTER TABLE "{table}" ADD CONSTRAINT "{name}" {definition}')
