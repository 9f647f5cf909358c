package chat

import (
	"io"
	"math/rand/v2"
	"net"
	"slices"
	"sync"
	"testing"
	"time"
)

// cutter is a proxy that cuts connections.
type cutter struct {
	net.Listener
	to string

	mu    sync.Mutex
	pairs []net.Conn // the clients' sides
	cuts  int
	wait  sync.WaitGroup
}

func newCutter(t *testing.T, to string) *cutter {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &cutter{Listener: listener, to: to}
	c.wait.Go(c.serve)
	t.Cleanup(func() {
		_ = c.Close()
		for c.cut() {
		}
		c.wait.Wait()
	})
	return c
}

func (c *cutter) serve() {
	for {
		client, err := c.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", c.to)
		if err != nil {
			_ = client.Close()
			continue
		}
		c.mu.Lock()
		c.pairs = append(c.pairs, client)
		c.mu.Unlock()
		c.wait.Go(func() { c.carry(client, server) })
	}
}

// carry copies both ways until either side ends. Now and then it ends right after
// something was carried to the server, whose answer is lost then.
func (c *cutter) carry(client, server net.Conn) {
	var both sync.WaitGroup
	end := func() { _, _ = client.Close(), server.Close() }
	both.Go(func() {
		defer end()
		_, _ = io.Copy(client, server)
	})
	both.Go(func() {
		defer end()
		for buffer := make([]byte, 4096); ; {
			n, err := client.Read(buffer)
			if _, failed := server.Write(buffer[:n]); err != nil || failed != nil {
				return
			}
			if rand.IntN(40) == 0 {
				time.Sleep(time.Millisecond) // the server has read it
				c.count()
				return
			}
		}
	})
	both.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	if i := slices.Index(c.pairs, client); i >= 0 {
		c.pairs = slices.Delete(c.pairs, i, i+1)
	}
}

func (c *cutter) total() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.cuts
}

func (c *cutter) count() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cuts++
}

// cut ends a connection in the middle of whatever it does; false if there is none.
func (c *cutter) cut() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.pairs) == 0 {
		return false
	}
	i := rand.IntN(len(c.pairs))
	victim := c.pairs[i]
	c.pairs = slices.Delete(c.pairs, i, i+1)
	c.cuts++
	if tcp, ok := victim.(*net.TCPConn); ok && c.cuts%2 == 0 {
		_ = tcp.SetLinger(0) // a reset
	}
	_ = victim.Close()
	return true
}
