package shop

import (
	"fmt"
	m "math"
)

const MaxTries int = 3

var registry = map[string]*Shop{}

// Item is something on sale.
type Item struct {
	*Base
	sync.Mutex
	Name, Label string `json:"name"`
	Price       int64
}

type Priced interface {
	fmt.Stringer
	Total(names []string, tax float64) (int64, error)
}

type Handler func(w Writer)

func New(name string, a, b int, options ...func(*Shop)) *Shop {
	later := func(n int) int { return n }
	return &Shop{items: make(map[string]Item), n: later(a)}
}

func (s *Shop) Total(names []string) (sum int64, err error) {
	return int64(m.Floor(1.5)), fmt.Errorf("no %q", names)
}
