package simulation

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/supervisor"
	"github.com/seed14814784/holdfast/transport"
	"github.com/seed14814784/holdfast/transport/wstest"
)

// ending is how one server ends, and what becomes of the channel.
type ending struct {
	script wstest.Handler
	change func(*supervisor.Spec)
	steps  func(*stage)
	want   string
}

// once does what the script does to the first connection; the next ones are
// well.
func once(script wstest.Handler) wstest.Handler { return wstest.Sequence(script, wstest.Echo()) }

// later ends a connection after it was up for so long.
func later(d time.Duration, end func(*wstest.Conn)) wstest.Handler {
	return once(func(c *wstest.Conn) {
		c.Upgrade()
		c.Sleep(d)
		end(c)
	})
}

// proxy cuts a connection in which nothing was heard from the client for so
// long, without a word, as nginx does at its proxy_read_timeout.
func proxy(timeout time.Duration) wstest.Handler {
	return once(func(c *wstest.Conn) {
		c.Upgrade()
		timer := time.AfterFunc(timeout, c.Drop)
		defer timer.Stop()
		for {
			c.ExpectPing()
			timer.Reset(timeout)
		}
	})
}

// together lets the reset that comes a minute after the upgrade arrive with the
// close frame before it, as two packets do that left together. A reset of the
// network in memory would overtake what is under way.
func together(s *stage) {
	s.polite.Store(true) // both are written down before what they cause
	s.pass(59 * time.Second)
	s.network.SetLatency(0)
	s.pass(500 * time.Millisecond)
	s.network.SetLatency(travel)
	s.pass(time.Minute)
}

func beating(every time.Duration) func(*supervisor.Spec) {
	return func(s *supervisor.Spec) { s.Keepalive.Interval = every }
}

func meaning(codes map[int]messages.Code) func(*supervisor.Spec) {
	return func(s *supervisor.Spec) { s.Protocol = transport.Endings(transport.Raw(), codes) }
}

