package wukongimtest

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// Two thousand logins over loopback, each with a message to itself.
func TestTwoThousandLogins(t *testing.T) {
	const clients, limit = 2000, 60 * time.Second
	for _, w := range ways[:2] {
		t.Run(w.name, func(t *testing.T) {
			t.Parallel()
			server := NewServer(V2, WithTest(t))
			began := time.Now()
			storm(t, server, w, clients)
			if took := time.Since(began); took > limit {
				t.Errorf("it took %s", took)
			} else {
				t.Logf("%d logins and messages in %s", clients, took.Round(time.Millisecond))
			}
		})
	}
}

// storm logs everybody in, at most a hundred at once, and lets each say something.
func storm(t testing.TB, server *Server, w way, clients int) {
	t.Helper()
	slots := make(chan struct{}, 100)
	var all sync.WaitGroup
	for i := range clients {
		uid := fmt.Sprintf("user-%d", i)
		server.AddUser(uid, "token-"+uid)
		slots <- struct{}{}
		all.Go(func() {
			defer func() { <-slots }()
			c := w.dial(t, server)
			c.connect(uid)
			c.converse(uid)
		})
	}
	all.Wait()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	conns, err := server.Await(ctx, clients)
	if err != nil || server.MaxOpen() != 1 || len(conns) != clients || len(server.Received()) != clients {
		t.Error(err, server.MaxOpen(), len(conns), len(server.Received()))
	}
}

// converse checks the login, and a message there and back.
func (c *client) converse(uid string) {
	if got := c.hearWithin(time.Minute); got != "CONNACK 1 v5" {
		c.t.Errorf("%s: %s", uid, got)
		return
	}
	c.send(uid, 1, "hello")
	if got := c.hearWithin(time.Minute); got != "SENDACK 1 seq=1 redDot" {
		c.t.Errorf("%s: %s", uid, got)
	}
}

// An hour of a fleet's life with every fault: nothing is left behind, nothing panics,
// and no device ever has two connections.
func TestAnHourOfFaults(t *testing.T) {
	for _, profile := range []Profile{V2, V3} {
		alone(t, profile, func(h *house) {
			stop := time.Now().Add(time.Hour)
			var clients sync.WaitGroup
			uids := make([]string, 9)
			for i := range uids {
				uids[i] = fmt.Sprint("user-", i)
				h.AddUser(uids[i], "token-"+uids[i])
			}
			h.AddChannel("all", 2, uids...)
			for i, uid := range uids {
				clients.Go(func() { wander(h, ways[i%2], uid, stop) })
			}
			faults := []func(){
				h.network.Cut, h.network.Mend, h.network.Reset, h.Down, func() { _ = h.Up() }, h.Kill, func() { _ = h.Up() },
				func() { h.faulty((*Conn).Drop) }, func() { h.faulty((*Conn).Silence) }, func() { h.faulty((*Conn).HalfOpen) },
				func() { h.faulty(func(c *Conn) { h.Quit(c.UID(), -1); h.AddUser(c.UID(), "token-"+c.UID()) }) },
				func() { h.faulty(func(c *Conn) { c.HoldSendacks(); c.SkipRecvs(3); c.Forge(WrongKey) }) },
			}
			for i := range 120 {
				time.Sleep(30*time.Second - time.Millisecond)
				faults[i%len(faults)]()
				time.Sleep(time.Millisecond)
			}
			h.network.Mend()
			_ = h.Up()
			clients.Wait()
			for _, c := range h.Conns() { // those that are half-open have not seen the end
				c.Drop()
			}
			synctest.Wait()
			if h.MaxOpen() != 1 || h.Open() != 0 || h.network.Open() != 0 || len(h.Online()) != 0 || len(h.Received()) < 500 {
				h.Error(h.MaxOpen(), h.Open(), h.network.Open(), h.Online(), len(h.Received()))
			}
		})
	}
}

// faulty does something to every third connection.
func (h *house) faulty(do func(*Conn)) {
	for i, c := range h.Conns() {
		if i%3 == 0 {
			do(c)
		}
	}
}

// wander logs in again and again, and talks.
func wander(h *house, w way, uid string, stop time.Time) {
	for time.Now().Before(stop) {
		c, err := w.try(h, h.Server)
		if err != nil {
			time.Sleep(time.Second)
			continue
		}
		if c.tryConnect(uid) == nil && c.hearWithin(10 * time.Second)[:7] == "CONNACK" {
			for time.Now().Before(stop) {
				if frame, err := c.sendFrame("all", 2, uid); err != nil || c.tryWrite(frame) != nil {
					break
				}
				heard := c.hearWithin(20 * time.Second)
				if heard == quiet || heard == "eof" || heard == "reset" || heard[:5] == "close" {
					break
				}
				time.Sleep(15 * time.Second)
			}
		}
		_ = c.Close()
	}
}
