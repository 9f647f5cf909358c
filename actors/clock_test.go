package actors

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

// sexton looks at its clock when that rings, as a channel does, and notes what was due.
type sexton struct {
	t     *testing.T
	clock clock
	born  time.Time
	notes []string
}

func (s *sexton) ring() {
	s.clock.wound = false
	for {
		due, ok := s.clock.pop(rightNow())
		if !ok {
			return
		}
		s.notes = append(s.notes, fmt.Sprintf("%d at %s", due, time.Since(s.born)))
	}
}

func (s *sexton) expect(want ...string) {
	s.t.Helper()
	synctest.Wait()
	if got := fmt.Sprint(s.notes); got != fmt.Sprint(want) {
		s.t.Errorf("it noted %s instead of %s", got, want)
	}
}

func TestAClock(t *testing.T) {
	for sentence, test := range map[string]func(s *sexton, alarms *Alarms){
		"rings for many deadlines in their order, ties by slot": func(s *sexton, alarms *Alarms) {
			for of, after := range []time.Duration{5 * time.Second, 3 * time.Second, 4 * time.Second, 3 * time.Second, time.Second} {
				s.clock.arm(slot(of), after)
			}
			s.clock.arm(2, 2*time.Second) // it is moved
			s.clock.cancel(0)
			for range 4 {
				s.clock.settle(alarms, s)
				time.Sleep(time.Second)
				synctest.Wait()
			}
			s.expect("4 at 1s", "2 at 2s", "1 at 3s", "3 at 3s")
		},
		"keeps nothing of deadlines that are over": func(s *sexton, _ *Alarms) {
			for round := range 3 {
				for of := range 9 {
					s.clock.arm(slot(of), time.Duration(1+round)*time.Second)
				}
				for of := range 9 {
					s.clock.cancel(slot(of))
				}
				if s.clock.far != nil || s.clock.earliest() != (deadline{}) {
					s.t.Errorf("it keeps %+v", s.clock)
				}
			}
		},
		"is not wound again for what it rings for already": func(s *sexton, alarms *Alarms) {
			s.clock.arm(1, time.Minute)
			s.clock.settle(alarms, s)
			alarms.mu.Lock() // whoever needs the alarms would wait for ever
			s.clock.arm(2, time.Hour)
			s.clock.settle(alarms, s)
			alarms.mu.Unlock()
			time.Sleep(time.Minute)
			s.expect("1 at 1m0s")
		},
		"rings again for a moment that it has rung for": func(s *sexton, alarms *Alarms) {
			at := rightNow().add(time.Minute)
			for range 3 {
				s.clock.mark(1, at)
				s.clock.settle(alarms, s)
				time.Sleep(time.Minute)
				synctest.Wait()
			}
			s.expect("1 at 1m0s", "1 at 1m0s", "1 at 2m0s")
		},
		"that was stopped rings for nothing, and can be set again": func(s *sexton, alarms *Alarms) {
			s.clock.arm(1, time.Minute)
			s.clock.settle(alarms, s)
			s.clock.stop(alarms)
			time.Sleep(time.Hour)
			s.expect()
			s.clock.arm(1, time.Minute)
			s.clock.settle(alarms, s)
			time.Sleep(time.Hour)
			s.expect("1 at 1h1m0s")
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { test(&sexton{t: t, born: time.Now()}, new(Alarms)) })
		})
	}
}
