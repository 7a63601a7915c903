/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPCTL_DOCTOR_VERBS_H
#define ASAPCTL_DOCTOR_VERBS_H

#include <asap/error.h>

#include "ctl.h"

/* A deployment as verifiers see it. */
enum asap_code doctor_run(const struct ctl *ctl, struct asap_error *err);

#endif
