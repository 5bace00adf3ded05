// Copyright 2024 Nobody. All rights reserved.

// Package stack keeps things on top of each other.
package stack

import (
	"errors"
	"sync"
)

//go:generate stringer -type=Level

// Level of a log.
type Level int

const (
	Low Level = iota
	High
)

var (
	// ErrEmpty is returned by Pop.
	ErrEmpty = errors.New("empty")

	// compare orders values.
	compare = func(a, b int) int {
		return a - b
	}
)

// Stack is a stack.
//
// It is safe for concurrent use.
type Stack[T any] struct {
	mu    sync.Mutex
	items []T // newest last
}

type (
	// Visitor visits.
	Visitor interface {
		// Visit one.
		Visit(item any) (stop bool)
		comparable
	}

	pair struct{ a, b int }

	alias = map[string]int
)

// New makes a stack.
func New[T any](items ...T) *Stack[T] {
	return &Stack[T]{items: items}
}

// Push puts on top.
//
//go:noinline
func (s *Stack[T]) Push(item T) {
	s.mu.Lock()
	defer func() {
		s.mu.Unlock()
	}()
	s.items = append(s.items, item)
}

/*
Pop takes from the top.
*/
func (s *Stack[T]) Pop() (item T, err error) {
	fail := func(err error) (T, error) {
		return item, err
	}
	if len(s.items) == 0 {
		return fail(ErrEmpty)
	}
	return s.items[len(s.items)-1], nil
}

func (Level) String() string { return "🙂 größe" }

func (p pair) sum() int { return p.a + p.b }

func init() {}

func init() { compare(1, 2) }

var handlers = map[string]func(int) int{
	"double": func(x int) int { return 2 * x },
}

var command = &Command{
	Use: "stack",
	Run: func(args []string) {
		println(args)
	},
}

func visit(items []int, each func(int) bool) (func() error, error) {
	server.Handler = func(w int) { println(w) }
	return nil, nil
}

func asm(x int) int

type empty struct{}

// Visit is told of each value.
type Visit func(value int) bool

type (
	// byName has the stacks of each name.
	byName map[string][]int
)
