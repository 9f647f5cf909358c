package transport

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gobwas/ws"

	"github.com/seed14814784/holdfast/messages"
)

// A close-notify waits for the peer, up to five seconds; Abort must not.
func TestAbortOverTLSDoesNotWaitForThePeer(t *testing.T) {
	pair, roots := certificate(t)
	synctest.Test(t, func(t *testing.T) {
		w := &WebSocket{
			TLS: &tls.Config{RootCAs: roots, ServerName: "example.com"},
			NetDial: func(context.Context, string, string) (net.Conn, error) {
				ours, theirs := net.Pipe()
				go func() {
					secure := tls.Server(theirs, &tls.Config{Certificates: []tls.Certificate{pair}, Time: notBefore(pair)})
					_, _ = ws.Upgrade(secure) // and is never heard of again
				}()
				return ours, nil
			},
		}
		w.TLS.Time = notBefore(pair)
		c, err := w.Dial(t.Context(), Target{URL: "wss://h"})
		if err != nil {
			t.Fatal(err)
		}
		u := use(t, c)
		for range 10 {
			_ = c.Write(Frame{FrameBinary, make([]byte, 50_000)})
		}
		synctest.Wait()
		start := time.Now()
		u.abort()
		same(t, "took", time.Since(start), time.Duration(0))
		same(t, "written", c.Written(), uint64(0))
	})
}

// notBefore is a clock at which the certificate is valid: that of a bubble
// starts in 2000.
func notBefore(pair tls.Certificate) func() time.Time {
	return func() time.Time { return pair.Leaf.NotBefore.Add(time.Hour) }
}

func TestASocketThatArrivesLateIsClosed(t *testing.T) {
	for _, url := range []string{"ws://h", "wss://h", "tcp://h:1", "tls://h:1"} {
		synctest.Test(t, func(t *testing.T) {
			ours, theirs := net.Pipe()
			late := func(context.Context, string, string) (net.Conn, error) {
				time.Sleep(time.Minute) // and does not look at its context
				return ours, nil
			}
			web, stream := &WebSocket{NetDial: late}, &TCP{NetDial: late}
			dialers := Schemes{"ws": web, "wss": web, "tcp": stream, "tls": stream}
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			_, err := dialers.Dial(ctx, Target{URL: url})
			if got := reasonFor(t, err).Code; got != messages.ReasonHandshakeTimeout && got != messages.ReasonDialTimeout {
				t.Errorf("got %v", err)
			}
			_, err = theirs.Read(make([]byte, 1))
			same(t, "the peer", err, io.EOF)
		})
	}
}
