package store

import (
	"strings"
	"testing"
	"time"
)

func TestPutStoresSameContentOnce(t *testing.T) {
	b, _ := Open(t.TempDir())
	one, _, _ := b.Put(strings.NewReader("hello"))
	two, _, _ := b.Put(strings.NewReader("hello"))
	if one != two {
		t.Fatalf("same content, hashes %s and %s", one, two)
	}
}

func TestGetOfMissingBlob(t *testing.T) {
	b, _ := Open(t.TempDir())
	if _, err := b.Get(strings.Repeat("0", 64)); err != ErrMissing {
		t.Fatalf("want ErrMissing, got %v", err)
	}
}

func TestSweepDeletesUnusedBlobs(t *testing.T) {
	b, _ := Open(t.TempDir())
	b.Put(strings.NewReader("garbage that no version refers to"))
	freed, err := b.Sweep(func(string) bool { return false }, -time.Second)
	if err != nil || freed == 0 {
		t.Fatalf("freed %d, %v", freed, err)
	}
}
