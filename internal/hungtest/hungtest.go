// Package hungtest makes a file system hang for readers, as NFS does whose server is gone: who opens or reads a file in certain
// directories waits until it is let go. It uses permission events of fanotify(7), so it takes root, and a kernel that has them.
package hungtest

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	sizeofEvent = int(unsafe.Sizeof(unix.FanotifyEventMetadata{}))
	atPid       = int(unsafe.Offsetof(unix.FanotifyEventMetadata{}.Pid))
	atFd        = int(unsafe.Offsetof(unix.FanotifyEventMetadata{}.Fd))
)

// Hold holds up every process that opens or reads a file in dirs and is one of whom, given its id; nil is every process, but
// not what makes a file or writes one that is open already. The error is errors.ErrUnsupported where the kernel cannot do that, or not for
// this user. release lets all of them go.
func Hold(whom func(pid int) bool, dirs ...string) (release func(), err error) {
	fd, err := unix.FanotifyInit(unix.FAN_CLASS_CONTENT|unix.FAN_CLOEXEC|unix.FAN_NONBLOCK, unix.O_RDONLY|unix.O_CLOEXEC)
	if err != nil {
		return nil, errors.Join(errors.ErrUnsupported, os.NewSyscallError("fanotify_init", err))
	}
	group := os.NewFile(uintptr(fd), "fanotify")
	for _, dir := range dirs {
		if err := unix.FanotifyMark(fd, unix.FAN_MARK_ADD, unix.FAN_OPEN_PERM|unix.FAN_ACCESS_PERM|unix.FAN_EVENT_ON_CHILD, unix.AT_FDCWD, dir); err != nil {
			group.Close()
			return nil, errors.Join(errors.ErrUnsupported, fmt.Errorf("fanotify_mark %q: %w", dir, err))
		}
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		hold(group, whom)
	}()
	return func() {
		group.Close() // the kernel lets everybody go
		<-ended
	}, nil
}

// hold reads events until the group is closed. The descriptor of one is its name until it is answered.
func hold(group *os.File, whom func(pid int) bool) {
	var held []int
	defer func() {
		for _, fd := range held {
			unix.Close(fd)
		}
	}()
	buffer := make([]byte, 4096)
	for {
		n, err := group.Read(buffer)
		if err != nil {
			return
		}
		for event := buffer[:n]; len(event) >= sizeofEvent; event = event[binary.NativeEndian.Uint32(event):] {
			fd, pid := int32(binary.NativeEndian.Uint32(event[atFd:])), int(binary.NativeEndian.Uint32(event[atPid:]))
			if fd < 0 {
				continue
			}
			if whom == nil || whom(pid) {
				held = append(held, int(fd))
				continue
			}
			var answer [8]byte
			binary.NativeEndian.PutUint32(answer[:], uint32(fd))
			binary.NativeEndian.PutUint32(answer[4:], unix.FAN_ALLOW)
			_, _ = group.Write(answer[:])
			unix.Close(int(fd))
		}
	}
}
