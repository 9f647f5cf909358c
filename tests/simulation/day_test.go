package simulation

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/supervisor"
	"github.com/seed14814784/holdfast/transport"
	"github.com/seed14814784/holdfast/transport/wstest"
)

// A heartbeat a minute is 288,000 of them in the day; every 25 s would show the
// same in more than twice the time.
const (
	day      = 24 * time.Hour
	interval = time.Minute
	spread   = interval / 10 // the default jitter
	trip     = 20 * time.Millisecond
)

// idlers is how many channels are idle for a day. Under the race detector fewer
// show the same.
func idlers() int {
	if testing.Short() || underRace {
		return 20
	}
	return 200
}

func TestAFleetIsIdleForADay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const seed, trip = 1, 20 * time.Millisecond
		network := wstest.NewNetwork()
		network.SetLatency(trip / 2)
		server := network.NewServer("server", wstest.WithHandler(func(c *wstest.Conn) { c.Upgrade() }))
		fleet, err := supervisor.New(
			supervisor.WithDialer(&transport.WebSocket{NetDial: network.Dial}),
			supervisor.WithSeed(seed), supervisor.WithObserverQueue(1<<20),
		)
		if err != nil {
			t.Fatal(err)
		}
		n := idlers()
		muster := newMuster(n)
		beats := newBeats()
		_ = fleet.Listen("day", func(e messages.Event) { muster.note(e); beats.note(e) })
		for i := range n {
			id := messages.ChannelID(fmt.Sprint("c", i))
			if _, err := fleet.Open(t.Context(), supervisor.Spec{
				ID: id, Address: transport.Static(fmt.Sprintf("%s/%s", server.URL, id)), Handler: supervisor.Discard,
				Keepalive: supervisor.Keepalive{Interval: interval},
			}); err != nil {
				t.Fatal(err)
			}
		}
		<-muster.all()
		time.Sleep(day)
		synctest.Wait()

		if dials := len(network.Dials()); dials != n {
			t.Errorf("seed %d: %d channels made %d dials in a day", seed, n, dials)
		}
		for s := range fleet.Channels() {
			if s.Status != messages.Ready || s.Attempts != 1 || s.Stale != 0 || s.RTT != trip {
				t.Errorf("seed %d: after a day: %+v", seed, s)
			}
		}
		beats.check(t, n)
		if err := fleet.Close(context.Background()); err != nil {
			t.Error(err)
		}
		if err := server.Close(); err != nil {
			t.Error(err)
		}
		time.Sleep(2 * time.Second)
	})
}

// beats counts the heartbeats of each channel and looks at their distances and
// round trips.
type beats struct {
	mu                sync.Mutex
	count             map[messages.ChannelID]int
	last              map[messages.ChannelID]time.Time
	shortest, longest time.Duration
	sum               time.Duration
	strange           []messages.Pong
}

func newBeats() *beats {
	return &beats{shortest: day, count: map[messages.ChannelID]int{}, last: map[messages.ChannelID]time.Time{}}
}

func (b *beats) note(event messages.Event) {
	pong, ok := event.(messages.Pong)
	if !ok {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if last, ok := b.last[pong.Channel]; ok {
		gap := pong.At.Sub(last)
		b.shortest, b.longest, b.sum = min(b.shortest, gap), max(b.longest, gap), b.sum+gap
	}
	b.last[pong.Channel] = pong.At
	b.count[pong.Channel]++
	if pong.RTT != trip {
		b.strange = append(b.strange, pong)
	}
}

// check holds the day against what was asked for: every minute ±10 %, the first
// within a minute. The sum of 1,440 gaps with an even jitter of 6 s to both sides
// has a standard deviation of 131 s, a little more than two beats; six of those
// and the first beat are 15.
func (b *beats) check(t *testing.T, channels int) {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	expected := int(day / interval)
	least, most := 2*expected, 0
	for _, n := range b.count {
		least, most = min(least, n), max(most, n)
	}
	total := 0
	for _, n := range b.count {
		total += n
	}
	mean := b.sum / time.Duration(max(total-channels, 1))
	t.Logf("%d heartbeats, %d to %d per channel, %s to %s apart, %s in the mean", total, least, most, b.shortest, b.longest, mean)
	if len(b.count) != channels || least < expected-15 || most > expected+15 {
		t.Errorf("%d of %d channels had %d to %d heartbeats, want about %d", len(b.count), channels, least, most, expected)
	}
	if b.shortest < interval-spread || b.longest > interval+spread {
		t.Errorf("heartbeats were %s to %s apart, want %s ±%s", b.shortest, b.longest, interval, spread)
	}
	if off := (mean - interval).Abs(); off > interval/100 {
		t.Errorf("heartbeats were %s apart in the mean, want %s", mean, interval)
	}
	if len(b.strange) > 0 {
		t.Errorf("%d round trips were not %s, the first %v", len(b.strange), trip, b.strange[0])
	}
}
