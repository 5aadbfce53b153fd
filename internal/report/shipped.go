package report

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// shippedName is a file in the directory that multilog writes when logs are rotated. fluentd takes every file there; to
// multilog belong current, lock, state, previous, processed and what begins with @ (multilog(8)).
const shippedName = "rolechain.log"

// Ship leaves what a failing start said in the file that EMR ships to CloudWatch and S3, because EMR's own entrypoint,
// whose tee writes that file, never runs then. path is K8S_SPARK_LOG_URL_STDERR; rotated is true where EMR rotates logs
// (CONTAINER_LOG_ROTATION), which makes it a directory.
//
// Nobody is left to be told of an error, so there is none. Only a regular file is written, and never shortened.
func Ship(path string, rotated bool, lines []byte) {
	if path == "" || len(lines) == 0 {
		return
	}
	path = strings.TrimRight(path, "/")
	if st, err := os.Stat(path); err == nil {
		rotated = st.IsDir()
	}
	if rotated {
		path = filepath.Join(path, shippedName)
	}
	// As EMR's entrypoint makes it: its log shipper has the same user.
	if os.MkdirAll(filepath.Dir(path), 0o755) != nil {
		return
	}
	f, err := openRegular(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE)
	if err != nil {
		return
	}
	defer f.Close()
	_, _ = f.Write(lines)
}

// lastWords is how long the files may take that a failing start leaves its reason in.
const lastWords = time.Second

// Briefly returns when all have returned, or after a second: a file system that hangs must not hold up the end of a start.
func Briefly(all ...func()) {
	var done sync.WaitGroup
	for _, do := range all {
		done.Go(do)
	}
	ended := make(chan struct{})
	go func() {
		done.Wait()
		close(ended)
	}()
	select {
	case <-ended:
	case <-time.After(lastWords):
	}
}
