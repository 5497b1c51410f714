// Cleans up after a process that can no longer do so itself. It waits for its standard input to end, which the
// kernel does when the process at the other end of the pipe dies in whatever way, and then removes the folders it
// was given. Folders below /sys/fs/cgroup are control groups: they are removed one by one, children first.
package main

import (
	"io"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

func main() {
	signal.Ignore(syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	_, _ = io.Copy(io.Discard, os.Stdin)
	// The folders stay in use until the last process of the dead one is gone.
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		if removeAll(os.Args[1:]) {
			return
		}
	}
	os.Exit(1)
}

func removeAll(folders []string) bool {
	done := true
	for _, folder := range folders {
		if strings.HasPrefix(folder, "/sys/fs/cgroup/") {
			removeControlGroup(folder)
		} else {
			_ = os.RemoveAll(folder)
		}
		if _, err := os.Lstat(folder); err == nil {
			done = false
		}
	}
	return done
}

func removeControlGroup(root string) {
	var found []string
	_ = filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() {
			found = append(found, path)
		}
		return nil
	})
	for i := len(found) - 1; i >= 0; i-- {
		_ = syscall.Rmdir(found[i])
	}
}
