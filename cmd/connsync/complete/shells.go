package complete

import "embed"

//go:embed shells
var shells embed.FS

// Shells are those that there is a script for.
var Shells = []string{"bash", "zsh", "fish", "powershell"}

// Script is what a shell reads to complete the command lines of connsync.
func Script(shell string) (string, error) {
	text, err := shells.ReadFile("shells/" + shell)
	return string(text), err
}
