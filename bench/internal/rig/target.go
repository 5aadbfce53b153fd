package rig

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"runtime"
)

// The target stands for the image's original entrypoint. It reads the clock with its first instructions, writes what it read
// to stdout and ends, so that neither a loader nor a runtime of its own is in the figures. It is assembled, so that no C
// compiler is needed:
//
//	clock_gettime(CLOCK_MONOTONIC, sp-16)
//	write(1, sp-16, 16)
//	exit(0)
var machines = map[string]struct {
	machine uint16 // e_machine
	code    string // as the GNU and LLVM assemblers make it
}{
	"amd64": {62, "b8e4000000bf01000000488d7424f00f05" + "b801000000bf01000000488d7424f0ba100000000f05" + "b83c00000031ff0f05"},
	"arm64": {183, "200080d2e14300d1280e80d2010000d4" + "200080d2e14300d1020280d2080880d2010000d4" + "000080d2a80b80d2010000d4"},
}

// target returns the program for this machine: a static ELF file that is mapped as one piece, headers and code (elf(5)).
func target() ([]byte, error) {
	m, ok := machines[runtime.GOARCH]
	if !ok {
		return nil, fmt.Errorf("there is no target program for %s", runtime.GOARCH)
	}
	code, err := hex.DecodeString(m.code)
	if err != nil {
		return nil, err
	}
	const base, headers = 0x400000, 64 + 2*56
	size := uint64(headers + len(code))
	var file bytes.Buffer
	for _, part := range []any{
		[]byte("\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00"), // 64 bits, little endian, ABI System V
		[]uint16{2, m.machine}, uint32(1), // executable at a fixed address
		[]uint64{base + headers, 64, 0}, uint32(0), // first instruction; the program headers follow
		[]uint16{64, 56, 2, 0, 0, 0},
		[]uint32{1, 5}, []uint64{0, base, 0, size, size, 0x10000}, // PT_LOAD, readable and executable; the largest page size of arm64
		[]uint32{0x6474e551, 6}, []uint64{0, 0, 0, 0, 0, 0}, // PT_GNU_STACK: without it the stack would be executable
		code,
	} {
		binary.Write(&file, binary.LittleEndian, part) // to a Buffer, which does not fail
	}
	return file.Bytes(), nil
}

// stamp reads what the target wrote, a struct timespec, in nanoseconds.
func stamp(written []byte) (int64, error) {
	if len(written) != 16 {
		return 0, fmt.Errorf("stdout has %d bytes, not the target's 16: %.80q", len(written), written)
	}
	return int64(binary.LittleEndian.Uint64(written))*1e9 + int64(binary.LittleEndian.Uint64(written[8:])), nil
}
