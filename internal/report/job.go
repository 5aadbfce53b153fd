package report

import (
	"io"

	"golang.org/x/sys/unix"
)

// A JobStderr writes the lines of a process beside the job to the job's own stderr, where that has become another pipe than
// the one which both inherited: EMR's entrypoint starts the job with a pipe to tee, whose reader writes the container's log
// and the file that is shipped to CloudWatch and S3. Everywhere else lines go to the inherited stderr, so each line is once
// in each log.
//
// The pipe is opened anew for each line, because the job may change it, and without waiting. A line is one write of at most
// 4096 bytes, which a pipe takes whole: it does not mix with the job's lines.
type JobStderr struct {
	path           string
	inherited      io.Writer // for this process's own stderr
	device, number uint64    // which file that is
}

// NewJobStderr returns a JobStderr for the job with process id pid, as /proc numbers it.
func NewJobStderr(pid string, inherited io.Writer) *JobStderr {
	j := &JobStderr{path: "/proc/" + pid + "/fd/2", inherited: inherited}
	var st unix.Stat_t
	if unix.Fstat(unix.Stderr, &st) == nil {
		j.device, j.number = uint64(st.Dev), st.Ino
	}
	return j
}

func (j *JobStderr) useJSON(json bool) {
	if f, ok := j.inherited.(interface{ useJSON(bool) }); ok {
		f.useJSON(json)
	}
}

// Moved reports whether the job's stderr is another pipe now than the inherited one.
func (j *JobStderr) Moved() bool {
	// A stat and not an open, which could do something to a device.
	var st unix.Stat_t
	return unix.Stat(j.path, &st) == nil && st.Mode&unix.S_IFMT == unix.S_IFIFO &&
		(uint64(st.Dev) != j.device || st.Ino != j.number)
}

func (j *JobStderr) Write(line []byte) (int, error) {
	one := line
	if len(one) > maxPiece {
		one = []byte(cut(string(line[:len(line)-1]), maxPiece-1) + "\n")
	}
	if j.Moved() && j.toJob(one) == nil {
		return len(line), nil
	}
	_, err := j.inherited.Write(one)
	return len(line), err
}

func (j *JobStderr) toJob(line []byte) error {
	fd, err := unix.Open(j.path, unix.O_WRONLY|unix.O_NONBLOCK|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	for {
		_, err = unix.Write(fd, line)
		if err != unix.EINTR {
			return err
		}
	}
}
