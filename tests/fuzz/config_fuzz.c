/* SPDX-License-Identifier: Apache-2.0 */
/* A configuration file that loads can be written back and loads equal. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config_table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Longer than every setting with its help and the longest value, or values. */
static char text[SETTING_COUNT * 1024 + AUTH_PROFILES_MAX * 2048];

static size_t write_back(const struct config *config)
{
    FILE *out = fmemopen(text, sizeof text, "w");

    if (out == NULL)
        abort();
    config_write_file(config, out);
    if (fclose(out) != 0)
        abort();
    return strlen(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char name[] = "/etc/asapd/asapd.conf";
    struct asap_error err = { 0 };
    struct config config;
    struct config again;

    config_init(&config);
    if (config_read_text((const char *)data, size, name, &config, &err) != ASAP_OK)
        return err.message[0] != '\0' ? 0 : (abort(), 0);
    config_init(&again);
    if (config_read_text(text, write_back(&config), name, &again, &err) != ASAP_OK)
        abort();
    for (const struct setting *row = settings; row < settings + SETTING_COUNT; row++)
        if (!setting_equal(row, &config, &again))
            abort();
    if (config_check(&config, &err) != config_check(&again, &err))
        abort();
    return 0;
}
