package wukongimtest

import (
	"errors"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// refusals checks that nobody listens.
func (h *house) refuses() {
	h.Helper()
	for _, addr := range []string{h.TCP, h.WS, h.API} {
		_, addr, _ = strings.Cut(addr, "://")
		if _, err := dialer(h.Server)(h.Context(), "tcp", addr); !errors.Is(err, syscall.ECONNREFUSED) {
			h.Errorf("%s: %v", addr, err)
		}
	}
}

// Neither of the two says anything: no DISCONNECT, no close frame.
func TestARestart(t *testing.T) {
	for sentence, stop := range map[string]struct {
		do    func(*Server)
		after time.Duration
	}{"SIGTERM": {(*Server).Down, time.Second}, "kill -9": {(*Server).Kill, 0}} {
		t.Run(sentence, func(t *testing.T) {
			both(t, func(h *house, w way, _ Profile) {
				alice, bob := w.online(h, h.Server, "alice"), w.online(h, h.Server, "bob")
				alice.send("tea", 2, "before")
				bob.hears(`RECV tea/2 seq=1 from=alice "before" redDot`)
				stop.do(h.Server)
				h.refuses()
				h.ends(bob, "eof", stop.after)
				synctest.Wait()
				same(h, []any{h.Online(), h.Conns()}, []any{[]string(nil), []*Conn(nil)})
				h.at(time.Minute)
				if err := h.Up(); err != nil {
					h.Fatal(err)
				}
				bob = w.online(h, h.Server, "bob")
				same(h, bob.hearWithin(100*time.Second), quiet) // what waited for a RECVACK is forgotten
				h.Send("alice", "tea", 2, []byte("after"))
				bob.hears(`RECV tea/2 seq=2 from=alice "after" redDot`)
				same(h, h.history("bob", "tea", 2), []uint64{1, 2})
			})
		})
	}
}

// A server that is up again within the second still ends the old connections, and no
// other.
func TestARestartThatIsQuick(t *testing.T) {
	both(t, func(h *house, w way, _ Profile) {
		old := w.online(h, h.Server, "alice")
		h.Down()
		if err := h.Up(); err != nil {
			h.Fatal(err)
		}
		fresh := w.online(h, h.Server, "bob")
		h.ends(old, "eof", time.Second)
		fresh.ping()
		fresh.hears("PONG")
	})
}

func TestNothingStartsAfterClose(t *testing.T) {
	alone(t, V2, func(h *house) {
		c := ways[0].online(h, h.Server, "alice")
		if err := h.Close(); err != nil {
			h.Error(err)
		}
		c.hears("eof")
		if err := h.Up(); err != nil {
			h.Error(err)
		}
		h.refuses()
	})
}

// The dial was accepted, and nobody has looked at the connection yet.
func TestAKillEndsWhatIsOnItsWay(t *testing.T) {
	for range 50 {
		alone(t, V2, func(h *house) {
			c := ways[0].dial(h, h.Server)
			h.Kill()
			if err := c.tryConnect("alice"); err == nil {
				if end := c.hear(); end != "eof" && end != "reset" {
					h.Error(end)
				}
			}
			same(h, h.Online(), []string(nil))
		})
	}
}

// The server is late: it reads the CONNECT of a connection that was closed long since.
func TestAClientThatClosesBeforeItDialsNeverHasTwo(t *testing.T) {
	both(t, func(h *house, w way, _ Profile) {
		for range 50 {
			c := w.login(h, h.Server, "alice")
			_ = c.Close()
		}
		w.online(h, h.Server, "alice")
		same(h, []int{h.MaxOpen("alice"), h.Open("alice")}, []int{1, 1})
	})
}
