/* SPDX-License-Identifier: Apache-2.0 */
#include "codec_path.h"

#include <stdarg.h>
#include <stdio.h>

#include "codec_layout.h"

__attribute__((format(printf, 2, 3))) static size_t enter(struct codec_path *path,
                                                          const char *format,
                                                          ...)
{
    const size_t outer = path->length;
    const size_t room = sizeof path->text - outer;
    va_list args;
    int length = 0;

    va_start(args, format);
    length = vsnprintf(path->text + outer, room, format, args);
    va_end(args);
    if (length > 0)
        path->length += (size_t)length < room ? (size_t)length : room - 1;
    return outer;
}

size_t path_enter_member(struct codec_path *path, const char *name)
{
    return enter(path, "%s%s", path->length > 0 ? "." : "", name);
}

size_t path_enter_key(struct codec_path *path, const char *key)
{
    const size_t outer = path_enter_member(path, key);

    for (size_t i = outer; i < path->length; i++)
        if (path->text[i] < ' ' || path->text[i] > '~')
            path->text[i] = '?';
    return outer;
}

size_t path_enter_element(struct codec_path *path, size_t index)
{
    return enter(path, "[%zu]", index);
}

size_t path_enter_field(struct codec_path *path, const ProtobufCFieldDescriptor *field)
{
    char name[LAYOUT_NAME_SIZE];

    layout_json_name(field->name, name);
    return path_enter_member(path, name);
}

void path_leave(struct codec_path *path, size_t outer)
{
    path->length = outer;
    path->text[outer] = '\0';
}
