//go:build !goroutines

package transport

import (
	"errors"
	"runtime"
	"slices"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// shift is a goroutine that looks for events and has them handled, on the spot: to
// wake another goroutine for each would cost more than most of them. That is actors
// and, behind them, a user's handlers, which may take as long as they like. So a
// shift is looked after:
//
//   - One that is at the same event for a whole tick is relieved: another one takes
//     what it has not begun, and looks for events. It ends after its event.
//   - One that has worked for a whole tick on what it found at once gets help: another
//     one takes what it has not begun, and both look for events, up to as many as there
//     are processors.
//   - One that finds a crowd shares it with another one at once, if there is a processor
//     for that one.
//
// So whoever is slow delays the others by two ticks at most. A shift that finds nothing
// ends, but for the last, which sleeps in the runtime's own poller.
type shift struct {
	p      *poller
	events [findings]unix.EpollEvent
	here   int   // of events
	err    error // of the last peek
	found  [findings]finding
	n      int // of found
	round  uint64
	wait   func(fd uintptr) (done bool) // until something is there: one func for all rounds
	glance func(fd uintptr)             // takes what is there

	// place says how far it has got: the round, and how many of what it found it
	// has begun. Whoever moves it from one place to the next has that event.
	place atomic.Uint64
	seen  uint64 // the place at the last tick; the poller's lock guards it
}

// finding is an event.
type finding struct {
	d      *polled
	events uint32
}

const (
	// findings is how many events are taken at once.
	findings = 128
	// crowd is how many events at once are too many for one.
	crowd = 32
	// tick is how often shifts are looked after.
	tick = time.Millisecond
	// calmTicks is how many ticks without work end the looking after.
	calmTicks = 10
)

// Places that are none.
const (
	between  = 0          // rounds: it looks for events
	helped   = ^uint64(0) // another one has the rest of the round
	relieved = helped - 1 // so it is, and this one is to end
)

// at is a place.
func at(round uint64, begun int) uint64 { return round<<32 | uint64(begun) }

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

// run is the shift's goroutine. A handler may end it by runtime.Goexit; then another
// one goes on.
func (s *shift) run() {
	ended := false
	defer func() {
		if !ended {
			s.p.bereaved(s)
		}
	}()
	for s.work() && s.look() {
	}
	ended = true
}

// work has what was found handled. It reports whether to go on.
func (s *shift) work() bool {
	for i := range s.n {
		if !s.place.CompareAndSwap(at(s.round, i), at(s.round, i+1)) {
			break
		}
		if rest := s.found[i].d.ready(s.found[i].events); rest != nil {
			rest()
		}
	}
	done := s.place.CompareAndSwap(at(s.round, s.n), between)
	if !done {
		s.p.mu.Lock() // whoever helps has the rest by now
		defer s.p.mu.Unlock()
		done = s.place.CompareAndSwap(helped, between)
	}
	clear(s.found[:s.n])
	return done
}

// look finds something to do, and waits for it if nobody else does. It reports
// whether to go on.
func (s *shift) look() bool {
	var outer error
	s.here, s.err = 0, nil
	if !s.p.only(s) {
		outer = s.p.raw.Control(s.glance)
		if s.here == 0 && s.err == nil && outer == nil && s.p.superfluous(s) {
			return false
		}
	}
	if s.here == 0 && s.err == nil && outer == nil { // nobody else can come: help is for those at work
		outer = s.p.raw.Read(s.wait)
	}
	if s.err != nil || outer != nil {
		s.p.dismiss(s) // the instance is closed
		return false
	}
	s.n = s.p.find(s.events[:s.here], s.found[:])
	s.round++
	if s.n >= crowd {
		s.p.share(s)
	}
	s.place.Store(at(s.round, 0))
	s.p.watch()
	return true
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

// peek takes what has happened, and reports whether that is anything.
func (s *shift) peek(fd uintptr) bool {
	n, err := unix.EpollWait(int(fd), s.events[:], 0)
	s.here, s.err = max(n, 0), err
	if errors.Is(err, unix.EINTR) {
		s.err = nil
	}
	return s.here > 0 || s.err != nil
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

// successor has the rest of a round. The other one, which may be stuck for ever, keeps
// none of it, nor of what is done already.
func (s *shift) successor(place uint64) *shift {
	next := new(shift)
	if place != helped {
		begun := int(uint32(place))
		next.n = copy(next.found[:], s.found[begun:s.n])
		clear(s.found[begun:s.n])
		clear(s.found[:max(begun-1, 0)])
	}
	return next
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
