# fish completion of sallyport(1). The program itself knows what can follow what was typed.
function __sallyport_complete
    set -l words (commandline -opc) (commandline -ct)
    sallyport complete -- $words[2..-1] 2>/dev/null
end
complete -c sallyport -f -a '(__sallyport_complete)'
