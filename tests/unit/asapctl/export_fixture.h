/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_TESTS_EXPORT_FIXTURE_H
#define ASAP_TESTS_EXPORT_FIXTURE_H

#include <fts.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check_main.h"
#include "fake_host.h"
#include "json.h"

/* A folder of a test's own, and keys whose texts are known. */

enum { FIXTURE_PATH_SIZE = 512 };

#define PEM_WEB                                                                                    \
    "-----BEGIN PUBLIC KEY-----\n"                                                                 \
    "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n"                               \
    "-----END PUBLIC KEY-----\n"

static char root[] = "/tmp/asapctl-XXXXXX";

static inline void fixture_setup(void)
{
    fake_reset();
    (void)snprintf(root, sizeof root, "/tmp/asapctl-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(root));
}

static inline void fixture_teardown(void)
{
    char *const paths[] = { root, NULL };
    FTS *walk = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR, NULL);

    ck_assert_ptr_nonnull(walk);
    for (FTSENT *entry = fts_read(walk); entry != NULL; entry = fts_read(walk))
        if (entry->fts_info != FTS_D)
            (void)remove(entry->fts_path);
    (void)fts_close(walk);
}

static inline const char *fixture_path(const char *name)
{
    static char path[FIXTURE_PATH_SIZE];

    (void)snprintf(path, sizeof path, "%s/%s", root, name);
    return path;
}

/* The file, and the folders on its way. */
static inline void fixture_write(const char *name, const char *text)
{
    char folder[FIXTURE_PATH_SIZE] = "";

    for (const char *slash = strchr(name, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        (void)snprintf(folder, sizeof folder, "%s/%.*s", root, (int)(slash - name), name);
        (void)mkdir(folder, S_IRWXU);
    }
    fake_write(fixture_path(name), text);
}

/* `text` in JSON, its quotes included; the caller frees it. */
static inline char *fixture_json(const char *text)
{
    SCOPED(json) json_t *string = json_string(text);

    return json_dumps(string, JSON_ENCODE_ANY);
}

static inline int fixture_run(const char *command, const char *folder, const char *options)
{
    char line[FAKE_LINE_MAX] = "";

    (void)snprintf(line, sizeof line, "key %s --dir %s/%s %s", command, root, folder, options);
    return fake_line(line);
}

#endif
