package gauge

import (
	"slices"
	"sync"
	"time"
)

// Moments are when something happened, again and again. It is safe for concurrent
// use.
type Moments struct {
	mu  sync.Mutex
	all []time.Time
}

// Add notes that it happens now.
func (m *Moments) Add() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.all = append(m.all, time.Now())
}

// Since counts what happened at or after then, and the most within any second of
// that.
func (m *Moments) Since(then time.Time) (count, peak int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := slices.DeleteFunc(slices.Clone(m.all), func(t time.Time) bool { return t.Before(then) })
	slices.SortFunc(all, time.Time.Compare)
	first := 0
	for i, t := range all {
		for t.Sub(all[first]) >= time.Second {
			first++
		}
		peak = max(peak, i-first+1)
	}
	return len(all), peak
}
