package wstest

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// Server is a WebSocket server whose behaviour is a [Handler], exchangeable
// while it runs. All methods may be called from any goroutine.
type Server struct {
	URL       string      // such as "ws://127.0.0.1:41234", without a path
	ClientTLS *tls.Config // trusts the server's certificate; nil for ws://

	addr         string
	listen       func(addr string) (net.Listener, error)
	tls          *tls.Config
	test         TB
	transcript   *Transcript
	keyOf        func(*http.Request) string
	header       http.Header
	subprotocols []string
	compression  bool
	everywhere   *census // the network's, if the server is on one
	open         census
	running      sync.WaitGroup

	mu       sync.Mutex
	handler  Handler
	listener net.Listener // nil while the server is down
	conns    []*Conn      // live, in the order they were accepted
	accepted int
	dials    []Dial
	failures []error
	changed  chan struct{} // closed when a connection was upgraded
	closed   bool
}

// NewServer starts a server on a free port of 127.0.0.1. It panics if there is
// none, as net/http/httptest does. Close it.
func NewServer(options ...Option) *Server {
	return start(&Server{addr: "127.0.0.1:0", listen: listenTCP}, "ws", options)
}

// NewTLSServer is a [NewServer] for wss://, with a certificate of its own that
// ClientTLS trusts.
func NewTLSServer(options ...Option) *Server {
	return start(&Server{addr: "127.0.0.1:0", listen: listenTCP}, "wss", options)
}

// NewServer starts a server on the network. The host may have a port; without
// one it is 80. It panics if somebody listens there already.
func (n *Network) NewServer(host string, options ...Option) *Server {
	return n.newServer(host, "80", "ws", options)
}

// NewTLSServer is a NewServer for wss://, with a certificate of its own that
// ClientTLS trusts; without a port it is 443.
func (n *Network) NewTLSServer(host string, options ...Option) *Server {
	return n.newServer(host, "443", "wss", options)
}

func (n *Network) newServer(host, port, scheme string, options []Option) *Server {
	s := &Server{addr: host, listen: n.Listen, everywhere: &n.open}
	if _, _, err := net.SplitHostPort(host); err != nil {
		s.addr = net.JoinHostPort(strings.Trim(host, "[]"), port)
	}
	start(s, scheme, options)
	s.URL = scheme + "://" + host
	return s
}

func listenTCP(addr string) (net.Listener, error) { return net.Listen("tcp", addr) }

func start(s *Server, scheme string, options []Option) *Server {
	s.handler = Echo()
	s.keyOf = func(r *http.Request) string { return r.URL.Path }
	s.header = make(http.Header)
	s.changed = make(chan struct{})
	for _, option := range options {
		option(s)
	}
	if scheme == "wss" {
		host, _, _ := net.SplitHostPort(s.addr)
		s.tls, s.ClientTLS = certify(host)
	}
	if err := s.Up(); err != nil {
		panic(fmt.Sprintf("wstest: a server cannot listen: %v", err))
	}
	s.URL = scheme + "://" + s.addr
	return s
}

// Handle sets what happens to connections that are accepted from now on. Those
// that are open keep their handler.
func (s *Server) Handle(handler Handler) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.handler = handler
}

// Down stops listening: dials are refused. Connections stay open; with Reset or
// Drop it is a server that crashed or was stopped.
func (s *Server) Down() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.listener != nil {
		_ = s.listener.Close()
		s.listener = nil
	}
}

// Up listens again, on the same address. A server that is up or closed stays as
// it is. The error says who has the address now.
func (s *Server) Up() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.listener != nil || s.closed {
		return nil
	}
	listener, err := s.listen(s.addr)
	if err != nil {
		return err
	}
	s.addr = listener.Addr().String()
	s.listener = listener
	s.running.Go(func() {
		for {
			raw, err := listener.Accept()
			if err != nil {
				return
			}
			s.accept(raw)
		}
	})
	return nil
}

