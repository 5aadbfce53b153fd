// Floor executes its arguments and does nothing else: what a start costs because the program is written in Go. It is the
// measure of bench/start.
package main

import (
	"os"
	"syscall"
)

func main() {
	syscall.Exec(os.Args[1], os.Args[1:], os.Environ())
	os.Exit(127)
}
