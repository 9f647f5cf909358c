package simulation

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed14814784/holdfast/messages"
)

// citizens is how many channels live in the town, with ten rooms each. Under the
// race detector fewer have the same faults per channel.
func citizens() int {
	switch {
	case testing.Short():
		return 60
	case underRace:
		return 120
	}
	return 500
}

func TestFiveThousandRoomsAreJoinedOrLeftAfterAnHourOfFaults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { dwell(t, *seed, citizens()) })
}

// dwell is the hour.
func dwell(t *testing.T, seed uint64, channels int) {
	town := newTown(t, seed, channels)
	for i, specs := range town.specs {
		for j, spec := range specs {
			if (i+j)%4 != 0 {
				town.joins(i, spec)
			}
		}
	}
	<-town.muster.all()
	t.Logf("up after %s", time.Since(town.began))

	late := newChain("the observer who joined late")
	m := newMischief(town)
	for time.Since(town.began) < hour {
		time.Sleep(tick)
		synctest.Wait()
		m.strike()
	}
	m.heal()
	town.rest()
	rooms := table(town.census())
	sum := town.close(late)
	t.Logf("%d dials, %d connections, %d events", town.dials.count(), sum.connections, town.early.events)
	t.Logf("rooms: %s", rooms)
	t.Logf("messages: %s; written and lost: %s", table(sum.results), table(sum.lost))
	t.Logf("happened: %s", table(town.count))
}

// rest waits until everything must be well. What is half-open is found dead
// within 60 s, and the longest delays are 45 s; then users make up their minds, and
// one more contact pays what is owed.
func (t *town) rest() {
	t.t.Helper()
	time.Sleep(3 * time.Minute)
	synctest.Wait()
	t.resolve(t.random)
	time.Sleep(time.Minute)
	synctest.Wait()
	t.hurtAll("reset for the last contact")
	t.network.Reset()
	time.Sleep(2 * time.Minute)
	synctest.Wait()
	if n := t.muster.census(); n[messages.Ready] != len(t.ledgers) {
		t.t.Errorf("seed %d: after everything was healed: %v", t.seed, n)
	}
	t.last()
}

// last says and sends one message in every room: nothing is stuck in front of it.
func (t *town) last() {
	t.halls.mu.Lock()
	for _, h := range t.halls.list {
		h.say(-1, "")
	}
	t.halls.mu.Unlock()
	for i, specs := range t.specs {
		for _, spec := range specs {
			if !t.registers[i].wants(spec.ID) {
				continue
			}
			if err := t.ledgers[i].send(t.handles[i], spec.ID, 0, 0); err != nil {
				t.t.Errorf("seed %d, %s: the last message to %s: %v", t.seed, t.ledgers[i].id, spec.ID, err)
			}
		}
	}
	time.Sleep(time.Second)
	synctest.Wait()
	for _, l := range t.ledgers {
		l.mu.Lock()
		for _, e := range l.entries {
			if _, ok := e.receipt.Outcome(); !ok {
				l.wrong("message %d to %s has no outcome a second after the last one", e.number, e.room)
			}
		}
		l.mu.Unlock()
	}
}

// census is what the rooms came to, and what happened to them on the way.
func (t *town) census() map[string]int {
	n := map[string]int{}
	for i, r := range t.registers {
		n["settled"] += r.settled
		p := t.parlance.paces[t.ledgers[i].id]
		most := fmt.Sprint("most at once of ", p.limits.JoinWindow)
		n["asked"] += len(p.at)
		n[most] = max(n[most], p.most)
		for _, x := range r.rooms {
			n["at the end "+x.status.String()]++
			n["heard"] += len(x.heard)
			for _, e := range x.joins {
				n["joined because of "+e.Reason.Code.String()]++
			}
			for _, e := range x.ends {
				n[e.Cur.String()+" because of "+e.Reason.Code.String()]++
			}
		}
	}
	return n
}
