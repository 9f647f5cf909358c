package actors

import (
	"fmt"
	"sync"
)

// slips is what a storm believes about slips: each comes back once, and says that the
// message was taken if the handler has had it.
type slips struct {
	mu    sync.Mutex
	out   map[any]int // sessions gave it
	heard map[any]bool
	back  map[any][]bool
}

func (s *slips) given(receipt any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.out == nil {
		s.out, s.heard, s.back = map[any]int{}, map[any]bool{}, map[any][]bool{}
	}
	s.out[receipt]++
}

func (s *slips) hear(receipt any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.out[receipt] > 0 {
		s.heard[receipt] = true
	}
}

func (s *slips) told(receipt any, taken bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.back[receipt] = append(s.back[receipt], taken)
}

// settle compares, when a session is there and nothing waits for a handler, what was
// given with what came back.
func (s *slips) settle() (breaches []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for receipt, n := range s.out {
		back := s.back[receipt]
		if len(back) != n {
			breaches = append(breaches, fmt.Sprintf("slip %v was given %d times and came back as %v", receipt, n, back))
		} else if s.heard[receipt] && !back[0] {
			breaches = append(breaches, fmt.Sprintf("the handler has had %v, and its slip says that it has not", receipt))
		}
	}
	return breaches
}
