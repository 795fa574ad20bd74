package db

import (
	"io"
	"os"
	"sync"
)

// A process loses all its locks on a file as soon as it closes any descriptor of it, whoever opened that one
// (fcntl(2); sqlite.org/howtocorrupt.html, 2.2). Without them another process that opens the database takes it for
// abandoned and removes the write-ahead log under it. So whoever reads files that may be databases of this process
// opens them with Peek, which never closes a descriptor of an open one.

// sidecars are the endings of the files that belong to one SQLite database.
var sidecars = []string{"", "-wal", "-shm", "-journal"}

// kept are the descriptors of the databases that are open: closed after their connections.
type kept struct {
	mu   sync.Mutex
	open map[*DB][]*os.File
}

var descriptors = kept{open: map[*DB][]*os.File{}}

// enter names a database before its first connection is opened.
func (k *kept) enter(d *DB) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.open[d] = nil
}

// leave closes what was kept for a database; its connections are closed.
func (k *kept) leave(d *DB) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, f := range k.open[d] {
		_ = f.Close()
	}
	delete(k.open, d)
}

// find returns a descriptor that is kept for the same file, or nil.
func (k *kept) find(path string) *os.File {
	info, err := os.Stat(path)
	if err != nil {
		return nil
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, files := range k.open {
		for _, f := range files {
			if other, err := f.Stat(); err == nil && os.SameFile(info, other) {
				return f
			}
		}
	}
	return nil
}

// release closes a file, or keeps it when it belongs to an open database.
func (k *kept) release(f *os.File) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	info, err := f.Stat()
	if err != nil {
		return f.Close()
	}
	for d := range k.open {
		for _, end := range sidecars {
			if other, err := os.Stat(d.cfg.Path + end); err == nil && os.SameFile(info, other) {
				k.open[d] = append(k.open[d], f)
				return nil
			}
		}
	}
	return f.Close()
}

// peeked reads one file from its beginning; several may read through one descriptor.
type peeked struct {
	*io.SectionReader
	own *os.File // nil when the descriptor is kept already
}

func (p peeked) Close() error {
	if p.own == nil {
		return nil
	}
	return descriptors.release(p.own)
}

// Peek opens a file for reading that may belong to a database of this process, as far as it reaches now.
func Peek(path string) (io.ReadCloser, error) {
	f, own := descriptors.find(path), (*os.File)(nil)
	if f == nil {
		var err error
		if f, err = os.Open(path); err != nil {
			return nil, err
		}
		own = f
	}
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	return peeked{io.NewSectionReader(f, 0, info.Size()), own}, nil
}
