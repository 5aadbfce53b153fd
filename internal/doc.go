// Package internal has no code. Its test holds the packages below it against a table of allowed imports.
package internal