// endings are those of reference servers, as they were seen on the wire.
func endings() map[string]ending {
	return map[string]ending{
		"Centrifugo hears no pong and closes with 3012": {
			script: once(func(c *wstest.Conn) {
				c.Upgrade()
				c.Sleep(25 * time.Second)
				c.Send("{}")
				c.Sleep(8 * time.Second)
				c.Close(3012, "no pong")
			}),
			want: `
				status Dialing at=0s
				peer> 101
				status Ready at=40ms
				peer> text "{}"
				peer> close 3012 "no pong"
				status Backoff reason=PeerClose (websocket 3012 "no pong") retry=1s at=33.04s
				status Dialing at=34.04s
				peer> 101
				status Ready at=34.08s`,
		},
		"Centrifugo is shut down, 3001": {
			script: later(time.Minute, func(c *wstest.Conn) { c.Close(3001, "shutdown") }),
			want: `
				status Dialing at=0s
				peer> 101
				status Ready at=40ms
				peer> close 3001 "shutdown"
				status Backoff reason=PeerClose (websocket 3001 "shutdown") retry=1s at=1m0.04s
				status Dialing at=1m1.04s
				peer> 101
				status Ready at=1m1.08s`,
		},
		"Phoenix kicks with 1011, which says nothing to a plain WebSocket": {
			script: later(time.Minute, func(c *wstest.Conn) { c.Close(1011, "") }),
			want: `
				status Dialing at=0s
				peer> 101
				status Ready at=40ms
				peer> close 1011
				status Backoff reason=PeerClose (websocket 1011) retry=1s at=1m0.04s
				status Dialing at=1m1.04s
				peer> 101
				status Ready at=1m1.08s`,
		},
		"Phoenix kicks with 1011, to a protocol that knows what it means": {
			script: later(time.Minute, func(c *wstest.Conn) { c.Close(1011, "") }),
			change: meaning(map[int]messages.Code{1011: messages.ReasonKickedByAdmin}),
			steps:  func(s *stage) { s.pass(time.Minute); s.pass(24 * time.Hour) },
			want: `
				status Dialing at=0s
				peer> 101
				status Ready at=40ms
				+1m
				peer> close 1011
				status Kicked reason=KickedByAdmin (websocket 1011) action=LogIn at=1m0.04s
				+24h`,
		},
		"NATS greets with the 101 and puts the forbidden 1006 on the wire": {
			script: once(wstest.Greet("INFO {}\r\n", func(c *wstest.Conn) {
				c.Sleep(2 * time.Minute)
				c.Close(1006, "Stale Connection")
			})),
			steps: func(s *stage) { s.pass(3 * time.Minute) },
			want: `
				status Dialing at=0s
				peer> 101
				peer> text "INFO {}\r\n"
				status Ready at=40ms
				+3m
				peer> close 1006 "Stale Connection"
				status Backoff reason=AbnormalClosure (websocket 1006 "Stale Connection") retry=1s at=2m0.04s
				status Dialing at=2m1.04s
				peer> 101
				status Ready at=2m1.08s`,
		},
		"Socket.IO closes without a code": {
			script: later(time.Minute, func(c *wstest.Conn) { c.Close(0, "") }),
			want: `
				status Dialing at=0s
				peer> 101
				status Ready at=40ms
				peer> close
				status Backoff reason=PeerClose (websocket 1005) retry=1s at=1m0.04s
				status Dialing at=1m1.04s
				peer> 101
				status Ready at=1m1.08s`,
		},
		"Mosquitto gives the client id to another and hangs up": {
			script: later(time.Minute, (*wstest.Conn).Drop),
			want: `
				status Dialing at=0s
				peer> 101
				status Ready at=40ms
				peer> eof
				status Backoff reason=ReadEOF retry=1s at=1m0.04s
				status Dialing at=1m1.04s
				peer> 101
				status Ready at=1m1.08s`,
		},
		"Caddy is stopped, 1001": {
			script: later(time.Minute, func(c *wstest.Conn) { c.Close(1001, "") }),
			want: `
				status Dialing at=0s
				peer> 101
				status Ready at=40ms
				peer> close 1001
				status Backoff reason=PeerClose (websocket 1001) retry=1s at=1m0.04s
				status Dialing at=1m1.04s
				peer> 101
				status Ready at=1m1.08s`,
		},
		"Prosody says goodbye and resets before the answer": {
			script: later(time.Minute, func(c *wstest.Conn) {
				c.Send("<system-shutdown/>")
				c.Kick(1000, "Stream closed")
				c.Reset()
			}),
			steps: together,
			want: `
				status Dialing at=0s
				peer> 101
				status Ready at=40ms
				+59s
				+500ms
				peer> text "<system-shutdown/>"
				peer> close 1000 "Stream closed"
				peer> reset
				status Backoff reason=PeerClose (websocket 1000 "Stream closed") retry=1s at=1m0.03s
				+1m
				status Dialing at=1m1.03s
				peer> 101
				status Ready at=1m1.07s`,
		},
		"nginx is stopped, 1001 and a reset": {
			script: later(time.Minute, func(c *wstest.Conn) {
				c.Kick(1001, "410 Gone")
				c.Reset()
			}),
			steps: together,
			want: `
				status Dialing at=0s
				peer> 101
				status Ready at=40ms
				+59s
				+500ms
				peer> close 1001 "410 Gone"
				peer> reset
				status Backoff reason=PeerClose (websocket 1001 "410 Gone") retry=1s at=1m0.03s
				+1m
				status Dialing at=1m1.03s
				peer> 101
				status Ready at=1m1.07s`,
		},
		"nginx hangs up on a channel that beats too slowly": {
			script: proxy(time.Minute),
			change: beating(10 * time.Minute),
			steps:  func(s *stage) { s.pass(3 * time.Minute) },
			want: `
				status Dialing at=0s
				peer> 101
				status Ready at=40ms
				+3m
				peer> eof
				status Backoff reason=ReadEOF retry=1s attempt=1 at=1m0.04s
				status Dialing attempt=1 at=1m1.04s
				peer> 101
				status Ready attempt=1 at=1m1.08s`,
		},
		"nginx lets a channel live that beats more often than its timeout": {
			script: proxy(time.Minute),
			steps:  func(s *stage) { s.pass(24 * time.Hour) },
			want: `
				status Dialing at=0s
				peer> 101
				status Ready at=40ms
				+24h`,
		},
		"HAProxy has no server behind it": {
			script: wstest.Sequence(wstest.Refuse(503), wstest.Refuse(503), wstest.Echo()),
			want: `
				status Dialing at=0s
				peer> 503
				status Backoff reason=TryLater (http 503 "Service Unavailable") retry=1s attempt=1 at=40ms
				status Dialing attempt=1 at=1.04s
				peer> 503
				status Backoff reason=TryLater (http 503 "Service Unavailable") retry=1s attempt=2 at=1.08s
				status Dialing attempt=2 at=2.08s
				peer> 101
				status Ready attempt=2 at=2.12s`,
		},
		"a server is dialled soon after its Retry-After is over": {
			script: once(wstest.Refuse(429, "Retry-After: 30")),
			steps: func(s *stage) {
				s.pass(29 * time.Second)
				s.pass(7 * time.Second)
			},
			want: `
				status Dialing at=0s
				peer> 429 Retry-After: 30
				status Backoff reason=RateLimited (http 429 "Too Many Requests") retry=30s+20% attempt=1 at=40ms
				+29s
				+7s
				status Dialing attempt=1
				peer> 101
				status Ready attempt=1`,
		},
		"a server does not speak WebSocket here, 404": {
			script: wstest.Refuse(404),
			steps:  func(s *stage) { s.pass(24 * time.Hour) },
			want: `
				status Dialing at=0s
				peer> 404
				status Failed reason=BadRequest (http 404 "Not Found") action=CheckConfiguration at=40ms
				+24h`,
		},
		"Prosody misses its subprotocol, 501": {
			script: wstest.Refuse(501),
			steps:  func(s *stage) { s.pass(24 * time.Hour) },
			want: `
				status Dialing at=0s
				peer> 501
				status Failed reason=BadRequest (http 501 "Not Implemented") action=CheckConfiguration at=40ms
				+24h`,
		},
		"a server rejects the credentials until we stop": {
			script: wstest.Refuse(401),
			steps:  func(s *stage) { s.pass(time.Minute); s.pass(24 * time.Hour) },
			want: `
				status Dialing at=0s
				peer> 401
				status Dialing at=40ms
				peer> 401
				status Backoff reason=AuthRejected (http 401 "Unauthorized") retry=1s attempt=1 action=RenewCredentials at=80ms
				+1m
				status Dialing attempt=1 at=1.08s
				peer> 401
				status Dialing attempt=1 at=1.12s
				peer> 401
				status Backoff reason=AuthRejected (http 401 "Unauthorized") retry=1s attempt=2 action=RenewCredentials at=1.16s
				status Dialing attempt=2 at=2.16s
				peer> 401
				status Dialing attempt=2 at=2.2s
				peer> 401
				status Failed reason=AuthFailuresExceeded (http 401 "Unauthorized") attempt=2 action=LogIn at=2.24s
				+24h`,
		},
		"a peer's machine loses its power": {
			script: later(time.Minute, (*wstest.Conn).HalfOpen),
			steps: func(s *stage) {
				s.pass(time.Minute)
				s.vague.Store(true)      // when the last pong came is drawn
				s.pass(37 * time.Second) // it is found dead 35 s after that, and dialled a second later
			},
			want: `
				status Dialing at=0s
				peer> 101
				status Ready at=40ms
				+1m
				peer> half-open
				+37s
				status Backoff reason=PongTimeout retry=1s
				status Dialing
				peer> 101
				status Ready`,
		},
		"another login replaces this one, and we take over after a day": {
			script: later(time.Minute, func(c *wstest.Conn) { c.Close(4001, "replaced") }),
			change: meaning(map[int]messages.Code{4001: messages.ReasonKickedOtherDevice}),
			steps: func(s *stage) {
				s.pass(time.Minute)
				s.pass(24 * time.Hour)
				ctx := context.Background()
				_, err := s.ch.Send(ctx, messages.Text("hello"))
				s.do("send", err)
				s.do("connect", s.ch.Connect(ctx))
				s.pass(time.Minute)
				s.do("connect with takeover", s.ch.Connect(ctx, supervisor.Takeover))
				s.pass(time.Minute)
			},
			want: `
				status Dialing at=0s
				peer> 101
				status Ready at=40ms
				+1m
				peer> close 4001 "replaced"
				status Kicked reason=KickedOtherDevice (websocket 4001 "replaced") action=TakeOver at=1m0.04s
				+24h
				send: NotConnected
				connect: KickedOtherDevice
				+1m
				connect with takeover: taken
				status Dialing at=24h2m1s
				+1m
				peer> 101
				status Ready at=24h2m1.04s`,
		},
	}
}

func TestServersEndAsRealOnesDo(t *testing.T) {
	for name, e := range endings() {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				story := play(t, e)
				if diff := story.Diff(e.want); diff != "" {
					t.Errorf("%s", diff)
				}
			})
		})
	}
}