// accept starts the handler of a connection.
func (s *Server) accept(raw net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		_ = raw.Close()
		return
	}
	s.accepted++
	s.dials = append(s.dials, Dial{At: time.Now(), Addr: raw.RemoteAddr().String()})
	c := newConn(s, raw, s.accepted)
	handler := s.handler
	s.conns = append(s.conns, c)
	s.running.Go(func() { c.run(handler) })
}

// Conns is the live connections that were upgraded, in the order they were
// accepted, under the keys or under any if none is named.
func (s *Server) Conns(keys ...string) []*Conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.upgraded(keys)
}

func (s *Server) upgraded(keys []string) (conns []*Conn) {
	for _, c := range s.conns {
		if c.upgraded.Load() && !c.link.isOver() && (len(keys) == 0 || slices.Contains(keys, c.key)) {
			conns = append(conns, c)
		}
	}
	return conns
}

// Drop drops every connection, upgraded or not; see [Conn.Drop].
func (s *Server) Drop() { s.each((*Conn).Drop) }

// Reset resets every connection, upgraded or not; see [Conn.Reset].
func (s *Server) Reset() { s.each((*Conn).Reset) }

func (s *Server) each(do func(*Conn)) {
	s.mu.Lock()
	conns := slices.Clone(s.conns)
	s.mu.Unlock()
	for _, c := range conns {
		do(c)
	}
}

// Open is the number of connections open now, under the keys or under any if
// none is named, upgraded or not. A connection counts from the moment its
// request was read; on a [Network] until the client has closed it, over TCP
// until the server saw its end.
func (s *Server) Open(keys ...string) int { return s.open.count(keys) }

// MaxOpen is the most that were ever open at once under one of the keys, or
// under any key if none is named. Over TCP a client that closes one connection
// and dials the next at once may be seen with two; on a [Network] it is not.
func (s *Server) MaxOpen(keys ...string) int { return s.open.peak(keys) }

// Dials is every connection that was accepted so far.
func (s *Server) Dials() []Dial {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.dials)
}

// report keeps what went wrong in a handler, and tells the test.
func (s *Server) report(c *Conn, what string) {
	err := fmt.Errorf("wstest: connection %d to %q: %s", c.number, c.key, what)
	s.mu.Lock()
	s.failures = append(s.failures, err)
	s.mu.Unlock()
	if s.test != nil {
		s.test.Helper()
		s.test.Errorf("%v", err)
	}
}

// Close stops listening, aborts every connection and waits until no handler and
// no goroutine of the server is left. It returns everything that went wrong in
// handlers so far: panics, expectations that were not met, clients that broke
// RFC 6455. Call it from anywhere but a handler; a second call waits as well.
func (s *Server) Close() error {
	s.Down()
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.each((*Conn).abort)
	s.running.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	return errors.Join(s.failures...)
}

// identify knows a connection by its request, and counts it.
func (s *Server) identify(c *Conn, request *http.Request) {
	key := s.keyOf(request)
	s.mu.Lock()
	c.request, c.key = request, key
	s.dials[c.number-1].Key = key
	s.mu.Unlock()
	c.WhileOpen(func() func() { return s.open.enter(key) })
	if s.everywhere != nil {
		c.WhileOpen(func() func() { return s.everywhere.enter(key) })
	}
}

// welcome lists a connection that was upgraded.
func (s *Server) welcome(c *Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c.upgraded.Store(true)
	close(s.changed)
	s.changed = make(chan struct{})
}

// forget takes a connection that has ended off the list.
func (s *Server) forget(c *Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conns = slices.DeleteFunc(s.conns, func(other *Conn) bool { return other == c })
}

// Await waits until at least that many upgraded connections are live, under the
// keys or under any if none is named, and returns them; or until ctx ends,
// whose error it returns.
func (s *Server) Await(ctx context.Context, atLeast int, keys ...string) ([]*Conn, error) {
	for {
		s.mu.Lock()
		conns, changed := s.upgraded(keys), s.changed
		s.mu.Unlock()
		if len(conns) >= atLeast {
			return conns, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, fmt.Errorf("wstest: waiting for %d connections, %d are open: %w", atLeast, len(conns), ctx.Err())
		}
	}
}
