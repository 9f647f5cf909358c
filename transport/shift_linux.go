//go:build !goroutines

package transport

import (
	"errors"
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

// peek takes what has happened, and reports whether that is anything.
func (s *shift) peek(fd uintptr) bool {
	n, err := unix.EpollWait(int(fd), s.events[:], 0)
	s.here, s.err = max(n, 0), err
	if errors.Is(err, unix.EINTR) {
		s.err = nil
	}
	return s.here > 0 || s.err != nil
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
