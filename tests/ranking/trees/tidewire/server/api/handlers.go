package api

import (
	"encoding/json"
	"net/http"
	"strconv"

	"tidewire/server/store"
)

// Server answers clients.
type Server struct {
	blobs    *store.Blobs
	versions *store.Versions
	uploads  map[string]*upload
	limits   *Limiter
}

type upload struct {
	name     string
	received int64
	parts    [][]byte
}

func (s *Server) handleUpload(w http.ResponseWriter, r *http.Request) {
	u, ok := s.uploads[r.PathValue("ticket")]
	if !ok {
		http.Error(w, "no such upload", http.StatusNotFound)
		return
	}
	offset, err := strconv.ParseInt(r.Header.Get("Upload-Offset"), 10, 64)
	if err != nil || offset != u.received {
		w.Header().Set("Upload-Offset", strconv.FormatInt(u.received, 10))
		http.Error(w, "wrong offset", http.StatusConflict)
		return
	}
	if !s.limits.Allow(clientOf(r), r.ContentLength) {
		w.Header().Set("Retry-After", "1")
		http.Error(w, "slow down", http.StatusTooManyRequests)
		return
	}
	part, err := readAtMost(r, 8<<20)
	if err != nil {
		http.Error(w, err.Error(), http.StatusRequestEntityTooLarge)
		return
	}
	u.parts = append(u.parts, part)
	u.received += int64(len(part))
	w.WriteHeader(http.StatusNoContent)
}

func (s *Server) handleDownload(w http.ResponseWriter, r *http.Request) {
	body, err := s.blobs.Get(r.PathValue("sum"))
	if err == store.ErrMissing {
		http.NotFound(w, r)
		return
	}
	defer body.Close()
	w.Header().Set("Cache-Control", "immutable, max-age=31536000")
	copyRange(w, r, body)
}

func (s *Server) handleHistory(w http.ResponseWriter, r *http.Request) {
	writeJSON(w, s.versionsOf(r.PathValue("path")))
}

func writeJSON(w http.ResponseWriter, value any) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(value); err != nil {
		http.Error(w, "cannot encode", http.StatusInternalServerError)
	}
}

// readAtMost reads a request body, but not one that is larger than was allowed.
func readAtMost(r *http.Request, most int64) ([]byte, error) {
	body := http.MaxBytesReader(nil, r.Body, most)
	defer body.Close()
	out := make([]byte, 0, r.ContentLength)
	buf := make([]byte, 32<<10)
	for {
		n, err := body.Read(buf)
		out = append(out, buf[:n]...)
		if err != nil {
			if err.Error() == "EOF" {
				return out, nil
			}
			return nil, err
		}
	}
}
