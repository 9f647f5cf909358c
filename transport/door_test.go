package transport

import (
	"bytes"
	"crypto/tls"
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsflate"

	"github.com/seed14814784/holdfast/transport/wstest"
)

// hasPoller says that there is one here.
var hasPoller = false

// door is a way for bytes to get in: one of the two drivers, with or without TLS.
type door struct {
	goroutines bool
	secure     bool
	version    uint16 // of TLS, at most; 0: the newest
}

// onEveryDoor runs a test with each, over real sockets.
func onEveryDoor(t *testing.T, test func(*testing.T, door)) {
	t.Helper()
	for name, d := range map[string]door{
		"poller, ws": {}, "poller, wss": {secure: true},
		"goroutines, ws": {goroutines: true}, "goroutines, wss": {goroutines: true, secure: true},
	} {
		if d.goroutines || hasPoller {
			t.Run(name, func(t *testing.T) { test(t, d) })
		}
	}
}

// onEveryDriver runs a test with the doors of each.
func onEveryDriver(t *testing.T, test func(*testing.T, [2]door)) {
	t.Helper()
	for name, goroutines := range map[string]bool{"poller": false, "goroutines": true} {
		if goroutines || hasPoller {
			t.Run(name, func(t *testing.T) { test(t, [2]door{{goroutines: goroutines}, {goroutines: goroutines, secure: true}}) })
		}
	}
}

// onSecureDoors runs a test with those that have TLS of that version.
func onSecureDoors(t *testing.T, version uint16, test func(*testing.T, door)) {
	t.Helper()
	for name, d := range map[string]door{
		"poller": {secure: true, version: version}, "goroutines": {goroutines: true, secure: true, version: version},
	} {
		if d.goroutines || hasPoller {
			t.Run(name, func(t *testing.T) { test(t, d) })
		}
	}
}

// scheme is that of its URLs.
func (d door) scheme() string {
	if d.secure {
		return "wss://"
	}
	return "ws://"
}

// certified makes one certificate for all tests with real sockets.
var certified = sync.OnceValues(func() (server, client *tls.Config) { return wstest.Certificate("localhost") })

// rogue is a server's end of a connection, after the upgrade.
type rogue struct {
	net.Conn              // TLS, if there is any
	sock     *net.TCPConn // what is under it
	over     *overheard   // between the two
	log      bytes.Buffer // of the keys of TLS
}

// accept does what a server does first.
func (d door) accept(sock net.Conn) (*rogue, error) {
	r := &rogue{Conn: sock, sock: sock.(*net.TCPConn), over: &overheard{Conn: sock}}
	if d.secure {
		config, _ := certified()
		config = config.Clone()
		config.SessionTicketsDisabled = true // or they would come between what the test sends
		config.MaxVersion = d.version
		config.KeyLogWriter = &r.log
		secure := tls.Server(r.over, config)
		if err := secure.Handshake(); err != nil {
			return r, err
		}
		r.Conn, r.over.records = secure, 0
	}
	extension := wsflate.Extension{Parameters: deflateOffer}
	_, err := ws.Upgrader{Negotiate: extension.Negotiate}.Upgrade(r.Conn)
	return r, err
}

// trusts makes a dialer trust the server.
func (d door) trusts(web *WebSocket) *WebSocket {
	if web.TLS == nil {
		_, client := certified()
		web.TLS = client.Clone()
	}
	web.Goroutines = d.goroutines
	return web
}

// meets dials a server that plays, and watches the connection.
func (d door) meets(t *testing.T, web *WebSocket, play func(*rogue)) (*user, *conn) {
	t.Helper()
	addr := serve(t, func(sock net.Conn) {
		r, err := d.accept(sock)
		if err != nil {
			t.Error(err)
			return
		}
		play(r)
	})
	dialed, err := dial(t, d.trusts(web), Target{URL: d.scheme() + addr})
	if err != nil {
		t.Fatal(err)
	}
	return use(t, dialed), dialed.(*conn)
}

// host serves many connections of a door at a time, and returns the URL. When the test
// ends it closes what is still open, and waits.
func (d door) host(t *testing.T, play func(*rogue)) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var (
		mu    sync.Mutex
		socks []net.Conn
		wait  sync.WaitGroup
	)
	wait.Go(func() {
		for {
			sock, err := listener.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			socks = append(socks, sock)
			mu.Unlock()
			wait.Go(func() {
				defer func() { _ = sock.Close() }()
				if r, err := d.accept(sock); err == nil {
					play(r)
				}
			})
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		mu.Lock()
		for _, sock := range socks {
			_ = sock.Close()
		}
		mu.Unlock()
		wait.Wait()
	})
	return d.scheme() + listener.Addr().String()
}

// says sends bytes to the client.
func (r *rogue) says(b ...[]byte) { _, _ = r.Write(stream(b...)) }

// listens hears the client out, and returns the payload of its close frame.
func (r *rogue) listens() (farewell string) {
	_ = r.SetReadDeadline(time.Now().Add(10 * time.Second))
	for {
		frame, err := readFrame(r)
		if err != nil {
			return ""
		}
		if frame.Header.OpCode == ws.OpClose {
			return string(ws.UnmaskFrameInPlace(frame).Payload)
		}
	}
}

// drip writes byte by byte, each in a segment of its own.
type drip struct{ net.Conn }

func (d drip) Write(b []byte) (int, error) {
	for i := range b {
		if _, err := d.Conn.Write(b[i : i+1]); err != nil {
			return i, err
		}
	}
	return len(b), nil
}

// all reads until the end.
func (u *user) all() (string, error) {
	var all []byte
	for {
		frame, err := u.read()
		all = append(all, frame.Data...)
		if err != nil {
			return string(all), err
		}
	}
}

// hold reads until the client's end, and keeps nothing.
func (r *rogue) hold() { _, _ = io.Copy(io.Discard, r.sock) }

// unmasked is the payload of a client's frame.
func unmasked(frame ws.Frame) []byte { return ws.UnmaskFrameInPlace(frame).Payload }
