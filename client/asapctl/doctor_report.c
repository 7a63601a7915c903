/* SPDX-License-Identifier: Apache-2.0 */
#include "doctor_report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fail.h"
#include "json.h"
#include "manifest.h"
#include "table.h"

enum { COLUMNS = 4, SEEN_SIZE = DOCTOR_TEXT_SIZE + 64 };

/* What a check counts; "" where there is one of it. */
static const char *const counted[] = {
    [DOCTOR_SERVER] = "",  [DOCTOR_ISSUER] = "issuer", [DOCTOR_REPOSITORY] = "",
    [DOCTOR_KEY] = "key",  [DOCTOR_SAMPLE] = "key",    [DOCTOR_KEY_SET] = "key set",
    [DOCTOR_GONE] = "key",
};

enum asap_code doctor_report_init(struct doctor_report *report, struct asap_error *err)
{
    *report = (struct doctor_report){ .lines = json_array() };
    return report->lines == NULL ? fail_memory(err) : ASAP_OK;
}

static void add(struct doctor_tally *tally, enum doctor_verdict verdict, const char *seen)
{
    if (verdict == DOCTOR_NOTHING)
        return;
    if (tally->asked == 0 || (verdict == DOCTOR_ILL && tally->ill == 0))
        (void)snprintf(tally->seen, sizeof tally->seen, "%s", seen);
    tally->asked++;
    tally->ill += verdict == DOCTOR_ILL;
}

void doctor_report_judge(struct doctor_report *report,
                         enum doctor_scope scope,
                         const struct doctor_subject *subject)
{
    for (size_t i = 0; doctor_check_at(i) != NULL; i++) {
        char seen[DOCTOR_TEXT_SIZE] = "";

        if (doctor_check_at(i)->scope == scope)
            add(&report->tallies[i], doctor_check_at(i)->judge(subject, seen), seen);
    }
}

/* What a server says may be no text at all. */
static void keep_ascii(char *text)
{
    for (; *text != '\0'; text++)
        if ((unsigned char)*text < ' ' || (unsigned char)*text > '~')
            *text = '?';
}

/* "7 keys", "2 of 7 keys: a/b is ..." */
static void write_seen(const struct doctor_tally *tally,
                       const char *noun,
                       char out[static SEEN_SIZE])
{
    const char *plural = tally->asked == 1 ? "" : "s";

    if (noun[0] == '\0' || (tally->asked == 1 && tally->ill == 1))
        (void)snprintf(out, SEEN_SIZE, "%s", tally->seen);
    else if (tally->ill == 0)
        (void)snprintf(out, SEEN_SIZE, "%zu %s%s", tally->asked, noun, plural);
    else
        (void)snprintf(out, SEEN_SIZE, "%zu of %zu %s%s: %s", tally->ill, tally->asked, noun,
                       plural, tally->seen);
    keep_ascii(out);
}

static enum asap_code add_line(struct doctor_report *report,
                               const struct doctor_check *check,
                               const struct doctor_tally *tally,
                               const char *where,
                               struct asap_error *err)
{
    static const char *const results[] = { "warning", "FAILED" };
    char seen[SEEN_SIZE] = "";
    json_t *line = NULL;

    write_seen(tally, counted[check->scope], seen);
    line = json_pack("{s:s, s:s, s:s, s:s, s:s}", "result",
                     tally->ill == 0 ? "ok" : results[check->is_grave], "check", check->name,
                     "where", where, "seen", seen, "advice", tally->ill == 0 ? "" : check->advice);
    if (line == NULL)
        return fail(err, ASAP_INTERNAL, "the answer of %.128s cannot be told as text", where);
    report->failed += tally->ill > 0 && check->is_grave;
    report->warnings += tally->ill > 0 && !check->is_grave;
    return json_array_append_new(report->lines, line) == 0 ? ASAP_OK : fail_memory(err);
}

enum asap_code doctor_report_end_place(struct doctor_report *report,
                                       const char *where,
                                       struct asap_error *err)
{
    for (size_t i = 0; doctor_check_at(i) != NULL; i++)
        if (report->tallies[i].asked > 0)
            TRY(add_line(report, doctor_check_at(i), &report->tallies[i], where, err));
    (void)memset(report->tallies, 0, sizeof report->tallies);
    return ASAP_OK;
}

static enum asap_code print_json(const struct doctor_report *report,
                                 FILE *out,
                                 struct asap_error *err)
{
    SCOPED(json)
    json_t *all = json_pack("{s:O, s:I, s:I}", "checks", report->lines, "failed",
                            (json_int_t)report->failed, "warnings", (json_int_t)report->warnings);
    char *text = json_dumps(all, JSON_COMPACT);

    if (text == NULL)
        return fail_memory(err);
    (void)fprintf(out, "%s\n", text);
    free(text);
    return ASAP_OK;
}

/* What is to be mended stands behind what was seen. */
static void add_row(struct table *table, const json_t *line)
{
    static const char *const members[] = { "result", "check", "where" };
    const char *advice = manifest_text(line, "advice");
    char seen[SEEN_SIZE + DOCTOR_TEXT_SIZE] = "";

    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++)
        table_add(table, manifest_text(line, members[i]));
    (void)snprintf(seen, sizeof seen, "%s%s%s%s", manifest_text(line, "seen"),
                   advice[0] == '\0' ? "" : " (", advice, advice[0] == '\0' ? "" : ")");
    table_add(table, seen);
}

static enum asap_code print_table(const struct doctor_report *report,
                                  FILE *out,
                                  struct asap_error *err)
{
    static const char *const titles[] = { "RESULT", "CHECK", "WHERE", "SEEN", NULL };
    SCOPED(table) struct table table = TABLE(COLUMNS);

    table_add_row(&table, titles);
    for (size_t i = 0; i < json_array_size(report->lines); i++)
        add_row(&table, json_array_get(report->lines, i));
    TRY(table_print(&table, out, err));
    (void)fprintf(out, "\n%zu failed, %zu warning%s, of %zu\n", report->failed, report->warnings,
                  report->warnings == 1 ? "" : "s", json_array_size(report->lines));
    return ASAP_OK;
}

enum asap_code doctor_report_print(const struct doctor_report *report,
                                   const struct ctl *ctl,
                                   struct asap_error *err)
{
    if (ctl_wants_json(ctl))
        TRY(print_json(report, ctl->host->out, err));
    else
        TRY(print_table(report, ctl->host->out, err));
    return report->failed > 0 ? ctl_answer_no(err) : ASAP_OK;
}
