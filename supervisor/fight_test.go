package supervisor

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/transport"
	"github.com/seed14814784/holdfast/transport/wstest"
)

// oneLogin is a backend that lets an identity in once: whoever comes takes the
// place of whoever is there.
func oneLogin(code int) wstest.Handler {
	var mu sync.Mutex
	var there *wstest.Conn
	return func(c *wstest.Conn) {
		c.Upgrade()
		mu.Lock()
		before := there
		there = c
		mu.Unlock()
		if before != nil {
			before.Kick(code, "replaced")
		}
		c.Wait()
	}
}

// inFight runs two fleets that log in with the same identity.
func inFight(t *testing.T, code int, play func(s *scene, fleets [2]*Fleet)) {
	inScene(t, func(s *scene) {
		s.server.Handle(oneLogin(code))
		other, err := New(WithSeed(2), WithDialer(&transport.WebSocket{NetDial: s.network.Dial}),
			WithProtocol(transport.Endings(transport.Raw(), map[int]messages.Code{4001: messages.ReasonKickedOtherDevice})))
		if err != nil {
			t.Fatal(err)
		}
		play(s, [2]*Fleet{s.fleet, other})
		s.must(other.Close(context.Background()))
	}, WithStrategy(Backoff{}))
}

// dialsIn counts the connections that the server gets in a while.
func (s *scene) dialsIn(d time.Duration) int {
	before := len(s.server.Dials())
	time.Sleep(d)
	synctest.Wait()
	return len(s.server.Dials()) - before
}

// The backend closes with a code that nobody has a meaning for, so both come
// back, and each throws the other out.
func TestTwoFleetsWithOneIdentityDoNotFightForEver(t *testing.T) {
	inFight(t, 4009, func(s *scene, fleets [2]*Fleet) {
		var list [2]*Channel
		for i, fleet := range fleets {
			ch, err := fleet.Open(s.t.Context(), s.spec("same"))
			s.must(err)
			list[i] = ch
		}
		if n := s.dialsIn(time.Hour); n < 20 {
			t.Errorf("there was no fight: %d dials", n)
		}
		if n := s.dialsIn(24 * time.Hour); n != 0 {
			t.Errorf("they fight on: %d dials", n)
		}
		var ready, failed int
		for _, ch := range list {
			switch now := ch.Snapshot(); now.Status {
			case messages.Ready:
				ready++
			case messages.Failed:
				failed++
				if now.Reason.Code != messages.ReasonFlapping || now.Reason.Wire.Text != "replaced" {
					t.Errorf("failed because of %s", now.Reason)
				}
				if _, err := ch.Send(s.t.Context(), messages.Text("x")); !errors.Is(err, messages.ReasonNotConnected) {
					t.Errorf("a send says %v", err)
				}
			default:
				t.Errorf("one is %s", now.Status)
			}
		}
		if ready != 1 || failed != 1 {
			t.Errorf("%d are up, %d have failed", ready, failed)
		}
		if !strings.Contains(s.written(), "look for another process that logs in with the same identity") {
			t.Error("the log does not say what to do")
		}
	})
}

// Each fleet has a user who takes over whenever it is kicked.
func TestTwoUsersWhoAlwaysTakeOverDoNotFightForEver(t *testing.T) {
	inFight(t, 4001, func(s *scene, fleets [2]*Fleet) {
		var users sync.WaitGroup
		var mu sync.Mutex
		refused := 0
		for _, fleet := range fleets {
			ch, err := fleet.Open(s.t.Context(), s.spec("same"))
			s.must(err)
			users.Go(func() {
				for {
					if _, err := ch.Wait(s.t.Context(), messages.Kicked); err != nil {
						return
					}
					if err := ch.Connect(s.t.Context(), Takeover); err != nil {
						mu.Lock()
						defer mu.Unlock()
						if !errors.Is(err, messages.ReasonFlapping) {
							t.Errorf("a takeover says %v", err)
						}
						refused++
						return
					}
					if _, err := ch.Wait(s.t.Context(), messages.Ready); err != nil {
						return
					}
				}
			})
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		mu.Lock()
		if refused != 1 {
			t.Errorf("%d takeovers were refused", refused)
		}
		mu.Unlock()
		if n := s.dialsIn(24 * time.Hour); n != 0 {
			t.Errorf("they fight on: %d dials", n)
		}
		for _, fleet := range fleets {
			s.must(fleet.Close(context.Background()))
		}
		users.Wait()
	})
}
