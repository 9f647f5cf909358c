package transport

import (
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/transport/wstest"
)

func TestAChunkBelongsToItsReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := lay(t, "tcp", ofChunks(false), testLimits)
		l.user = use(t, l.conn)
		random := rand.New(rand.NewPCG(1, 2))
		stream := make([]byte, 500_000)
		for i := range stream {
			stream[i] = byte(random.Uint32())
		}
		go func() {
			for rest := stream; len(rest) > 0; {
				n := min(len(rest), 1+random.IntN(40_000))
				_, _ = l.peer.Write(rest[:n])
				rest = rest[n:]
			}
			_ = l.peer.Close()
		}()
		var chunks [][]byte
		for {
			frame, err := l.read()
			if err != nil {
				same(t, "ending", code(err), "ReadEOF")
				break
			}
			if n := len(frame.Data); frame.Kind != FrameBinary || n < 1 || n > busyRead {
				t.Fatalf("a frame of kind %d has %d bytes", frame.Kind, n)
			}
			chunks = append(chunks, frame.Data)
		}
		if !bytes.Equal(slices.Concat(chunks...), stream) {
			t.Error("the chunks are not the stream any more")
		}
	})
}

func TestAStreamCarriesTextAndBinaryAlikeAndNothingElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := lay(t, "tcp", ofChunks(false), testLimits)
		l.user = use(t, l.conn)
		for _, frame := range []Frame{{FrameText, []byte("text \xff ")}, {FramePing, nil}, {FrameBinary, []byte("binary")}, {FramePong, nil}, {Kind: 9}} {
			want := "<nil>"
			if frame.Kind > FrameBinary {
				want = "NotSupported"
			}
			same(t, "write", code(l.conn.Write(frame)), want)
		}
		l.hears("text \xff binary")
		l.wrote(2)
	})
}

func TestAStreamIsHalfClosedOnlyWhenEverythingHasLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := lay(t, "tls", ofChunks(true), testLimits)
		l.user = use(t, l.conn)
		same(t, "no code is wrong where none is sent", l.conn.Close(1006, ""), nil)
		_, err := l.peer.Read(make([]byte, 1))
		same(t, "a close-notify is an EOF, its absence is not", err, io.EOF)
		l.says("still here")
		frame, err := l.read()
		same(t, "read", string(frame.Data)+code(err), "still here<nil>")
		_ = l.raw.Close()
		_, ending := l.ends()
		same(t, "ending", ending, "ReadEOF")
	})
}

// whole is a socket that cannot be half-closed.
type whole struct{ net.Conn }

func TestASocketThatCannotBeHalfClosedStaysOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		stream := &TCP{NetDial: func(context.Context, string, string) (net.Conn, error) { return whole{ours}, nil }}
		c, err := stream.Dial(t.Context(), Target{URL: "tcp://h:1"})
		if err != nil {
			t.Fatal(err)
		}
		u := use(t, c)
		_ = c.Write(Frame{FrameBinary, []byte("last")})
		_ = c.Close(0, "")
		b := make([]byte, 4)
		_, err = io.ReadFull(theirs, b)
		same(t, "the peer", string(b)+code(err), "last<nil>")
		_, _ = theirs.Write([]byte("answer"))
		frame, err := u.read()
		same(t, "read", string(frame.Data)+code(err), "answer<nil>")
		u.abort()
		_, err = theirs.Read(b)
		same(t, "in the end", err, io.EOF)
	})
}

// slowEnd is a socket whose half-close takes a while, as a close-notify does that
// finds the system's buffer full. Close interrupts it.
type slowEnd struct {
	net.Conn
	takes  time.Duration
	closed chan struct{}
	ended  bool
}

func (s *slowEnd) CloseWrite() error {
	select {
	case <-time.After(s.takes):
		s.ended = true
	case <-s.closed:
	}
	return nil
}

func (s *slowEnd) Close() error {
	close(s.closed)
	return s.Conn.Close()
}

func TestAbortGivesAHalfCloseAMoment(t *testing.T) {
	for takes, want := range map[time.Duration]time.Duration{goodbye / 2: goodbye / 2, 2 * goodbye: goodbye} {
		synctest.Test(t, func(t *testing.T) {
			ours, theirs := net.Pipe()
			defer func() { _ = theirs.Close() }()
			sock := &slowEnd{Conn: ours, takes: takes, closed: make(chan struct{})}
			stream := &TCP{NetDial: func(context.Context, string, string) (net.Conn, error) { return sock, nil }}
			c, err := stream.Dial(t.Context(), Target{URL: "tcp://h:1"})
			if err != nil {
				t.Fatal(err)
			}
			u := use(t, c)
			start := time.Now()
			_ = c.Close(0, "")
			synctest.Wait()
			u.abort()
			same(t, "took", time.Since(start), want)
			same(t, "ended", sock.ended, takes == want)
		})
	}
}

