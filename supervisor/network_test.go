package supervisor

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/transport"
	"github.com/seed14814784/holdfast/transport/wstest"
)

// booked is a dialer that writes down when it dials, and how often at once.
type booked struct {
	transport.Dialer
	begun time.Time

	mu           sync.Mutex
	at           []time.Duration
	flying, most int
}

// Dial implements transport.Dialer.
func (b *booked) Dial(ctx context.Context, target transport.Target) (transport.Conn, error) {
	b.mu.Lock()
	b.at = append(b.at, time.Since(b.begun))
	b.flying++
	b.most = max(b.most, b.flying)
	b.mu.Unlock()
	defer func() {
		b.mu.Lock()
		b.flying--
		b.mu.Unlock()
	}()
	return b.Dialer.Dial(ctx, target)
}

// dialled is when it dialled so far.
func (b *booked) dialled() []time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.at)
}

// statuses counts the channels by their status.
func (s *scene) statuses() map[messages.Status]int {
	synctest.Wait()
	count := map[messages.Status]int{}
	for snapshot := range s.fleet.Channels() {
		count[snapshot.Status]++
	}
	return count
}

// book makes all channels dial through a book.
func (s *scene) book(network *wstest.Network) *booked {
	b := &booked{Dialer: &transport.WebSocket{NetDial: network.Dial}, begun: time.Now()}
	s.fleet.house.dialer = b
	return b
}

func TestOneHintHoldsFiveHundredChannelsAndTheGateReleasesThem(t *testing.T) {
	const channels = 500
	limits := Limits{PerSecond: 50, Burst: 20, Concurrent: 8}
	inScene(t, func(s *scene) {
		b := s.book(s.network)
		s.network.SetLatency(20 * ms) // a dial takes its time, or there is never more than one
		s.server.Down()
		for n := range channels {
			s.open(s.spec(messages.ChannelID(fmt.Sprint(n))))
		}
		elapse(5 * time.Second) // some have failed already, others have not had their turn
		s.fleet.NetworkDown()
		if got := s.statuses(); got[messages.Held] != channels {
			t.Fatalf("after the hint: %v", got)
		}
		before := map[messages.ChannelID]uint64{}
		for snapshot := range s.fleet.Channels() {
			before[snapshot.Channel] = uint64(snapshot.Attempt)
		}
		if err := s.server.Up(); err != nil {
			t.Fatal(err)
		}
		dials := len(b.dialled())
		elapse(50 * time.Second) // the hint is believed for at least 54 s
		if n := len(b.dialled()); n != dials {
			t.Errorf("%d dials without a network", n-dials)
		}
		for snapshot := range s.fleet.Channels() {
			if uint64(snapshot.Attempt) != before[snapshot.Channel] {
				t.Errorf("%s counts %d failures, and counted %d before", snapshot.Channel, snapshot.Attempt, before[snapshot.Channel])
			}
		}

		s.fleet.NetworkUp()
		elapse(15 * time.Second) // (500 - 20) / 50 per second, and a little
		if got := s.statuses(); got[messages.Ready] != channels {
			t.Errorf("after the release: %v", got)
		}
		released := b.dialled()[dials:]
		if len(released) != channels {
			t.Errorf("%d dials for %d channels", len(released), channels)
		}
		if wrong := exceeded(released, limits); wrong != "" || b.most != limits.Concurrent {
			t.Errorf("%s; %d at once", wrong, b.most)
		}
	}, WithLimits(limits), WithObserverQueue(1<<16))
}

func TestOfflineCostsNoAttempts(t *testing.T) {
	inScene(t, func(s *scene) {
		s.server.Down()
		spec := s.spec("a")
		spec.MaxRetries, spec.Strategy = 3, Fixed{Interval: 10 * time.Second}
		ch := s.open(spec)
		elapse(15 * time.Second) // the first attempt and one retry have failed
		for range 50 {
			s.fleet.NetworkDown()
			elapse(30 * time.Second)
			s.fleet.NetworkUp()
			elapse(5 * time.Second) // one attempt, and the wait for the next
		}
		// An outage of so long is Suspended; only the last attempt counts, of 52.
		if got := ch.Snapshot(); got.Status != messages.Suspended || got.Attempt != 1 {
			t.Errorf("the channel is %s after %d failures", got.Status, got.Attempt)
		}
	})
}

// The hint is doubted after a minute, and every try fails: no budget is spent.
func TestALongTimeOfflineSpendsNoBudget(t *testing.T) {
	inScene(t, func(s *scene) {
		spec := s.spec("a")
		spec.MaxRetries = 3
		ch := s.open(spec)
		s.wait(ch, messages.Ready)
		s.fleet.NetworkDown()
		s.server.Down()
		s.server.Drop()
		elapse(12 * time.Hour) // and the attempt of this very moment
		if got := ch.Snapshot(); got.Phase() != messages.PhaseWaiting {
			t.Errorf("after half a day offline it is %s because of %s", got.Status, got.Reason)
		}
		if n := s.dialsIn(time.Hour); n > 70 {
			t.Errorf("%d dials in an hour offline", n)
		}
		s.fleet.NetworkUp()
		time.Sleep(time.Minute) // now it is the server's fault
		if got := ch.Snapshot().Status; got != messages.Failed {
			t.Errorf("with a network and without a server it is %s", got)
		}
	})
}

