package main

import (
	"io"

	"rolechain/internal/refresher"
	"rolechain/internal/settings"
)

// keepFresh is what the entrypoint starts for file and endpoint delivery; see package refresher.
func keepFresh(args []string, env settings.Environment, _, stderr io.Writer) error {
	if len(args) == 1 && isHelp(args[0]) {
		return helpWanted{newFlags("refresh")}
	}
	return refresher.Main(args, env, stderr)
}