func TestStreamTargetsThatCannotBeDialled(t *testing.T) {
	stream := &TCP{NetDial: func(context.Context, string, string) (net.Conn, error) {
		t.Error("dialled")
		return nil, io.EOF
	}}
	for sentence, c := range map[string]struct{ url, why string }{
		"another scheme":    {"ws://h:1", "neither tcp nor tls"},
		"no port":           {"tcp://h", "no default; write it as tcp://host:port"},
		"no port with TLS":  {"tls://h", "no default; write it as tls://host:port"},
		"a port of nothing": {"tcp://h:", "names no port"},
		"no host":           {"tcp://:5100", "names no host"},
		"a path":            {"tcp://h:1/path", "more than host and port"},
		"a query":           {"tcp://h:1?token=hunter2", "more than host and port"},
		"a user":            {"tls://bob:hunter2@h:1", "more than host and port"},
		"a fragment":        {"tcp://h:1#x", "more than host and port"},
		"rubbish":           {"tcp://h:port", "does not parse"},
	} {
		_, err := stream.Dial(t.Context(), Target{URL: c.url})
		reason := reasonFor(t, err)
		same(t, sentence, reason.Code, messages.ReasonBadRequest)
		if !strings.Contains(reason.Detail, c.why) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", sentence, err)
		}
	}
}

func TestTLSOfAStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := wstest.NewNetwork()
		server, client := wstest.Certificate("h")
		server.NextProtos = []string{"http/1.1"} // it would take what a WebSocket offers
		listener, err := network.Listen("h:1")
		if err != nil {
			t.Fatal(err)
		}
		seen := make(chan tls.ConnectionState, 1)
		go func() {
			for {
				raw, err := listener.Accept()
				if err != nil {
					return
				}
				secure := tls.Server(raw, server)
				if secure.Handshake() == nil {
					seen <- secure.ConnectionState()
					_, _ = secure.Write([]byte("hello"))
					_, _ = io.Copy(io.Discard, secure)
				}
				_ = raw.Close()
			}
		}()
		defer func() { _ = listener.Close() }()
		stream := &TCP{TLS: client, NetDial: network.Dial}
		for _, resumed := range []bool{false, true} {
			c, err := stream.Dial(t.Context(), Target{URL: "tls://h:1"})
			if err != nil {
				t.Fatal(err)
			}
			u := use(t, c)
			_, _ = u.read() // the ticket comes with the first data
			state := <-seen
			same(t, "name", state.ServerName, "h")
			same(t, "application protocol", state.NegotiatedProtocol, "")
			same(t, "resumed", state.DidResume, resumed)
			u.abort()
		}
		_, err = (&TCP{NetDial: network.Dial}).Dial(t.Context(), Target{URL: "tls://h:1"})
		same(t, "no trust", reasonFor(t, err).Code, messages.ReasonTLS)
		same(t, "sockets", network.Open(), 0)
	})
}

func TestAHandshakeOfAStreamTakesNoLongerThanItMay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := wstest.NewNetwork()
		listener, err := network.Listen("h:1") // and nobody accepts
		if err != nil {
			t.Fatal(err)
		}
		stream := &TCP{HandshakeTimeout: time.Second, NetDial: network.Dial}
		start := time.Now()
		_, err = stream.Dial(t.Context(), Target{URL: "tls://h:1"})
		same(t, "code", reasonFor(t, err).Code, messages.ReasonDialTimeout)
		same(t, "took", time.Since(start), time.Second)
		same(t, "sockets", network.Open(), 0)
		_ = listener.Close()
	})
}

func TestTCPReportsEveryBadFieldAtOnce(t *testing.T) {
	err := (&TCP{WriteLimit: -1, WriteTimeout: -1, HandshakeTimeout: -1}).Check()
	same(t, "all", err.Error(), `tcp: InvalidSpec: WriteLimit is negative; 0 means the default
tcp: InvalidSpec: WriteTimeout is negative; 0 means the default
tcp: InvalidSpec: HandshakeTimeout is negative; 0 means the default`)
	same(t, "the zero value", new(TCP).Check(), nil)
}
