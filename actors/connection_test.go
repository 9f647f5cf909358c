package actors

import (
	"context"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/transport"
)

// A channel does not wait for its connection, whose end finds nobody then. That is
// nothing that a program should read in its log.
func TestAConnectionThatEndsAfterItsChannelIsNoDeadLetter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, nil)
		s.connect()
		var logged atomic.Int64
		subscription := s.system.EventStream.Subscribe(func(event any) {
			letter, ok := event.(*actor.DeadLetterEvent)
			if !ok || !strings.HasPrefix(letter.PID.Id, s.pid.Id) {
				return
			}
			if _, quiet := letter.Message.(actor.IgnoreDeadLetterLogging); !quiet {
				logged.Add(1)
			}
		})
		defer s.system.EventStream.Unsubscribe(subscription)
		s.end()
		if n := logged.Load(); n != 0 {
			t.Errorf("there were %d dead letters", n)
		}
	})
}

// brittle is a socket whose methods may do what no socket should.
type brittle struct {
	*socket
	does func(method string)
}

func (b brittle) Close(code int, text string) error {
	b.does("Close")
	return b.socket.Close(code, text)
}

func (b brittle) Written() uint64 {
	b.does("Written")
	return b.socket.Written()
}

func (b brittle) Abort(done func()) {
	b.socket.Abort(done)
	b.does("Abort")
}

// Whatever a socket does at its end, it is closed, and another one follows.
func TestAConnectionEndsAlthoughItsSocket(t *testing.T) {
	bug := func() { panic("the socket's bug") }
	for sentence, test := range map[string]struct {
		method string
		does   func()
	}{
		"panics over the goodbye":                 {"Close", bug},
		"leaves by Goexit over the goodbye":       {"Close", runtime.Goexit},
		"panics when it is aborted":               {"Abort", bug},
		"leaves by Goexit when it is aborted":     {"Abort", runtime.Goexit},
		"cannot say any more what it has written": {"Written", bug},
	} {
		t.Run(sentence, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var broken atomic.Bool
				s := newStage(t, func(settings *Settings) {
					dialer := settings.Dialer
					settings.Dialer = transport.DialerFunc(func(ctx context.Context, target transport.Target) (transport.Conn, error) {
						conn, err := dialer.Dial(ctx, target)
						return brittle{conn.(*socket), func(method string) {
							if method == test.method && broken.Load() {
								test.does()
							}
						}}, err
					})
				})
				s.peer.linger = 100 * time.Millisecond
				s.connect()
				s.peer.last().freeze()
				receipt := s.send("one")
				broken.Store(true)
				s.ask(messages.Redial{})
				s.after(time.Second)
				broken.Store(false)
				s.after(time.Minute)
				if o, _ := receipt.Outcome(); s.status() != messages.Ready || o.Result != messages.ResultWritten {
					t.Errorf("the channel is %s, and its message %s", s.status(), o.Result)
				}
				s.end()
			})
		})
	}
}

// Nobody else would find out what ended it.
func TestAConnectionEndsAlthoughItsSessionLeavesByGoexitOverThat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, func(settings *Settings) {
			settings.Protocol = script{leaving: func(what string) {
				if what == "ENDING" {
					runtime.Goexit()
				}
			}}
		})
		s.connect()
		go s.peer.last().fail(lost())
		s.after(time.Second)
		s.expect(`0s Backoff ActorPanic`)
		s.end()
	})
}
