"""The same on PostgreSQL, from its catalogue; amcheck, where it is installed, reads the indexes against the tables."""

from typing import Any

import sqlalchemy as sa

from serviceheft.book import guards, schema
from serviceheft.book.soundness import Soundness, differences, of_version

# Nothing from outside stands in these; their tables are all that begin with book_ in the schema of the book.
_HERE = "(SELECT oid FROM pg_namespace WHERE nspname = current_schema())"
_OURS = f"c.relnamespace = {_HERE} AND c.relname LIKE 'book\\_%%' AND c.relkind <> 'i'"
# No rules, policies, children or parents: each would show a reader other rows than the table holds.
_TABLES = (
    "SELECT c.relname, c.relkind::text, c.relpersistence::text, c.relrowsecurity, "  # noqa: S608
    "c.relhasrules, c.relispartition, "
    "EXISTS (SELECT FROM pg_inherits i WHERE c.oid IN (i.inhparent, i.inhrelid)) "
    "FROM pg_class c WHERE " + _OURS
)
_COLUMNS = (
    "SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attgenerated::text, "
    "a.attidentity::text, a.atthasdef, coalesce(l.collname, '') "
    "FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid LEFT JOIN pg_collation l ON l.oid = a.attcollation "
    "WHERE a.attnum > 0 AND NOT a.attisdropped AND " + _OURS
)
_FROM_INDEXES = (
    "FROM pg_class c JOIN pg_index x ON x.indrelid = c.oid JOIN pg_class i ON i.oid = x.indexrelid WHERE "
)
_INDEXES = (
    "SELECT i.relname, pg_get_indexdef(i.oid), x.indisvalid AND x.indisready AND x.indislive "
    + _FROM_INDEXES
    + _OURS
)
_TRIGGERS = (
    "SELECT c.relname, t.tgname, t.tgenabled::text, t.tgtype, p.proname, "
    "t.tgqual IS NULL AND t.tgnargs = 0 AND t.tgattr = '' "
    "FROM pg_class c JOIN pg_trigger t ON t.tgrelid = c.oid JOIN pg_proc p ON p.oid = t.tgfoid "
    "WHERE NOT t.tgisinternal AND " + _OURS
)
_FUNCTIONS = (
    "SELECT p.proname, p.prosrc, l.lanname, p.proconfig, p.prosecdef "  # noqa: S608
    "FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang "
    f"WHERE p.pronamespace = {_HERE} AND p.proname LIKE 'book\\_%%'"
)
_BTREES = f"SELECT i.relname, i.oid {_FROM_INDEXES} {_OURS} AND x.indisvalid ORDER BY 1"
_AMCHECK = (
    "SELECT quote_ident(n.nspname) FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace "
    "JOIN pg_depend d ON d.refobjid = e.oid JOIN pg_proc p ON p.oid = d.objid AND d.classid = 'pg_proc'::regclass "
    "WHERE e.extname = 'amcheck' AND p.proname = 'bt_index_check' AND p.pronargs = 2 "
    "AND has_function_privilege(p.oid, 'EXECUTE')"
)
_NO_AMCHECK = (
    "whether the indexes say what the tables say. As a superuser: CREATE EXTENSION amcheck; "
    "GRANT EXECUTE ON FUNCTION bt_index_check(regclass, boolean) TO USER"
)


def examine(connection: sa.Connection, version: int) -> Soundness:
    """As soundness.examine."""
    faults = list(differences(of_version(version, _wanted(connection)), _found(connection, version)))
    if connection.exec_driver_sql("SHOW session_replication_role").scalar() != "origin":
        faults.append("The guards do not work for this user: session_replication_role is set.")
    amcheck = connection.exec_driver_sql(_AMCHECK).scalar()
    if amcheck is None:
        return Soundness(tuple(faults), (_NO_AMCHECK,))
    return Soundness((*faults, *_lying(connection, amcheck)))


def _lying(connection: sa.Connection, amcheck: str) -> list[str]:
    """Indexes that leave out a row of their table, or are broken."""
    found = []
    for name, oid in connection.exec_driver_sql(_BTREES).all():
        connection.exec_driver_sql("SAVEPOINT looked")
        try:
            connection.exec_driver_sql(f"SELECT {amcheck}.bt_index_check({int(oid)}::regclass, true)")
        except sa.exc.DBAPIError as error:
            if getattr(error.orig, "sqlstate", None) not in ("XX001", "XX002"):
                raise
            connection.exec_driver_sql("ROLLBACK TO SAVEPOINT looked")
            found.append(
                f"The index {name} does not say what its table says. On the server: REINDEX INDEX {name}."
            )
    return found


def _found(connection: sa.Connection, version: int) -> dict[str, object]:
    found: dict[str, object] = {}

    def take(kind: str, query: str, named: int = 1) -> None:
        for row in connection.exec_driver_sql(query):
            found[f"{kind} {'.'.join(row[:named])}"] = tuple(row[named:])

    take("table", _TABLES)
    take("column", _COLUMNS, 2)
    take("index", _INDEXES)
    if version >= schema.VERSION:
        take("trigger", _TRIGGERS, 2)
        take("function", _FUNCTIONS)
    return found


def _wanted(connection: sa.Connection) -> dict[str, object]:
    space = connection.exec_driver_sql("SELECT quote_ident(current_schema())").scalar()
    wanted: dict[str, object] = {}
    for table in schema.metadata.tables.values():
        wanted[f"table {table.name}"] = ("r", "p", False, False, False, False)
        for column in table.columns:
            text = isinstance(column.type, sa.Text)
            wanted[f"column {table.name}.{column.name}"] = (
                "text" if text else "integer",
                not column.nullable,
                "",
                "",
                False,
                "default" if text else "",
            )
        key = [column.name for column in table.primary_key]
        if key:
            wanted[f"index {table.name}_pkey"] = (
                _index(f"{table.name}_pkey", table, key, space, unique=True),
                True,
            )
        for index in table.indexes:
            columns = [column.name for column in index.columns]
            made = _index(str(index.name), table, columns, space, unique=bool(index.unique))
            partial = index.dialect_options["postgresql"]["where"] is not None
            where = " WHERE (kind = 'run begun'::text)" if partial else ""
            wanted[f"index {index.name}"] = (made + where, True)
    for trigger in guards.postgresql_triggers():
        wanted[f"trigger {trigger.table}.{trigger.name}"] = ("O", trigger.bits, trigger.function, True)
    for function, body in guards.postgresql_functions():
        wanted[f"function {function}"] = (body, "plpgsql", None, False)
    return wanted


def _index(name: str, table: sa.Table, columns: list[str], space: Any, *, unique: bool) -> str:
    kind = "UNIQUE INDEX" if unique else "INDEX"
    return f"CREATE {kind} {name} ON {space}.{table.name} USING btree ({', '.join(columns)})"
