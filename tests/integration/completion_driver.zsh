# SPDX-License-Identifier: Apache-2.0
# In an interactive zsh: writes what TAB offers to the file $OFFERED, a line each.
PROMPT= RPROMPT=
fpath=($COMPLETIONS $fpath)
autoload -Uz compinit
compinit -u -D
zstyle ':completion:*' completer _complete

compadd() {
    # These ask what would match, and offer nothing.
    if [[ ${@[1,(i)(-|--)]} == *-[OAD]\ * ]]; then
        builtin compadd "$@"
        return
    fi
    local -a hits
    builtin compadd -O hits "$@"
    [[ -z $hits ]] || print -rl -- $IPREFIX$^hits >> $OFFERED.new
    builtin compadd "$@"
}

offer() {
    : > $OFFERED.new
    _main_complete
    mv $OFFERED.new $OFFERED
    compstate[insert]= compstate[list]=
}

zle -C offer complete-word offer
bindkey '^I' offer
print ready > $OFFERED
