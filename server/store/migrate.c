/* SPDX-License-Identifier: Apache-2.0 */
#include "migrate.h"

#include "fail.h"
#include "sql.h"

static int newest(const struct migration *migrations)
{
    int version = 0;

    for (const struct migration *next = migrations; next->version != 0; next++)
        version = next->version;
    return version;
}

static enum asap_code refuse_newer(int version,
                                   const struct migration *migrations,
                                   struct asap_error *err)
{
    return fail(err, ASAP_FAILED_PRECONDITION,
                "the database is from a newer asapd (schema %d, this one knows %d; run that "
                "version, or restore the backup made before the upgrade)",
                version, newest(migrations));
}

/* Another process may have applied it since the version was read. */
static enum asap_code apply_within(struct sql_connection *connection,
                                   const struct migration *migration,
                                   bool *is_applied,
                                   struct asap_error *err)
{
    const struct sql_driver *driver = connection->driver;
    int version = 0;

    TRY(driver->get_version(connection, &version, err));
    if (version >= migration->version) {
        driver->rollback(connection);
        return ASAP_OK;
    }
    TRY(driver->run_script(connection, migration->sql, err));
    TRY(driver->set_version(connection, migration->version, err));
    TRY(driver->commit(connection, err));
    *is_applied = true;
    return ASAP_OK;
}

static enum asap_code apply(struct sql_connection *connection,
                            const struct migration *migration,
                            bool *is_applied,
                            struct asap_error *err)
{
    enum asap_code code = ASAP_OK;

    TRY(connection->driver->begin(connection, SQL_WRITE, err));
    code = apply_within(connection, migration, is_applied, err);
    if (code != ASAP_OK)
        connection->driver->rollback(connection);
    return code;
}

enum asap_code migrate(struct sql_connection *connection,
                       const struct log *log,
                       struct asap_error *err)
{
    const struct migration *const migrations = connection->driver->migrations;
    int version = 0;

    TRY(connection->driver->get_version(connection, &version, err));
    if (version > newest(migrations))
        return refuse_newer(version, migrations, err);
    for (const struct migration *next = migrations; next->version != 0; next++) {
        bool is_applied = false;

        if (next->version > version)
            TRY(apply(connection, next, &is_applied, err));
        if (is_applied)
            log_write(log, LOG_INFO, "applied migration %s to the database", next->name);
    }
    return ASAP_OK;
}

enum asap_code migrate_check(struct sql_connection *connection, struct asap_error *err)
{
    const struct migration *const migrations = connection->driver->migrations;
    int version = 0;

    TRY(connection->driver->get_version(connection, &version, err));
    if (version > newest(migrations))
        return refuse_newer(version, migrations, err);
    if (version < newest(migrations))
        return fail(err, ASAP_FAILED_PRECONDITION,
                    "the database is from an older asapd (schema %d, this one has %d; run asapd "
                    "migrate, or asapd serve)",
                    version, newest(migrations));
    return ASAP_OK;
}
