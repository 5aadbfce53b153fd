package jobs

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"rolechain/internal/ststest"
)

// SearchSecrets looks for what an STS handed out in all files of a directory but those that may have it.
func SearchSecrets(sts *ststest.Server, dir string, may func(path string) bool, surprise func(string, ...any)) error {
	secrets := sts.Secrets()
	return filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist): // executors clean up while this looks
			return nil
		case err != nil:
			return err
		case !d.Type().IsRegular() || may != nil && may(path):
			return nil
		}
		content, err := os.ReadFile(path)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		for _, secret := range secrets {
			if bytes.Contains(content, []byte(secret)) {
				name, _ := filepath.Rel(dir, path)
				surprise("%s has a secret in it", name)
				break
			}
		}
		return nil
	})
}
