package transport

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gobwas/ws"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/transport/wstest"
)

// kind is one kind of connection, as its peer sees it.
type kind struct {
	secure bool
	accept func(net.Conn) error                               // what the peer does first
	frame  func(data string) []byte                           // as the peer sends it
	hear   func(r io.Reader, size int) (data string, _ error) // one that we sent; EOF is its end
	answer []byte                                             // what the peer says to our end, before it ends too
	ending string                                             // what Read makes of that
}

func ofFrames(secure bool) kind {
	return kind{
		secure: secure,
		accept: func(c net.Conn) error { _, err := ws.Upgrade(c); return err },
		frame:  func(data string) []byte { return sent(0x82, data) },
		hear: func(r io.Reader, _ int) (string, error) {
			frame, err := readFrame(r)
			if err == nil && frame.Header.OpCode == ws.OpClose {
				return "", io.EOF
			}
			return string(ws.UnmaskFrameInPlace(frame).Payload), err
		},
		answer: sent(0x88, "\x03\xe8"),
		ending: "PeerClose",
	}
}

func ofChunks(secure bool) kind {
	return kind{
		secure: secure,
		accept: func(net.Conn) error { return nil },
		frame:  func(data string) []byte { return []byte(data) },
		hear: func(r io.Reader, size int) (string, error) {
			b := make([]byte, size)
			n, err := io.ReadFull(r, b)
			return string(b[:n]), err
		},
		ending: "ReadEOF",
	}
}

// line is a connection over a network in memory, both ends of it.
type line struct {
	kind
	*user
	t       *testing.T
	network *wstest.Network
	peer    net.Conn // what the peer reads and writes
	raw     net.Conn // the peer's socket
}

// onEveryKind runs a test on every kind of connection, each in a bubble. What is given
// as last is done by those who report, after the bell.
func onEveryKind(t *testing.T, limits *limits, test func(*line), last ...func()) {
	t.Helper()
	for scheme, k := range map[string]kind{
		"ws": ofFrames(false), "wss": ofFrames(true), "tcp": ofChunks(false), "tls": ofChunks(true),
	} {
		t.Run(scheme, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := lay(t, scheme, k, limits)
				l.user = use(t, l.conn, last...)
				test(l)
			})
		})
	}
}

// lay dials a connection. Nobody watches it yet.
func lay(t *testing.T, scheme string, k kind, limits *limits) *line {
	t.Helper()
	l := &line{kind: k, user: &user{}, t: t, network: wstest.NewNetwork()}
	listener, err := l.network.Listen("h:1")
	if err != nil {
		t.Fatal(err)
	}
	server, client := wstest.Certificate("h")
	accepted := make(chan struct{})
	go func() {
		defer close(accepted)
		if l.raw, err = listener.Accept(); err != nil {
			return
		}
		l.peer = l.raw
		if k.secure {
			l.peer = tls.Server(l.raw, server)
			err = l.peer.(*tls.Conn).Handshake()
		}
		if err == nil {
			err = k.accept(l.peer)
		}
	}()
	web := &WebSocket{TLS: client, NetDial: l.network.Dial, WriteLimit: limits.write, WriteTimeout: limits.writeTimeout}
	stream := &TCP{TLS: client, NetDial: l.network.Dial, WriteLimit: limits.write, WriteTimeout: limits.writeTimeout}
	dialers := Schemes{"ws": web, "wss": web, "tcp": stream, "tls": stream}
	conn, dialErr := dialers.Dial(t.Context(), Target{URL: scheme + "://h:1"})
	<-accepted
	if err = errors.Join(dialErr, err); err != nil {
		t.Fatal(err)
	}
	_ = listener.Close()
	t.Cleanup(func() { _ = l.raw.Close() })
	l.conn = conn
	return l
}

// says sends a frame as the peer.
func (l *line) says(data string) {
	l.t.Helper()
	if _, err := l.peer.Write(l.frame(data)); err != nil {
		l.t.Error(err)
	}
}

// hears reads a frame as the peer.
func (l *line) hears(want string) {
	l.t.Helper()
	got, err := l.hear(l.peer, len(want))
	if got != want || err != nil {
		l.t.Errorf("the peer heard %q and %v, want %q", short(got), err, short(want))
	}
}

// writes queues a frame.
func (l *line) writes(data string) error {
	return l.conn.Write(Frame{FrameBinary, []byte(data)})
}

// ends reads to the end, and returns what came before it and why it came.
func (l *line) ends() (data string, ending string) {
	for {
		frame, err := l.read()
		if err != nil {
			return data, code(err)
		}
		data += string(frame.Data)
	}
}

