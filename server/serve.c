/* SPDX-License-Identifier: Apache-2.0 */
#include "serve.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "commands.h"
#include "daemon.h"
#include "fail.h"
#include "notify.h"
#include "store_watch.h"

extern char **environ;

enum { BEAT_SECONDS = 1 };

struct serve_options {
    bool check_only;
    bool help;
};

static enum asap_code
read_options(char **arguments, size_t count, struct serve_options *out, struct asap_error *err)
{
    static const char *const own_flags[] = { "--check-config", "--help", NULL };

    for (size_t i = 0; i < count; i++) {
        if (strcmp(arguments[i], "--check-config") == 0)
            out->check_only = true;
        else if (strcmp(arguments[i], "--help") == 0)
            out->help = true;
        else
            return config_refuse_argument(arguments[i], own_flags, err);
    }
    return ASAP_OK;
}

static sigset_t handled_signals(void)
{
    sigset_t set;

    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGTERM);
    (void)sigaddset(&set, SIGINT);
    (void)sigaddset(&set, SIGHUP);
    (void)sigaddset(&set, SIGUSR1);
    return set;
}

/* Threads inherit the mask: signals reach sigtimedwait() below and nothing else. */
static void block_signals(void)
{
    const sigset_t set = handled_signals();

    (void)pthread_sigmask(SIG_BLOCK, &set, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
}

static void reload(struct daemon *daemon)
{
    notify_service_manager("RELOADING=1");
    daemon_reload(daemon);
    notify_service_manager("READY=1");
}

/* Another process has changed the database: the beat that is due soon comes now. */
static void hurry(void *context)
{
    const pthread_t *main_thread = context;

    (void)pthread_kill(*main_thread, SIGUSR1);
}

DEFINE_SCOPED(sql_watch, struct sql_watch *, store_unwatch)

static void run(struct daemon *daemon)
{
    const sigset_t set = handled_signals();
    const struct timespec period = { .tv_sec = BEAT_SECONDS };

    for (;;) {
        const int received = sigtimedwait(&set, NULL, &period);

        if (received == SIGTERM || received == SIGINT)
            return;
        if (received == SIGHUP)
            reload(daemon);
        daemon_beat(daemon);
    }
}

static enum asap_code serve(const struct config *config,
                            const struct log *log,
                            const struct asap_clock *clock,
                            struct asap_error *err)
{
    SCOPED(daemon) struct daemon daemon = { .config = config, .clock = clock, .log = log };
    SCOPED(sql_watch) struct sql_watch *watch = NULL;
    pthread_t main_thread = pthread_self();

    block_signals();
    TRY(daemon_open(&daemon, err));
    TRY(store_watch(config->database, hurry, &main_thread, &watch, err));
    TRY(daemon_listen(&daemon, err));
    notify_service_manager("READY=1");
    run(&daemon);
    notify_service_manager("STOPPING=1");
    log_write(log, LOG_INFO, "stopping: requests in flight finish first");
    return ASAP_OK;
}

static void print_help(void)
{
    (void)printf("usage: asapd serve --config FILE [--check-config] [SETTING ...]\n"
                 "\n"
                 "Runs the key repository. SIGHUP reads certificates again, SIGTERM drains and"
                 " ends.\n"
                 "\n"
                 "  --check-config\n"
                 "      Check the settings and end\n"
                 "\n"
                 "Settings, as flags, as ASAPD_... variables or in the file:\n"
                 "\n");
    config_write_help(stdout);
}

static int complain(const struct asap_error *err, int status)
{
    (void)fprintf(stderr, "asapd: %s\n", err->message);
    return status;
}

int serve_command(char **arguments, const struct asap_clock *clock)
{
    struct config config;
    struct serve_options options = { 0 };
    struct asap_error err = { 0 };
    struct log log = { .stream = stderr, .level = LOG_INFO };
    size_t extra = 0;

    if (config_load(arguments, environ, &config, &extra, &err) != ASAP_OK
        || store_check_url(config.database, &err) != ASAP_OK
        || read_options(arguments, extra, &options, &err) != ASAP_OK)
        return complain(&err, EXIT_USAGE);
    if (options.help) {
        print_help();
        return EXIT_DONE;
    }
    if (options.check_only) {
        (void)printf("the configuration is good\n");
        return EXIT_DONE;
    }
    log.level = (enum log_level)log_name_find(log_level_names, config.log_level);
    log.format = (enum log_format)log_name_find(log_format_names, config.log_format);
    if (serve(&config, &log, clock, &err) != ASAP_OK)
        return complain(&err, EXIT_REFUSED);
    return EXIT_DONE;
}
