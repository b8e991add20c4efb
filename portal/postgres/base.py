"""Django's PostgreSQL, without the connections that died in the pool: a restart of the server must cost nobody a request.

Nor must a process that stops in the middle of a transaction: the server ends that when nothing has come for IDLE seconds, and lets go of its rows.

A server that goes says so, or at least closes the socket. So an idle connection with something to read is not to be used any more. Looking costs
no question to the server, and no wait, which the pool's own check makes longer with each dead connection that it meets.

Moments are read by psycopg's own loader, which is compiled, instead of Django's in Python, which costs twenty times as much and gives the same as
long as the connection's time zone is UTC.
"""

import select
from datetime import UTC
from typing import Any

import psycopg
from django.db.backends.postgresql import base

IDLE = 60
"""Seconds, far more than any of our transactions rests between two statements: storage and network are asked before or after them."""
MOMENT = psycopg.adapters.types["timestamptz"].oid


class UtcLoader(psycopg.adapt.Loader):
    """Stands where Django looks for its own loader, to see by `timezone` whether a cursor needs another one, and makes psycopg's."""

    timezone = UTC
    made: Any = psycopg.adapters.get_loader(MOMENT, psycopg.pq.Format.TEXT)

    def __new__(cls, oid: int, context: Any = None) -> Any:
        return cls.made(oid, context)

    def load(self, data: Any) -> Any:
        raise NotImplementedError  # there is never one of this class: it makes psycopg's


class DatabaseWrapper(base.DatabaseWrapper):
    def get_connection_params(self) -> dict[str, Any]:
        parameters = super().get_connection_params()
        if self.timezone == UTC:
            parameters["context"].adapters.register_loader("timestamptz", UtcLoader)
        return parameters

    def _configure_connection(self, connection: Any) -> bool:
        super()._configure_connection(connection)  # type: ignore[misc]
        with connection.cursor() as cursor:
            cursor.execute(f"SET idle_in_transaction_session_timeout = '{IDLE}s'")
        return True

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        connection = super().get_new_connection(conn_params)
        if self.pool:
            for _ in range(self.pool.max_size):  # all of them at most
                if not has_spoken(connection):
                    break
                connection.close()
                self.pool.putconn(connection)  # which puts a new one in its place
                connection = super().get_new_connection(conn_params)
        return connection


def has_spoken(connection: Any) -> bool:
    """Whether the server has said something, or hung up, that nobody asked it for. Never waits."""
    if connection.closed:
        return True
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return bool(poll.poll(0))
