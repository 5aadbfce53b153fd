package spawn

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"fmt"
)

// The target stands for the image's original entrypoint. It reads the clock with its first instructions, writes what it
// read to stdout and ends, so that neither a loader nor a runtime of its own is in the figures. It is assembled here, so
// that no C compiler is needed.

// stampSize is the length of what the target writes: a struct timespec of CLOCK_MONOTONIC, seconds and nanoseconds.
const stampSize = 16

// Both programs are
//
//	clock_gettime(CLOCK_MONOTONIC, stamp)
//	write(1, stamp, 16)
//	exit(0)
//
// with the stamp just below the stack pointer. CLOCK_MONOTONIC is 1, and so is stdout.
var machines = map[string]struct {
	machine elf.Machine
	code    []byte
}{
	"amd64": {elf.EM_X86_64, []byte{
		0xb8, 228, 0, 0, 0, //            mov eax, 228 (clock_gettime)
		0xbf, 1, 0, 0, 0, //              mov edi, 1
		0x48, 0x8d, 0x74, 0x24, 0xf0, //  lea rsi, [rsp-16]
		0x0f, 0x05, //                    syscall
		0xb8, 1, 0, 0, 0, //              mov eax, 1 (write)
		0xbf, 1, 0, 0, 0, //              mov edi, 1
		0x48, 0x8d, 0x74, 0x24, 0xf0, //  lea rsi, [rsp-16]
		0xba, stampSize, 0, 0, 0, //      mov edx, 16
		0x0f, 0x05, //                    syscall
		0xb8, 60, 0, 0, 0, //             mov eax, 60 (exit)
		0x31, 0xff, //                    xor edi, edi
		0x0f, 0x05, //                    syscall
	}},
	"arm64": {elf.EM_AARCH64, words(
		movz(0, 1),         // movz x0, #1
		0xd10043e1,         // sub x1, sp, #16
		movz(8, 113),       // movz x8, #113 (clock_gettime)
		0xd4000001,         // svc #0
		movz(0, 1),         // movz x0, #1
		0xd10043e1,         // sub x1, sp, #16
		movz(2, stampSize), // movz x2, #16
		movz(8, 64),        // movz x8, #64 (write)
		0xd4000001,         // svc #0
		movz(0, 0),         // movz x0, #0
		movz(8, 93),        // movz x8, #93 (exit)
		0xd4000001,         // svc #0
	)},
}

// movz is the instruction that loads a small number into register x0 to x30.
func movz(register, number uint32) uint32 { return 0xd2800000 | number<<5 | register }

func words(instructions ...uint32) []byte {
	var code []byte
	for _, i := range instructions {
		code = binary.LittleEndian.AppendUint32(code, i)
	}
	return code
}

// Target returns the program as a static ELF file for arch, a GOARCH.
func Target(arch string) ([]byte, error) {
	program, ok := machines[arch]
	if !ok {
		return nil, fmt.Errorf("there is no target program for %s", arch)
	}
	// The file is mapped as one piece: the headers with the code behind them.
	const (
		base     = 0x400000 // where static programs lie on Linux
		pageSize = 0x10000  // the largest that an arm64 kernel may have
		headers  = 64 + 2*56
	)
	size := uint64(headers + len(program.code))
	header := elf.Header64{
		Ident: [elf.EI_NIDENT]byte{0x7f, 'E', 'L', 'F', // the zeros after these are ABI System V
			byte(elf.ELFCLASS64), byte(elf.ELFDATA2LSB), byte(elf.EV_CURRENT)},
		Type:      uint16(elf.ET_EXEC), // at a fixed address
		Machine:   uint16(program.machine),
		Version:   uint32(elf.EV_CURRENT),
		Entry:     base + headers, // the first instruction
		Phoff:     64,             // the program headers follow this one
		Ehsize:    64,
		Phentsize: 56,
		Phnum:     2,
	}
	segments := []elf.Prog64{{
		Type:   uint32(elf.PT_LOAD),
		Flags:  uint32(elf.PF_R | elf.PF_X),
		Off:    0,
		Vaddr:  base,
		Filesz: size,
		Memsz:  size, // no bss
		Align:  pageSize,
	}, {
		// Without this one the kernel makes the stack executable, and some security modules forbid that.
		Type:  uint32(elf.PT_GNU_STACK),
		Flags: uint32(elf.PF_R | elf.PF_W),
		Align: 16,
	}}
	var file bytes.Buffer
	binary.Write(&file, binary.LittleEndian, header) // to a Buffer, which does not fail
	binary.Write(&file, binary.LittleEndian, segments)
	file.Write(program.code)
	return file.Bytes(), nil
}

// stamp reads what the target wrote, in nanoseconds of CLOCK_MONOTONIC. Both architectures are little endian.
func stamp(written []byte) (int64, error) {
	if len(written) != stampSize {
		return 0, fmt.Errorf("stdout has %d bytes, not the target's %d: %.80q", len(written), stampSize, written)
	}
	seconds := binary.LittleEndian.Uint64(written)
	nanoseconds := binary.LittleEndian.Uint64(written[8:])
	return int64(seconds)*1e9 + int64(nanoseconds), nil
}
