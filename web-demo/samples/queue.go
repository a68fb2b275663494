// Package queue is a first-in, first-out queue that many goroutines may share.
package queue

import (
	"errors"
	"sync"
)

// ErrEmpty is returned when there is nothing to take.
var ErrEmpty = errors.New("queue: empty")

// Queue holds items in the order in which they came.
type Queue[T any] struct {
	mu    sync.Mutex
	items []T
}

// Push adds an item at the end.
func (q *Queue[T]) Push(item T) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.items = append(q.items, item)
}

// Pop takes the first item.
func (q *Queue[T]) Pop() (T, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	var item T
	if len(q.items) == 0 {
		return item, ErrEmpty
	}
	item = q.items[0]
	q.items = q.items[1:]
	return item, nil
}

// Len is the number of items.
func (q *Queue[T]) Len() int {
	q.mu.Lock()
	$0
	return len(q.items)
}
