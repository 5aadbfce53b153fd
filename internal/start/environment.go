package start

import (
	"os"
	"strings"
	"syscall"
)

// Environ returns the environment as the kernel handed it over. os.Environ drops a name that is there twice, and the job
// is to get every byte; it is the fallback where /proc is not mounted or closed to us.
func Environ() []string {
	// Not by package os: its files come with an epoll instance, which is a tenth of all system calls of a start.
	fd, err := syscall.Open("/proc/self/environ", syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
	if err != nil {
		return os.Environ()
	}
	defer syscall.Close(fd)
	var data []byte
	buffer := make([]byte, 16<<10)
	for {
		n, err := syscall.Read(fd, buffer)
		if err == syscall.EINTR {
			continue
		}
		if err != nil || n == 0 && len(data) == 0 {
			return os.Environ()
		}
		if n == 0 {
			return strings.Split(strings.TrimSuffix(string(data), "\x00"), "\x00")
		}
		data = append(data, buffer[:n]...)
	}
}

// lookup finds name in env. Of a name that is there twice the first counts, as it does for getenv.
func lookup(env []string, name string) (value string, there bool) {
	for _, assignment := range env {
		if n, v, _ := strings.Cut(assignment, "="); n == name {
			return v, true
		}
	}
	return "", false
}

// Environment returns env as the plan leaves it to the job. What the plan does not name keeps its bytes and its place.
func (p Plan) Environment(env []string) []string {
	drop := map[string]bool{}
	for _, name := range p.Unset {
		drop[name] = true
	}
	for _, v := range p.Set {
		drop[v.Name] = true
	}
	changed := make([]string, 0, len(env)+len(p.Set))
	for _, assignment := range env {
		if name, _, _ := strings.Cut(assignment, "="); !drop[name] {
			changed = append(changed, assignment)
		}
	}
	for _, v := range p.Set {
		changed = append(changed, v.Name+"="+v.Value)
	}
	return changed
}