// What keeps many channels from giving up does not bring them all in one moment.
func TestManyAreOfflineForLongAndDoNotTryInStep(t *testing.T) {
	inScene(t, func(s *scene) {
		for n := range 50 {
			spec := s.spec(messages.ChannelID(fmt.Sprintf("c%d", n)))
			spec.MaxRetries = 1
			s.open(spec)
		}
		elapse(time.Minute)
		s.fleet.NetworkDown()
		s.server.Down()
		s.server.Drop()
		elapse(time.Hour)
		most, seen := 0, map[time.Time]int{}
		before := len(s.network.Dials())
		elapse(time.Hour)
		for _, dial := range s.network.Dials()[before:] {
			at := dial.At.Truncate(time.Second)
			seen[at]++
			most = max(most, seen[at])
		}
		if most > 10 {
			t.Errorf("%d of 50 dialled in one second", most)
		}
	}, WithBreaker(BreakerLimits{Attempts: 1 << 20}))
}

// A hint asks every connection for a sign of life, long before the next
// heartbeat. It is the answer that counts.
func TestAHintDropsNoSocketButOneThatIsDead(t *testing.T) {
	inScene(t, func(s *scene) {
		s.ready("a", "b", "dead")
		s.server.Conns("/dead")[0].HalfOpen()
		s.forget()
		s.fleet.NetworkDown()
		elapse(20 * time.Second)
		s.expect("a", `0s updated NetworkUp`)
		s.expect("b", `0s updated NetworkUp`)
		s.expect("dead", `10s Held NetworkDown`)
		elapse(time.Hour)
		if n := len(s.server.Dials()); n != 4 {
			t.Errorf("%d dials by two channels that stay up and one that comes back", n)
		}
	})
}

func TestALostNetworkUpStrandsNobody(t *testing.T) {
	inScene(t, func(s *scene) {
		b := s.book(s.network)
		s.fleet.NetworkDown()
		for n := range 100 {
			s.open(s.spec(messages.ChannelID(fmt.Sprint(n))))
		}
		elapse(53 * time.Second)
		if got := s.statuses(); got[messages.Held] != 100 {
			t.Errorf("while the hint is believed: %v", got)
		}
		elapse(13*time.Second + 100*ms)
		if got := s.statuses(); got[messages.Ready] != 100 {
			t.Errorf("after that: %v", got)
		}
		if at := b.dialled(); at[len(at)-1]-at[0] < 5*time.Second {
			t.Errorf("all came between %s and %s", at[0], at[len(at)-1])
		}
	})
}

func TestAChannelThatIsOpenedOfflineMakesNoFirstAttempt(t *testing.T) {
	for who, open := range map[string]func(*scene) *Channel{
		"opened": func(s *scene) *Channel { return s.open(s.spec("a")) },
		"connected by its user": func(s *scene) *Channel {
			spec := s.spec("a")
			spec.Manual = true
			ch := s.open(spec)
			elapse(time.Minute)
			if err := ch.Connect(s.t.Context()); !errors.Is(err, messages.ReasonNetworkDown) {
				t.Errorf("connecting without a network: %v", err)
			}
			s.forget()
			return ch
		},
	} {
		t.Run(who, func(t *testing.T) {
			inScene(t, func(s *scene) {
				s.fleet.NetworkDown()
				elapse(time.Hour)
				s.forget()
				ch := open(s)
				elapse(10 * time.Second)
				if n := len(s.network.Dials()); n != 0 {
					t.Errorf("%d dials without a network", n)
				}
				s.fleet.NetworkUp()
				s.wait(ch, messages.Ready)
				want := `
					10s Queued NetworkUp
					10s Preparing
					10s Dialing
					10s Authenticating
					10s Ready`
				if who == "opened" {
					want = `0s Held NetworkDown` + want
				}
				s.expect("a", want)
			})
		})
	}
}

// The channels are told in steps. One that is opened between a hint and its step
// is told at once, and not left behind when the hint is taken back before.
func TestAChannelThatIsOpenedBeforeTheOthersAreToldIsReleasedWithThem(t *testing.T) {
	inScene(t, func(s *scene) {
		s.ready("a")
		s.fleet.NetworkDown()
		synctest.Wait()
		s.fleet.NetworkUp()
		elapse(hintPause)
		s.forget()
		s.fleet.NetworkDown() // its step has to wait
		s.open(s.spec("b"))
		elapse(hintPause / 2)
		s.fleet.NetworkUp()
		elapse(10 * time.Second)
		s.expect("b", `
			0s Held NetworkDown
			1s Queued NetworkUp
			1s Preparing
			1s Dialing
			1s Authenticating
			1s Ready`)
	})
}

// Whatever order the opening of channels and the steps of the hints come in,
// each channel is told the last one.
func TestHintsWhileChannelsAreOpenedAreNeverLost(t *testing.T) {
	inScene(t, func(s *scene) {
		for round := range 40 {
			var all sync.WaitGroup
			all.Go(func() {
				for n := range 50 {
					s.open(s.spec(messages.ChannelID(fmt.Sprint(round, " ", n))))
				}
			})
			up := round%2 == 1
			all.Go(func() { s.fleet.house.reach.hint(up) })
			all.Wait()
			elapse(2 * time.Second)
			want := messages.Held
			if up {
				want = messages.Ready
			}
			for snapshot := range s.fleet.Channels() {
				if snapshot.Status != want && !(snapshot.Status == messages.Ready && !up) {
					t.Fatalf("round %d: %s is %s", round, snapshot.Channel, snapshot.Status)
				}
			}
		}
	}, WithObserverQueue(1<<18))
}

func TestHintsReachAFleetByTheActorsDoor(t *testing.T) {
	inScene(t, func(s *scene) {
		h := s.fleet.house
		s.server.Down()
		ch := s.open(s.spec("a"))
		s.wait(ch, messages.Backoff)
		h.system.Root.Send(h.root, messages.NetworkDown{})
		s.wait(ch, messages.Held)
		if err := s.server.Up(); err != nil {
			t.Fatal(err)
		}
		h.system.Root.Send(h.root, messages.NetworkUp{})
		s.wait(ch, messages.Ready)
	})
}
