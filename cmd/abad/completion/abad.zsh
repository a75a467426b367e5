#compdef abad
# zsh completion for abad: source <(abad completion zsh)

_abad() {
	local -a offers command
	command=("${(@)words[1,CURRENT-1]}")
	[[ ${words[CURRENT]} == -* ]] && command+=("${words[CURRENT]}")
	offers=("${(@f)$(SHELL=zsh "${command[@]}" --generate-bash-completion 2>/dev/null)}")
	if [[ -n ${offers[1]} ]]; then
		_describe abad offers
	else
		_files # where abad has nothing to offer, it may be a file
	fi
}

compdef _abad abad
