//go:build linux && !goroutines

package transport

import (
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seed14814784/holdfast/messages"
)

func init() { hasPoller = true }

// wired is both ends of a TCP connection.
func wired(t *testing.T) (ours, theirs *net.TCPConn) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	one, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	other, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = other.Close() })
	return one.(*net.TCPConn), other.(*net.TCPConn)
}

// loopback is a connection that the poller watches, and the peer's end of it.
func loopback(t *testing.T, limits *limits) (*user, *conn, *net.TCPConn) {
	t.Helper()
	ours, theirs := wired(t)
	c := newConn(ours, ours, false, false, nil, ConnInfo{}, limits)
	if _, ok := c.driver.(*polled); !ok {
		t.Fatalf("its driver is a %T", c.driver)
	}
	return use(t, c), c, theirs
}

// quiet waits until no goroutine is in a driver: the poller may be about to report.
func quiet(t *testing.T) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		stacks := make([]byte, 1<<20)
		stacks = stacks[:runtime.Stack(stacks, true)]
		busy := strings.Contains(string(stacks), "(*threads)") || strings.Contains(string(stacks), "(*polled)")
		if !busy {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("somebody is in a driver for ever:\n%s", stacks)
		}
	}
}

func TestAnIdleConnectionHoldsNoGoroutine(t *testing.T) {
	_, c, peer := loopback(t, testLimits)
	_, err := c.Read()
	same(t, "nothing", err, ErrWouldBlock)
	quiet(t)
	if d := c.driver.(*polled); d.buffer != nil || d.pen != nil || d.hurried != nil {
		t.Error("it holds a buffer or a timer")
	}
	_ = peer.Close()
}

// A peer that reads nothing for a while gets everything in the end, and each frame
// counts as written when the system has taken it.
func TestWhatDoesNotFitIsWrittenWhenThereIsRoom(t *testing.T) {
	limits := *testLimits
	limits.write = 64 << 20
	u, c, peer := loopback(t, &limits)
	const frames, size = 64, 256 << 10
	for range frames {
		if err := c.Write(Frame{FrameBinary, make([]byte, size)}); err != nil {
			t.Fatal(err)
		}
	}
	if n := c.Written(); n == frames {
		t.Fatal("the system has taken everything at once; that proves nothing")
	}
	var reader sync.WaitGroup
	got := int64(0)
	reader.Go(func() { got, _ = io.Copy(io.Discard, peer) })
	u.wrote(frames)
	u.abort()
	reader.Wait()
	same(t, "bytes", got, int64(frames*frameSize(size)))
}

func TestAPeerThatNeverReadsIsNotWaitedForLongerThanAWriteMayTake(t *testing.T) {
	limits := *testLimits
	limits.write, limits.writeTimeout = 64<<20, 50*time.Millisecond
	u, c, _ := loopback(t, &limits)
	for range 64 {
		if c.Write(Frame{FrameBinary, make([]byte, 256<<10)}) != nil {
			break // it is over already
		}
	}
	_, err := u.read()
	same(t, "the end", code(err), "WriteTimeout")
	same(t, "and from then on", code(c.Write(Frame{FrameText, nil})), "WriteTimeout")
}

// A message of 1 MiB that arrives byte by byte costs no more than itself.
func TestAMessageInOneByteSegments(t *testing.T) {
	u, _, peer := loopback(t, testLimits)
	var writer sync.WaitGroup
	writer.Go(func() {
		for _, b := range sent(0x82, strings.Repeat("x", 20_000)) {
			if _, err := peer.Write([]byte{b}); err != nil {
				return
			}
		}
	})
	frame, err := u.read()
	writer.Wait()
	same(t, "the message", len(frame.Data), 20_000)
	same(t, "the error", err, nil)
}

// A peer that resets the connection may have said goodbye before.
func TestACloseFrameWinsOverTheReset(t *testing.T) {
	u, c, peer := loopback(t, testLimits)
	if _, err := peer.Write(sent(0x88, "\x0f\xa1kicked")); err != nil {
		t.Fatal(err)
	}
	_ = peer.CloseRead()
	_ = peer.Close()
	for range 100 {
		if c.Write(Frame{FrameText, []byte("x")}) != nil {
			break
		}
		time.Sleep(time.Millisecond)
	}
	_, err := u.read()
	reason, _ := messages.ReasonOf(err)
	same(t, "the end", reason.Wire, messages.Wire{Scheme: "websocket", Code: 4001, Text: "kicked"})
}

// Connections come and go at once, and descriptors are used again as fast as the system
// can: each connection hears what its own peer said and nothing else.
func TestNoEventReachesAnotherConnection(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var servers, clients sync.WaitGroup
	servers.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			servers.Go(func() { // says back the name that it is told, for ever, and ends somehow
				defer func() { _ = conn.Close() }()
				name := make([]byte, 8)
				if _, err := io.ReadFull(conn, name); err != nil {
					return
				}
				for range rand.IntN(20) {
					if _, err := conn.Write(name); err != nil {
						return
					}
				}
				if rand.IntN(2) == 0 {
					_ = conn.(*net.TCPConn).SetLinger(0)
				}
			})
		}
	})
	end := time.Now().Add(2 * time.Second)
	var heard sync.Map
	for client := range 50 {
		clients.Go(func() {
			for round := 0; time.Now().Before(end); round++ {
				sock, err := net.Dial("tcp", listener.Addr().String())
				if err != nil {
					t.Error(err)
					return
				}
				name := []byte{byte(client), byte(round), byte(round >> 8), 'n', 'a', 'm', 'e', '!'}
				c := newConn(sock, sock, false, true, nil, ConnInfo{}, testLimits)
				reports := make(chan struct{}, 1)
				c.Watch(ring(reports))
				_ = c.Write(Frame{FrameBinary, name})
				patience := time.After(time.Duration(rand.IntN(5)) * time.Millisecond)
				at := 0
			hearing:
				for {
					frame, err := c.Read()
					for _, b := range frame.Data {
						if b != name[at%len(name)] {
							t.Errorf("%v heard %d at %d", name, b, at)
						}
						at++
					}
					if err == nil {
						continue
					}
					if !errors.Is(err, ErrWouldBlock) {
						break
					}
					select {
					case <-reports:
					case <-patience:
						break hearing
					}
				}
				heard.Store(client, at)
				done := make(chan struct{})
				c.Abort(func() { close(done) })
				<-done
			}
		})
	}
	clients.Wait()
	_ = listener.Close()
	servers.Wait()
	watched.mu.Lock()
	defer watched.mu.Unlock()
	if watched.poller != nil {
		t.Errorf("%d connections are watched after the end", watched.count)
	}
}

func TestAnEmptyFrameIsWrittenAtOnce(t *testing.T) {
	_, c, _ := loopback(t, testLimits)
	c.chunks = &chunks{limits: testLimits}
	same(t, "the write", c.Write(Frame{FrameBinary, nil}), nil)
	same(t, "written", c.Written(), uint64(1))
}

// Zero is none: a connection of that number would not be told of room for writing.
func TestTheNumbersOfConnectionsStartOver(t *testing.T) {
	loopback(t, testLimits) // there is a poller
	watched.mu.Lock()
	p := watched.poller
	watched.mu.Unlock()
	p.mu.Lock()
	p.number = -1
	p.mu.Unlock()
	_, c, _ := loopback(t, testLimits)
	if c.driver.(*polled).number == 0 {
		t.Error("it has none")
	}
}