func TestEveryKindReadsWhatArrivedBeforeTheEnd(t *testing.T) {
	for sentence, c := range map[string]struct {
		end  func(*line)
		want string
	}{
		"the peer ends":           {func(l *line) { _ = l.peer.Close() }, "ReadEOF"},
		"the peer's process dies": {func(l *line) { _ = l.raw.Close() }, "ReadEOF"}, // no close-notify
		"the network resets":      {func(l *line) { l.network.Reset() }, "ReadError"},
	} {
		t.Run(sentence, func(t *testing.T) {
			onEveryKind(t, testLimits, func(l *line) {
				_, err := l.conn.Read()
				same(t, "before", err, ErrWouldBlock)
				l.says("hello")
				synctest.Wait() // a reset loses what is under way
				c.end(l)
				data, ending := l.ends()
				same(l.t, "data", data, "hello")
				same(l.t, "ending", ending, c.want)
				_, err = l.conn.Read()
				same(l.t, "again", code(err), c.want)
			})
		})
	}
}

// Who is reported to may end the goroutine that reports. Another one goes on.
func TestEveryKindOutlivesWhoLeavesByGoexit(t *testing.T) {
	onEveryKind(t, testLimits, func(l *line) {
		for i := range 5 {
			word := strings.Repeat("x", 1+2000*i)
			l.says(word)
			heard := ""
			for len(heard) < len(word) {
				frame, err := l.read()
				if err != nil {
					l.t.Fatal(err)
				}
				heard += string(frame.Data)
			}
			same(l.t, "the answer", l.writes(word), nil)
			l.hears(word)
			l.wrote(uint64(i + 1))
		}
	}, runtime.Goexit)
}

func TestEveryKindWritesInOrderAndCounts(t *testing.T) {
	onEveryKind(t, testLimits, func(l *line) {
		sizes := []int{1, 0, 100, 20_000, 1, 300_000}
		for _, n := range sizes {
			same(l.t, "write", l.writes(strings.Repeat("x", n)), nil)
		}
		for _, n := range sizes {
			l.hears(strings.Repeat("x", n))
		}
		l.wrote(uint64(len(sizes)))
	})
}

func TestEveryKindCountsAnEmptyFrameThatIsAlone(t *testing.T) {
	onEveryKind(t, testLimits, func(l *line) {
		for range 3 {
			before := l.conn.Written()
			same(l.t, "write", l.writes(""), nil)
			l.wrote(before + 1)
		}
	})
}

func TestEveryKindStopsReadingWhenNobodyDoes(t *testing.T) {
	onEveryKind(t, testLimits, func(l *line) {
		sent := 0
		go func() {
			for {
				if _, err := l.peer.Write(l.frame(strings.Repeat("x", 1000))); err != nil {
					return
				}
				sent += 1000
			}
		}()
		time.Sleep(time.Hour)
		synctest.Wait()
		if most := 64<<10 + 2*busyRead; sent > most { // the network's buffers and ours; under TLS a record
			l.t.Errorf("%d bytes were taken from a peer that nobody listens to", sent)
		}
		for got := 0; got < 1<<20; {
			frame, err := l.read()
			if err != nil {
				l.t.Fatal(err)
			}
			got += len(frame.Data)
		}
		l.abort()
	})
}

func TestEveryKindBoundsWhatWaits(t *testing.T) {
	limits := *testLimits
	limits.write = 1000
	onEveryKind(t, &limits, func(l *line) {
		same(l.t, "too large ever", code(l.writes(strings.Repeat("x", 1001))), "TooLarge")
		taken := 0
		for l.writes(strings.Repeat("x", 400)) == nil {
			taken++
			synctest.Wait() // until the network's buffers are full
		}
		if least, most := 64<<10/450, 64<<10/400+3; taken < least || taken > most {
			l.t.Errorf("%d frames of 400 bytes were taken", taken)
		}
		same(l.t, "one more", code(l.writes(strings.Repeat("x", 400))), "SlowConsumer")
		for range taken {
			l.hears(strings.Repeat("x", 400))
		}
		l.wrote(uint64(taken))
		same(l.t, "later", l.writes(strings.Repeat("x", 400)), nil)
	})
}

func TestEveryKindEndsWhenThePeerTakesNothing(t *testing.T) {
	onEveryKind(t, testLimits, func(l *line) {
		l.network.Cut()
		start := time.Now()
		for range 2 {
			same(l.t, "write", l.writes(strings.Repeat("x", 60_000)), nil)
		}
		_, ending := l.ends()
		same(l.t, "ending", ending, "WriteTimeout")
		same(l.t, "after", time.Since(start), testLimits.writeTimeout+lastWords)
		same(l.t, "write", code(l.writes("x")), "WriteTimeout")
		same(l.t, "close", l.conn.Close(1000, ""), nil)
	})
}

