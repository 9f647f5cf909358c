package supervisor

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/transport"
	"github.com/seed14814784/holdfast/transport/wstest"
)

// TestAChannelOverAStreamComesBackAndIsClosed is a plain life: the end of the
// stream is a loss as long as we stay, and the goodbye's answer when we leave.
func TestAChannelOverAStreamComesBackAndIsClosed(t *testing.T) {
	inScene(t, func(s *scene) {
		server := s.network.NewServer("stream:5100", wstest.WithTest(s.t), wstest.WithHandler(func(c *wstest.Conn) {
			c.Plain()
			b := make([]byte, 100)
			for {
				n, err := c.Read(b)
				if err != nil {
					return
				}
				c.WriteRaw(b[:n])
			}
		}))
		echoed := make(chan string, 1)
		ch := s.open(Spec{
			ID: "a", Address: transport.Static("tcp://stream:5100"),
			Dialer:    &transport.TCP{NetDial: s.network.Dial},
			Keepalive: Keepalive{Interval: Never}, // a raw one is a WebSocket ping
			Handler:   func(m messages.Received) { echoed <- string(m.Data) },
		})
		s.wait(ch, messages.Ready)
		receipt, err := ch.Send(s.t.Context(), messages.Text("hello"))
		s.must(err)
		if got := <-echoed; got != "hello" {
			s.t.Errorf("the echo was %q", got)
		}
		if outcome, err := receipt.Wait(s.t.Context()); err != nil || outcome.Result != messages.ResultWritten {
			s.t.Errorf("the outcome was %v, %v", outcome, err)
		}
		server.Drop()
		s.wait(ch, messages.Backoff)
		s.wait(ch, messages.Ready)
		start := time.Now()
		s.must(ch.Disconnect(s.t.Context(), messages.Logout))
		s.wait(ch, messages.Closed)
		if took := time.Since(start); took != 0 {
			s.t.Errorf("the goodbye took %v", took)
		}
		synctest.Wait()
		if got, want := s.story("a"), `0s Queued UserConnect
0s Preparing
0s Dialing
0s Authenticating
0s Ready
0s #1 Written
0s Backoff ReadEOF
1s Queued
1s Preparing
1s Dialing
1s Authenticating
1s Ready
1s Closing UserDisconnect
1s Closed UserDisconnect
`; got != want {
			s.t.Errorf("got\n%swant\n%s", got, want)
		}
		if open := s.network.Open(); open != 0 {
			s.t.Errorf("%d connections are open", open)
		}
	})
}
