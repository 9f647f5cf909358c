package transport

import (
	"errors"
	"math/rand/v2"
	"net"
	"sync"
	"testing"

	"github.com/gobwas/ws"
)

// TestAbortAmidTraffic ends connections at any moment while both sides write:
// every done is called, Written is final by then, and TestMain finds nothing
// left. The race detector does the rest.
func TestAbortAmidTraffic(t *testing.T) {
	for name, goroutines := range map[string]bool{"": false, ", goroutines": true} {
		t.Run("frames"+name, func(t *testing.T) { abortAmidTraffic(t, &WebSocket{Goroutines: goroutines}, "ws", echo) })
		t.Run("chunks"+name, func(t *testing.T) { abortAmidTraffic(t, &TCP{Goroutines: goroutines}, "tcp", mirror) })
	}
}

func abortAmidTraffic(t *testing.T, dialer Dialer, scheme string, serve func(net.Conn)) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var servers sync.WaitGroup
	servers.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			servers.Go(func() {
				serve(conn)
				_ = conn.Close()
			})
		}
	})
	var clients sync.WaitGroup
	for i := range 40 {
		clients.Go(func() {
			c, err := dial(t, dialer, Target{URL: scheme + "://" + listener.Addr().String()})
			if err != nil {
				t.Error(err)
				return
			}
			random := rand.New(rand.NewPCG(1, uint64(i)))
			c.Watch(func() func() { return nil })
			left := 1 + random.IntN(200)
			done := make(chan struct{}, 2)
			for {
				if left--; left == 0 {
					if i%2 == 0 {
						_ = c.Close(1000, "")
					}
					go c.Abort(func() { done <- struct{}{} })
				}
				_ = c.Write(Frame{FrameBinary, make([]byte, random.IntN(5000))})
				_ = c.Write(Frame{FramePing, nil})
				_, err := c.Read()
				if err != nil && !errors.Is(err, ErrWouldBlock) {
					break
				}
			}
			c.Abort(func() { done <- struct{}{} })
			<-done
			final := c.Written()
			if c.Write(Frame{FrameText, nil}) == nil || c.Written() != final {
				t.Error("something was written after the end")
			}
		})
	}
	clients.Wait()
	_ = listener.Close()
	servers.Wait()
}

// TestManyFramesArriveWholeThroughSmallPieces sends frames of every size around
// the borders of the length encodings and of the read buffers.
func TestManyFramesArriveWholeThroughSmallPieces(t *testing.T) {
	sizes := []int{0, 1, 125, 126, 127, 1017, 1018, 1019, 1020, 1021, 1022, 1024, 65535, 65536, 65537, 200_000}
	addr := serve(t, func(conn net.Conn) {
		if _, err := ws.Upgrade(conn); err != nil {
			return
		}
		random := rand.New(rand.NewPCG(1, 2))
		var out []byte
		for _, n := range sizes {
			out = append(out, sent(0x82, string(make([]byte, n)))...)
		}
		for len(out) > 0 {
			n := min(len(out), 1+random.IntN(3000))
			_, _ = conn.Write(out[:n])
			out = out[n:]
		}
		_, _ = conn.Write(sent(0x88, ""))
		_, _ = readFrame(conn)
	})
	c, err := dial(t, &WebSocket{}, Target{URL: "ws://" + addr})
	if err != nil {
		t.Fatal(err)
	}
	u := use(t, c)
	var got []int
	for {
		frame, err := u.read()
		if err != nil {
			same(t, "ending", code(err), "PeerClose")
			break
		}
		got = append(got, len(frame.Data))
	}
	same(t, "sizes", got, sizes)
}
