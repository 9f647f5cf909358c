package wstest

import (
	"sync"
	"time"
)

// timers are the delayed doings of one connection, which end with it. The zero
// value is ready to use.
type timers struct {
	mu      sync.Mutex
	pending map[*time.Timer]struct{}
	stopped bool
	running sync.WaitGroup
}

// after calls do after a delay, unless stop comes first.
func (t *timers) after(delay time.Duration, do func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.stopped {
		return
	}
	if t.pending == nil {
		t.pending = make(map[*time.Timer]struct{})
	}
	var timer *time.Timer
	timer = time.AfterFunc(delay, func() {
		t.mu.Lock()
		_, due := t.pending[timer]
		delete(t.pending, timer)
		if due {
			t.running.Add(1)
		}
		t.mu.Unlock()
		if due {
			defer t.running.Done()
			do()
		}
	})
	t.pending[timer] = struct{}{}
}

// stop stops what is pending and waits for what is running.
func (t *timers) stop() {
	t.mu.Lock()
	t.stopped = true
	for timer := range t.pending {
		timer.Stop()
	}
	clear(t.pending)
	t.mu.Unlock()
	t.running.Wait()
}
