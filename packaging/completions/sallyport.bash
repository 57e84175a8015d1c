# bash completion of sallyport(1). The program itself knows what can follow what was typed.
_sallyport() {
  local IFS=$'\n'
  COMPREPLY=($(compgen -W "$(sallyport complete -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null | cut -f 1)" -- \
               "${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _sallyport sallyport
