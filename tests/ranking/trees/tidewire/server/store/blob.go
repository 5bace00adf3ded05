// Package store keeps the content of files, addressed by hash.
package store

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"time"
)

// ErrMissing says that no blob has this hash.
var ErrMissing = errors.New("store: no such blob")

// Blobs is a directory of immutable content.
type Blobs struct {
	dir   string
	locks *keyed
}

// Open makes the directory if need be.
func Open(dir string) (*Blobs, error) {
	if err := os.MkdirAll(filepath.Join(dir, "incoming"), 0o700); err != nil {
		return nil, err
	}
	return &Blobs{dir: dir, locks: newKeyed()}, nil
}

// Put stores what the reader gives and returns its hash. Storing the same content twice costs nothing.
func (b *Blobs) Put(r io.Reader) (string, int64, error) {
	f, err := os.CreateTemp(filepath.Join(b.dir, "incoming"), "blob-*")
	if err != nil {
		return "", 0, err
	}
	defer os.Remove(f.Name())
	h := sha256.New()
	n, err := io.Copy(io.MultiWriter(f, h), r)
	if err != nil {
		f.Close()
		return "", n, err
	}
	if err := f.Sync(); err != nil {
		return "", n, err
	}
	if err := f.Close(); err != nil {
		return "", n, err
	}
	sum := hex.EncodeToString(h.Sum(nil))
	return sum, n, os.Rename(f.Name(), b.place(sum))
}

// Get opens a blob for reading. The caller closes it.
func (b *Blobs) Get(sum string) (io.ReadCloser, error) {
	f, err := os.Open(b.place(sum))
	if errors.Is(err, os.ErrNotExist) {
		return nil, ErrMissing
	}
	return f, err
}

func (b *Blobs) place(sum string) string {
	return filepath.Join(b.dir, sum[:2], sum[2:4], sum)
}

// Sweep deletes blobs that no version refers to. Young ones stay, for their version may not be written yet.
func (b *Blobs) Sweep(isUsed func(sum string) bool, grace time.Duration) (freed int64, err error) {
	err = filepath.Walk(b.dir, func(path string, info os.FileInfo, err error) error {
		if err != nil || info.IsDir() || time.Since(info.ModTime()) < grace {
			return err
		}
		if isUsed(filepath.Base(path)) {
			return nil
		}
		freed += info.Size()
		return os.Remove(path)
	})
	return freed, err
}

// Close waits for writers.
func (b *Blobs) Close() error {
	b.locks.waitAll()
	return nil
}
