//go:build !goroutines

package transport

import (
	"runtime"
	"slices"
)

// How the poller looks after its shifts.

// begin starts a shift.
func (p *poller) begin(s *shift) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.start(s)
}

// start is begin with the lock held.
func (p *poller) start(s *shift) {
	s.p = p
	s.glance = func(fd uintptr) { s.peek(fd) }
	s.wait = s.peek
	s.round, s.seen = 1, between
	s.place.Store(at(s.round, 0))
	p.shifts = append(p.shifts, s)
	go s.run()
}

// share gives half of what a shift has found to another one, if there may be one more.
func (p *poller) share(s *shift) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.shifts) >= runtime.GOMAXPROCS(0) {
		return
	}
	next, half := new(shift), s.n/2
	next.n = copy(next.found[:], s.found[half:s.n])
	clear(s.found[half:s.n])
	s.n = half
	p.start(next)
}

// only reports whether there is no other shift.
func (p *poller) only(s *shift) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.shifts) == 1 && p.shifts[0] == s
}

// superfluous ends a shift if there are others.
func (p *poller) superfluous(s *shift) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.shifts) == 1 && p.shifts[0] == s {
		return false
	}
	p.leave(s)
	return true
}

// dismiss ends a shift.
func (p *poller) dismiss(s *shift) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.leave(s)
}

func (p *poller) leave(s *shift) {
	p.shifts = slices.DeleteFunc(p.shifts, func(other *shift) bool { return other == s })
}

// bereaved is after a shift ended in the middle of an event.
func (p *poller) bereaved(s *shift) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for {
		place := s.place.Load()
		if place == relieved {
			return
		}
		if s.place.CompareAndSwap(place, relieved) {
			p.leave(s)
			p.start(s.successor(place))
			return
		}
	}
}

// watch has the shifts looked after.
func (p *poller) watch() {
	if !p.ticking.Load() && p.ticking.CompareAndSwap(false, true) {
		p.ticker.Reset(tick)
	}
}

// tick looks after the shifts. It ends when nothing was to be done for some time; a
// shift that began a round at that moment is seen here, or sees that nobody looks.
func (p *poller) tick() {
	if p.inspect() {
		p.ticker.Reset(tick)
		return
	}
	p.ticking.Store(false)
	if p.busy() {
		p.watch()
	}
}

// inspect relieves and helps shifts, and reports whether to go on.
func (p *poller) inspect() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.calm++
	for _, s := range slices.Clone(p.shifts) {
		place, seen := s.place.Load(), s.seen
		s.seen = place
		if place == between {
			continue
		}
		p.calm = 0
		switch {
		case place == seen:
			p.relieve(s, place)
		case place>>32 == seen>>32 && len(p.shifts) < runtime.GOMAXPROCS(0):
			if s.place.CompareAndSwap(place, helped) {
				s.seen = helped
				p.start(s.successor(place))
			}
		}
	}
	return p.calm < calmTicks
}

// relieve ends a shift after its event. Another one has the rest, if nobody has it yet.
func (p *poller) relieve(s *shift, place uint64) {
	if !s.place.CompareAndSwap(place, relieved) {
		return
	}
	p.leave(s)
	if place != helped || len(p.shifts) == 0 {
		p.start(s.successor(place))
	}
}

// busy reports whether a shift is at work.
func (p *poller) busy() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.ContainsFunc(p.shifts, func(s *shift) bool { return s.place.Load() != between })
}
