package interop

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/seed14814784/holdfast/transport"
)

// venue is an HTTP server on loopback that can lose all its sockets, stop, and
// come back on the same port. It ends with its test.
type venue struct {
	t       *testing.T
	addr    string
	handler http.Handler

	mu      sync.Mutex
	server  *http.Server
	sockets map[net.Conn]struct{}
	visits  sync.WaitGroup // requests that are being handled, upgraded ones too
}

func newVenue(t *testing.T, handler http.Handler) *venue {
	t.Helper()
	v := &venue{t: t, handler: handler, addr: quietAddress(t), sockets: map[net.Conn]struct{}{}}
	v.start()
	t.Cleanup(v.stop)
	return v
}

// address is where channels find the venue.
func (v *venue) address() transport.Address { return transport.Static("ws://" + v.addr + "/socket") }

func (v *venue) start() {
	v.t.Helper()
	listener, err := net.Listen("tcp", v.addr)
	if err != nil {
		v.t.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(v.visit), ConnState: v.note}
	v.mu.Lock()
	v.server = server
	v.mu.Unlock()
	v.visits.Go(func() { _ = server.Serve(listener) })
}

func (v *venue) visit(w http.ResponseWriter, r *http.Request) {
	v.visits.Add(1)
	defer v.visits.Done()
	v.handler.ServeHTTP(w, r)
}

// note remembers the sockets; net/http forgets those that were upgraded.
func (v *venue) note(conn net.Conn, state http.ConnState) {
	v.mu.Lock()
	defer v.mu.Unlock()
	switch state {
	case http.StateNew:
		v.sockets[conn] = struct{}{}
	case http.StateClosed:
		delete(v.sockets, conn)
	}
}

// drop ends every socket without a word: with a FIN, or with a RST.
func (v *venue) drop(reset bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for conn := range v.sockets {
		if reset {
			_ = conn.(*net.TCPConn).SetLinger(0)
		}
		_ = conn.Close()
	}
	clear(v.sockets)
}

// stop ends the server and every socket, and waits for its goroutines.
func (v *venue) stop() {
	v.mu.Lock()
	server := v.server
	v.mu.Unlock()
	_ = server.Close()
	v.drop(false)
	v.visits.Wait()
}

// quietAddress is a free address on loopback whose port is outside of the range
// that the system gives to outbound connections: while a server is away, nobody
// gets its port by chance.
func quietAddress(t *testing.T) string {
	t.Helper()
	for range 1000 {
		addr := fmt.Sprintf("127.0.0.1:%d", 20000+nextPort())
		listener, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", addr)
		if err == nil {
			_ = listener.Close()
			return addr
		}
	}
	t.Fatal("there is no free port between 20000 and 31999")
	return ""
}

// ports counts from a random start, so that tests that run side by side, in this
// process and in others, do not ask for the same port.
var ports atomic.Uint32

func init() { ports.Store(rand.Uint32N(12000)) }

func nextPort() uint32 { return ports.Add(1) % 12000 }
