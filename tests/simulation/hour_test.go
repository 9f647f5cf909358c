package simulation

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed14814784/holdfast/messages"
)

// population is how many channels live through the hour. Under the race
// detector everything is some ten times slower, and what it looks for does not
// need the crowd: a quarter of the channels has the same faults per channel.
func population() int {
	switch {
	case testing.Short():
		return 100
	case underRace:
		return 250
	}
	return 1000
}

// seed is another hour: go test ./tests/simulation -run Hour -seed 7.
var seed = flag.Uint64("seed", 1, "what happens in the hour is drawn from it")

const (
	tick = 500 * time.Millisecond
	hour = time.Hour
)

func TestAThousandChannelsLoseNothingInAnHourOfFaults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { live(t, *seed, population()) })
}

// live is the hour.
func live(t *testing.T, seed uint64, channels int) {
	w := newWorld(t, seed, channels)
	<-w.muster.all()
	t.Logf("up after %s", time.Since(w.began))

	late, joined := newChain("the observer who joined late"), false
	f := newFaults(w)
	for time.Since(w.began) < hour {
		time.Sleep(tick)
		synctest.Wait()
		if !joined && time.Since(w.began) > hour/2 {
			joined = true
			go func() {
				for e := range w.fleet.Events(context.Background()) {
					late.note(e)
				}
			}()
			synctest.Wait()
		}
		f.strike()
	}
	f.heal()

	// What is half-open is found dead within 60 s, and the longest delays in a
	// Suspended are 45 s.
	time.Sleep(3 * time.Minute)
	synctest.Wait()
	if n := w.muster.census(); n[messages.Ready] != channels {
		t.Errorf("seed %d: three minutes after everything was healed: %v", seed, n)
	}
	w.last()
	sum := w.close(late)
	t.Logf("%d dials, %d connections, %d events; %s, at once %d", w.dials.count(), sum.connections, w.early.events, peaks(w.dials.at), w.dials.most)
	t.Logf("messages: %s; written and lost: %s", table(sum.results), table(sum.lost))
	t.Logf("happened: %s", table(w.count))
}

// last sends one message on every channel and wants it delivered: nothing is
// stuck in front of it.
func (w *world) last() {
	for i, l := range w.ledgers {
		if err := l.send(w.handles[i], "", 0, 0); err != nil {
			w.t.Errorf("seed %d, %s: the last message: %v", w.seed, l.id, err)
		}
	}
	time.Sleep(time.Second)
	synctest.Wait()
	for _, l := range w.ledgers {
		l.mu.Lock()
		got := 0
		for _, v := range l.lives {
			for _, n := range v.received {
				got = max(got, n)
			}
		}
		if got != l.next {
			l.wrong("the last message is number %d, the server got %d", l.next, got)
		}
		l.mu.Unlock()
	}
}

// table renders counts in a fixed order.
func table[K comparable](counts map[K]int) string {
	var parts []string
	for _, key := range slices.SortedFunc(maps.Keys(counts), func(a, b K) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) }) {
		parts = append(parts, fmt.Sprintf("%v %d", key, counts[key]))
	}
	return strings.Join(parts, ", ")
}
