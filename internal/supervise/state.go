package supervise

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"sync"

	"golang.org/x/sys/unix"
)

// MaxState is the most that a State holds, in bytes. Only what is written takes memory.
const MaxState = slotSize - headerSize

const (
	slotSize   = 1 << 20
	headerSize = 24 // mark, sequence number, length, checksum
	mark       = 0x726f6c65636861
)

// ErrDamaged is Load's error when something was saved and none of it is whole.
var ErrDamaged = errors.New("the saved state is damaged")

// A State is one value that outlives the worker, in memory only: a memfd that the supervisor holds too. It has two slots
// and a save goes to the older, so that a worker killed in the middle of one leaves the value before it.
type State struct {
	mu sync.Mutex
	fd int
}

// newState makes an empty memfd of fixed size.
func newState() (fd int, err error) {
	fd, err = unix.MemfdCreate("rolechain", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING|unix.MFD_NOEXEC_SEAL)
	if err == unix.EINVAL { // Linux before 6.3, which knows no MFD_NOEXEC_SEAL; sysctl vm.memfd_noexec=2 demands it
		fd, err = unix.MemfdCreate("rolechain", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	}
	if err != nil {
		return -1, fmt.Errorf("memory for the state: %w", err)
	}
	if err := unix.Ftruncate(fd, 2*slotSize); err != nil {
		unix.Close(fd)
		return -1, fmt.Errorf("memory for the state: %w", err)
	}
	// Best effort: it guards against a fault of our own only.
	_, _ = unix.FcntlInt(uintptr(fd), unix.F_ADD_SEALS, unix.F_SEAL_SHRINK|unix.F_SEAL_GROW|unix.F_SEAL_SEAL)
	return fd, nil
}

// Save replaces the value. A process killed at any moment leaves the old or the new one. After an error the old one is
// there.
//
// System calls: pread of both slots, then three pwrites: the slot is marked as empty, filled, and marked as whole.
func (s *State) Save(data []byte) error {
	if len(data) > MaxState {
		return fmt.Errorf("saving the state: %d bytes, more than %d", len(data), MaxState)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	_, newest, sequence, err := s.newest()
	if err != nil && !errors.Is(err, ErrDamaged) {
		return fmt.Errorf("saving the state: %w", err)
	}
	at := int64(1-newest) * slotSize
	header := make([]byte, headerSize)
	if err = s.write(header, at); err == nil {
		err = s.write(data, at+headerSize)
	}
	if err == nil {
		err = s.write(seal(header, sequence+1, data), at)
	}
	if err != nil {
		return fmt.Errorf("saving the state: %w", err)
	}
	return nil
}

// Load returns the value; nil if nothing was ever saved, ErrDamaged if that is not whole.
func (s *State) Load() ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	data, _, _, err := s.newest()
	if err != nil {
		return nil, fmt.Errorf("loading the state: %w", err)
	}
	return data, nil
}

// newest returns the value, its slot and its sequence number. Without one it returns slot 1, so that the first save goes to
// slot 0.
func (s *State) newest() (data []byte, slot int, sequence uint64, err error) {
	slot = 1
	damaged := false
	for i := range 2 {
		found, n, torn, err := s.slot(i)
		if err != nil {
			return nil, 0, 0, err
		}
		damaged = damaged || torn
		if n > sequence {
			data, slot, sequence = found, i, n
		}
	}
	if damaged && sequence == 0 {
		err = ErrDamaged
	}
	return data, slot, sequence, err
}

// slot reads a slot. Sequence number 0 means that it has no whole value, and torn that it is not empty either.
func (s *State) slot(i int) (data []byte, sequence uint64, torn bool, err error) {
	at := int64(i) * slotSize
	header := make([]byte, headerSize)
	if err := s.read(header, at); err != nil {
		return nil, 0, false, err
	}
	if bytes.Equal(header, make([]byte, headerSize)) {
		return nil, 0, false, nil
	}
	sequence = binary.LittleEndian.Uint64(header[8:])
	length := binary.LittleEndian.Uint32(header[16:])
	if length > MaxState {
		return nil, 0, true, nil
	}
	data = make([]byte, length)
	if err := s.read(data, at+headerSize); err != nil {
		return nil, 0, false, err
	}
	if !bytes.Equal(header, seal(make([]byte, headerSize), sequence, data)) {
		return nil, 0, true, nil
	}
	return data, sequence, false, nil
}

// seal fills in the header of a slot with data.
func seal(header []byte, sequence uint64, data []byte) []byte {
	binary.LittleEndian.PutUint64(header, mark)
	binary.LittleEndian.PutUint64(header[8:], sequence)
	binary.LittleEndian.PutUint32(header[16:], uint32(len(data)))
	sum := crc32.Update(crc32.ChecksumIEEE(header[:20]), crc32.IEEETable, data)
	binary.LittleEndian.PutUint32(header[20:], sum)
	return header
}

func (s *State) write(data []byte, at int64) error {
	return each(data, at, func(p []byte, at int64) (int, error) { return unix.Pwrite(s.fd, p, at) })
}

func (s *State) read(data []byte, at int64) error {
	return each(data, at, func(p []byte, at int64) (int, error) { return unix.Pread(s.fd, p, at) })
}

func each(data []byte, at int64, call func([]byte, int64) (int, error)) error {
	for len(data) > 0 {
		n, err := call(data, at)
		switch {
		case err == unix.EINTR:
			continue
		case err != nil:
			return err
		case n == 0:
			return errors.New("it is too short")
		}
		data, at = data[n:], at+int64(n)
	}
	return nil
}
