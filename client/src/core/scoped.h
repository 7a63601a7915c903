/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_CORE_SCOPED_H
#define ASAP_CORE_SCOPED_H

/* SCOPED(pkey) EVP_PKEY *key = NULL;    freed on every way out of the block
 * *out = MOVE(key);                     ...unless it was handed over */
#define SCOPED(name) __attribute__((cleanup(name##_scope_exit)))

#define DEFINE_SCOPED(name, pointer, release)                                                      \
    static inline void name##_scope_exit(                                                          \
        pointer *held) /* NOLINT(bugprone-macro-parentheses): type */                              \
    {                                                                                              \
        if (*held != NULL)                                                                         \
            release(*held);                                                                        \
    }

#define MOVE(held)                                                                                 \
    __extension__({                                                                                \
        __typeof__(held) moved = (held);                                                           \
        (held) = NULL;                                                                             \
        moved;                                                                                     \
    })

#endif