func TestEveryKindClosesAfterWhatIsQueuedAndReadsOn(t *testing.T) {
	onEveryKind(t, testLimits, func(l *line) {
		long := strings.Repeat("x", 200_000) // more than the network holds
		same(l.t, "write", l.writes(long), nil)
		same(l.t, "close", l.conn.Close(1000, "bye"), nil)
		same(l.t, "again", l.conn.Close(1000, "bye"), nil)
		same(l.t, "write", code(l.writes("x")), "NotConnected")
		_, err := l.conn.Read()
		same(l.t, "read", err, ErrWouldBlock)
		l.hears(long)
		_, err = l.hear(l.peer, 1)
		same(l.t, "then", err, io.EOF)
		time.Sleep(time.Minute) // the peer takes its time
		l.says("last words")
		_, _ = l.peer.Write(l.answer)
		_ = l.peer.Close()
		data, ending := l.ends()
		same(l.t, "data", data, "last words")
		same(l.t, "ending", ending, l.ending)
		same(l.t, "written", l.conn.Written(), uint64(1))
	})
}

// TestEveryKindIsGoneAfterAbort ends connections in every state they can be in:
// the bubble finds goroutines that are left, and the network sockets.
func TestEveryKindIsGoneAfterAbort(t *testing.T) {
	full := func(l *line) {
		_ = l.writes(strings.Repeat("x", 200_000))
		synctest.Wait()
	}
	for sentence, c := range map[string]struct {
		state  func(*line)
		within time.Duration
	}{
		"idle":                   {func(*line) {}, 0},
		"armed":                  {func(l *line) { _, _ = l.conn.Read() }, 0},
		"bytes are here":         {func(l *line) { l.says("unread"); synctest.Wait() }, 0},
		"the network is cut":     {func(l *line) { l.network.Cut() }, 0},
		"a write is stuck":       {full, 0},
		"close was called":       {func(l *line) { _ = l.conn.Close(1000, "") }, 0},
		"the farewell is gone":   {func(l *line) { _ = l.conn.Close(1000, ""); synctest.Wait() }, 0},
		"the farewell is stuck":  {func(l *line) { full(l); _ = l.conn.Close(1000, "") }, goodbye},
		"the peer has ended":     {func(l *line) { _ = l.peer.Close(); l.ends() }, 0},
		"the peer ends unseen":   {func(l *line) { _ = l.peer.Close() }, 0},
		"it was reset":           {func(l *line) { l.network.Reset(); l.ends() }, 0},
		"it was reset unseen":    {func(l *line) { l.network.Reset() }, 0},
		"writing has timed out":  {func(l *line) { full(l); l.ends() }, 0},
		"both sides have closed": {func(l *line) { _ = l.conn.Close(1000, ""); _, _ = l.hear(l.peer, 1); _ = l.peer.Close() }, 0},
	} {
		t.Run(sentence, func(t *testing.T) {
			onEveryKind(t, testLimits, func(l *line) {
				c.state(l)
				start := time.Now()
				l.abort()
				if took := time.Since(start); took > c.within {
					l.t.Errorf("it took %v", took)
				}
				same(l.t, "sockets", l.network.Open(), 0)
				_, err := l.conn.Read()
				if _, ok := messages.ReasonOf(err); !ok {
					l.t.Errorf("Read says %v", err)
				}
				written := l.conn.Written()
				if l.writes("x") == nil || l.conn.Written() != written {
					l.t.Error("something was written after the end")
				}
			})
		})
	}
}

func TestEveryKindSaysGoodbyeWhenItIsAbortedAfterClose(t *testing.T) {
	onEveryKind(t, testLimits, func(l *line) {
		long := strings.Repeat("x", 200_000) // more than the network holds
		same(l.t, "write", l.writes(long), nil)
		synctest.Wait()
		_ = l.conn.Close(1000, "")
		gone := make(chan struct{})
		l.conn.Abort(func() { close(gone) })
		time.Sleep(goodbye / 2)
		l.hears(long)
		_, err := l.hear(l.peer, 1)
		same(l.t, "then", err, io.EOF) // under TLS a close-notify
		<-gone
		same(l.t, "written", l.conn.Written(), uint64(1))
	})
}

func TestEveryKindCanBeAbortedBeforeItIsWatched(t *testing.T) {
	for scheme, k := range map[string]kind{"ws": ofFrames(false), "tls": ofChunks(true)} {
		synctest.Test(t, func(t *testing.T) {
			l := lay(t, scheme, k, testLimits)
			l.abort()
			same(t, "sockets", l.network.Open(), 0)
			l.conn.Watch(func() func() { t.Error("notified"); return nil })
			synctest.Wait()
		})
	}
}
