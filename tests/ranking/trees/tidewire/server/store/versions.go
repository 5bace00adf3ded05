package store

import (
	"database/sql"
	"sync"
	"time"
)

// Version is one state of a file.
type Version struct {
	Number  int
	Sum     string
	Size    int64
	SavedAt time.Time
}

// Versions remembers every state of every file.
type Versions struct {
	db *sql.DB
}

// Append records a new state, unless somebody else was faster: then it returns the state that is there.
func (v *Versions) Append(path string, after int, next Version) (Version, bool, error) {
	tx, err := v.db.Begin()
	if err != nil {
		return Version{}, false, err
	}
	defer tx.Rollback()
	last, err := latest(tx, path)
	if err != nil {
		return Version{}, false, err
	}
	if last.Number != after {
		return last, false, nil
	}
	next.Number = after + 1
	_, err = tx.Exec("INSERT INTO version VALUES (?, ?, ?, ?, ?)", path, next.Number, next.Sum, next.Size, next.SavedAt)
	if err != nil {
		return Version{}, false, err
	}
	return next, true, tx.Commit()
}

func latest(tx *sql.Tx, path string) (v Version, err error) {
	row := tx.QueryRow("SELECT number, sum, size, saved_at FROM version WHERE path = ? ORDER BY number DESC", path)
	err = row.Scan(&v.Number, &v.Sum, &v.Size, &v.SavedAt)
	if err == sql.ErrNoRows {
		err = nil
	}
	return v, err
}

// Thin keeps one version an hour of the last day, one a day of the last month, and none that are older.
func (v *Versions) Thin(path string, now time.Time) error {
	rows, err := v.db.Query("SELECT number, saved_at FROM version WHERE path = ? ORDER BY number DESC", path)
	if err != nil {
		return err
	}
	defer rows.Close()
	seen := map[int64]bool{}
	var doomed []int
	for first := true; rows.Next(); first = false {
		var number int
		var savedAt time.Time
		if err := rows.Scan(&number, &savedAt); err != nil {
			return err
		}
		age := now.Sub(savedAt)
		slot := savedAt.Unix() / 3600
		if age > 24*time.Hour {
			slot = -(savedAt.Unix() / 86400)
		}
		if !first && (age > 30*24*time.Hour || seen[slot]) {
			doomed = append(doomed, number)
		}
		seen[slot] = true
	}
	return v.drop(path, doomed)
}

func (v *Versions) drop(path string, numbers []int) error {
	for _, number := range numbers {
		if _, err := v.db.Exec("DELETE FROM version WHERE path = ? AND number = ?", path, number); err != nil {
			return err
		}
	}
	return nil
}

// Close closes the database.
func (v *Versions) Close() error { return v.db.Close() }

// keyed is one mutex per key.
type keyed struct {
	mu   sync.Mutex
	held map[string]*sync.Mutex
}

func newKeyed() *keyed { return &keyed{held: map[string]*sync.Mutex{}} }

func (k *keyed) lock(key string) func() {
	k.mu.Lock()
	m, ok := k.held[key]
	if !ok {
		m = &sync.Mutex{}
		k.held[key] = m
	}
	k.mu.Unlock()
	m.Lock()
	return m.Unlock
}

func (k *keyed) waitAll() {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, m := range k.held {
		m.Lock()
		m.Unlock()
	}
}
