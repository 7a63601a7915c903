#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Writes what the completions of asapd know, WHAT|COMMAND|WORD|VALUE|HELP on each line, from its
# help: asapd_rows.sh PROGRAM
set -eu

program=$1

# "  init     make a directory" becomes "init|make a directory".
commands() {
    "$program" --help | sed -n '/^Examples:/q; s/^  \([a-z-][a-z-]*\)  *\(.*\)/\1|\2/p'
}

# "  --dir DIR", and its help in the line below.
options() {
    "$program" "$1" --help | awk -v command="$1" '
        name != "" { sub(/^ +/, ""); gsub(/\|/, "/"); print "option|" command "|" name "|" value "|" $0; name = "" }
        /^  --/ { name = $1; value = $2 }'
}

# FILE for a command that takes an argument, which usage names behind its options: all are files.
operand() {
    "$program" "$1" --help | sed -n '1s/\[[^]]*\]//gp' | awk '
        { for (i = 4; i <= NF; i++) if ($i ~ /^[A-Z]+$/ && $(i - 1) !~ /^-/) print "FILE" }'
}

commands | while IFS='|' read -r command help; do
    echo "command|$command||$(operand "$command")|$help"
    options "$command"
done
echo "option||--help||say more"
