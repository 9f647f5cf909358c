package rogues

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/gobwas/ws"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/supervisor"
	"github.com/seed14814784/holdfast/transport"
	"github.com/seed14814784/holdfast/transport/wstest"
)

// rogues are servers, after the upgrade. sock is under conn, which is TLS or sock itself.
var rogues = map[string]func(conn net.Conn, sock *net.TCPConn){
	"announces 2^63 bytes":       says([]byte{0x82, 127, 0x80, 0, 0, 0, 0, 0, 0, 0}),
	"announces 2^63-1 bytes":     says([]byte{0x82, 127, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}),
	"sends what is not UTF-8":    says([]byte{0x01, 1, 0xe2, 0x80, 1, 0x28}),
	"sends a reserved opcode":    says([]byte{0x83, 0}),
	"sends a long ping":          says(append([]byte{0x89, 126, 0, 126}, make([]byte, 126)...)),
	"never ends its message":     repeats([]byte{0x02, 0}, bytes.Repeat([]byte{0x00, 0}, 16<<10)),
	"sends one byte at a time":   drips,
	"never stops":                repeats(nil, bytes.Repeat([]byte{0x82, 4, 'm', 'o', 'r', 'e'}, 4<<10)),
	"says nothing":               func(_ net.Conn, sock *net.TCPConn) { _, _ = io.Copy(io.Discard, sock) },
	"never reads":                func(_ net.Conn, _ *net.TCPConn) { time.Sleep(3 * time.Second) },
	"writes garbage on the wire": func(_ net.Conn, sock *net.TCPConn) { _, _ = io.WriteString(sock, "HTTP/1.1 400 Bad Request\r\n\r\n") },
	"ends in mid-message":        cuts,
	"resets":                     func(_ net.Conn, sock *net.TCPConn) { _ = sock.SetLinger(0) },
}

func says(raw []byte) func(net.Conn, *net.TCPConn) {
	return func(conn net.Conn, _ *net.TCPConn) {
		_, _ = conn.Write(raw)
		_ = conn.SetReadDeadline(time.Now().Add(time.Second))
		_, _ = io.Copy(io.Discard, conn)
	}
}

func repeats(first, then []byte) func(net.Conn, *net.TCPConn) {
	return func(conn net.Conn, _ *net.TCPConn) {
		_, err := conn.Write(first)
		for err == nil {
			_, err = conn.Write(then)
		}
	}
}

func drips(conn net.Conn, _ *net.TCPConn) {
	_, err := conn.Write([]byte{0x82, 127, 0, 0, 0, 0, 0, 0x10, 0, 0})
	for err == nil {
		_, err = conn.Write([]byte{0})
	}
}

func cuts(conn net.Conn, sock *net.TCPConn) {
	_, _ = conn.Write([]byte{0x81, 10, 'c', 'u', 't'})
	_ = sock.CloseWrite()
	_, _ = io.Copy(io.Discard, sock)
}

// host serves until the test has ended; config is for TLS, or nil.
func host(t *testing.T, config *tls.Config, play func(net.Conn, *net.TCPConn)) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wait sync.WaitGroup
	wait.Go(func() {
		for {
			sock, err := listener.Accept()
			if err != nil {
				return
			}
			wait.Go(func() {
				defer func() { _ = sock.Close() }()
				conn := sock
				if config != nil {
					conn = tls.Server(sock, config)
				}
				if _, err := ws.Upgrade(conn); err == nil {
					play(conn, sock.(*net.TCPConn))
				}
			})
		}
	})
	t.Cleanup(func() { _ = listener.Close(); wait.Wait() })
	if config != nil {
		return "wss://" + listener.Addr().String()
	}
	return "ws://" + listener.Addr().String()
}

// ledger is what a fleet told: how often each channel was Ready no more, and why.
type ledger struct {
	mu      sync.Mutex
	falls   map[messages.ChannelID]int
	reasons map[messages.Code]int
}

func (l *ledger) note(event messages.Event) {
	if e, ok := event.(messages.StatusChanged); ok && e.Prev == messages.Ready {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.falls[e.Channel]++
		l.reasons[e.Reason.Code]++
	}
}

// expected are reasons that some of them give.
var expected = []messages.Code{messages.ReasonProtocolError, messages.ReasonFrameTooLarge, messages.ReasonReadEOF, messages.ReasonTLS}

// A fleet meets all rogues at once, over and over. Fifty channels to a good server, in the
// same fleet, do not notice: none changes its status, and each is answered.
func TestGoodChannelsDoNotNoticeWhatRoguesDoToOthers(t *testing.T) {
	for name, goroutines := range map[string]bool{"poller": false, "goroutines": true} {
		t.Run(name, func(t *testing.T) { mingle(t, goroutines) })
	}
}

func mingle(t *testing.T, goroutines bool) {
	const good = 50
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	server, client := wstest.Certificate("localhost")
	fleet, err := supervisor.New(supervisor.WithDialer(&transport.WebSocket{TLS: client, MessageLimit: 1 << 20, Goroutines: goroutines}))
	if err != nil {
		t.Fatal(err)
	}
	book := &ledger{falls: map[messages.ChannelID]int{}, reasons: map[messages.Code]int{}}
	if err := fleet.Listen("ledger", book.note); err != nil {
		t.Fatal(err)
	}
	echo := wstest.NewServer(wstest.WithHandler(wstest.Echo()))
	defer func() { _ = echo.Close() }()
	heard := make(chan messages.ChannelID, 10*good)
	open := func(id, url string, handler func(messages.Received)) *supervisor.Channel {
		ch, err := fleet.Open(ctx, supervisor.Spec{ID: messages.ChannelID(id), Address: transport.Static(url), Handler: handler, Strategy: supervisor.Fixed{Interval: 50 * time.Millisecond}})
		if err != nil {
			t.Fatal(err)
		}
		return ch
	}
	var channels []*supervisor.Channel
	for n := range good {
		id := messages.ChannelID(fmt.Sprint("good ", n))
		channels = append(channels, open(string(id), echo.URL, func(messages.Received) { heard <- id }))
	}
	for _, ch := range channels {
		if _, err := ch.Wait(ctx); err != nil {
			t.Fatal(err)
		}
	}
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	held := memory.HeapAlloc
	for name, play := range rogues {
		open("ws "+name, host(t, nil, play), supervisor.Discard)
		open("wss "+name, host(t, server, play), supervisor.Discard)
	}
	for end := time.Now().Add(2 * time.Second); time.Now().Before(end) || !book.has(expected); {
		for _, ch := range channels {
			if _, err := ch.Send(ctx, messages.Text("are you there?")); err != nil {
				t.Fatal(err)
			}
		}
		for range channels {
			select {
			case <-heard:
			case <-ctx.Done():
				t.Fatal("a good channel is not answered")
			}
		}
	}
	runtime.GC()
	runtime.ReadMemStats(&memory)
	if grown := int64(memory.HeapAlloc) - int64(held); grown > 64<<20 {
		t.Errorf("%d bytes more are held", grown)
	}
	book.mu.Lock()
	for _, ch := range channels {
		if falls := book.falls[ch.ID()]; falls > 0 {
			t.Errorf("%s fell %d times", ch.ID(), falls)
		}
	}
	book.mu.Unlock()
	if err := fleet.Close(ctx); err != nil {
		t.Error(err)
	}
	t.Logf("channels ended because of %v", book.reasons)
}

// has reports whether channels have ended because of each.
func (l *ledger) has(codes []messages.Code) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return !slices.ContainsFunc(codes, func(code messages.Code) bool { return l.reasons[code] == 0 })
}
