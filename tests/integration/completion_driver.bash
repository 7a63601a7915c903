# SPDX-License-Identifier: Apache-2.0
# Reads command lines split into words as bash splits them, with a US between them, and writes what
# the completion offers for the last word: a line each, and an empty one at the end.
while IFS= read -r line; do
    mapfile -t -d $'\x1f' COMP_WORDS < <(printf '%s' "$line")
    [[ $line != *$'\x1f' ]] || COMP_WORDS+=("")
    COMP_CWORD=$((${#COMP_WORDS[@]} - 1)) COMP_LINE="${COMP_WORDS[*]}" COMP_POINT=${#COMP_LINE}
    COMPREPLY=()
    function=$(complete -p "${COMP_WORDS[0]}") function=${function#*-F } function=${function%% *}
    "$function" "${COMP_WORDS[0]}" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
    printf '%s\n' ${COMPREPLY[@]+"${COMPREPLY[@]}"} ""
done
