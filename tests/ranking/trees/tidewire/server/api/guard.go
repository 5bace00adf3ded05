package api

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Limiter gives every client so many bytes a second, and some in advance.
type Limiter struct {
	mu      sync.Mutex
	rate    float64
	burst   float64
	buckets map[string]*bucket
}

type bucket struct {
	level float64
	at    time.Time
}

// Allow reports whether a client may send n more bytes now.
func (l *Limiter) Allow(client string, n int64) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	b, ok := l.buckets[client]
	if !ok {
		b = &bucket{level: l.burst, at: now}
		l.buckets[client] = b
	}
	b.level = min(l.burst, b.level+now.Sub(b.at).Seconds()*l.rate)
	b.at = now
	if b.level < float64(n) {
		return false
	}
	b.level -= float64(n)
	return true
}

// forget drops clients that have not been seen for an hour.
func (l *Limiter) forget(now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for client, b := range l.buckets {
		if now.Sub(b.at) > time.Hour {
			delete(l.buckets, client)
		}
	}
}

func clientOf(r *http.Request) string {
	if forwarded := r.Header.Get("X-Forwarded-For"); forwarded != "" {
		first, _, _ := strings.Cut(forwarded, ",")
		return strings.TrimSpace(first)
	}
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

func mint(user string, until time.Time, key []byte) string {
	body := user + "|" + until.UTC().Format(time.RFC3339)
	return base64.RawURLEncoding.EncodeToString([]byte(body)) + "." + seal(body, key)
}

func seal(body string, key []byte) string {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(body))
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil))
}

// check says whose token it is. Expired and forged ones belong to nobody.
func check(token string, now time.Time, key []byte) (user string, ok bool) {
	head, mac, found := strings.Cut(token, ".")
	raw, err := base64.RawURLEncoding.DecodeString(head)
	if !found || err != nil || !hmac.Equal([]byte(mac), []byte(seal(string(raw), key))) {
		return "", false
	}
	user, stamp, _ := strings.Cut(string(raw), "|")
	until, err := time.Parse(time.RFC3339, stamp)
	return user, err == nil && now.Before(until)
}

// RequireUser lets only requests with a valid token through.
func RequireUser(key []byte, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
		if _, ok := check(token, time.Now(), key); !ok {
			http.Error(w, "sign in first", http.StatusUnauthorized)
			return
		}
		next.ServeHTTP(w, r)
	})
}
