package supervisor

import (
	"math/rand/v2"
	"sync"
)

// lockedRandom is a seeded source that many channels share.
type lockedRandom struct {
	mu sync.Mutex
	r  *rand.Rand
}

// Float64 draws from [0, 1).
func (l *lockedRandom) Float64() float64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.r.Float64()
}
