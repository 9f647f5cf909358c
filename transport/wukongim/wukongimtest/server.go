package wukongimtest

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"runtime/debug"
	"sync"
	"time"

	"github.com/seed14814784/holdfast/transport/wstest"
)

// Server is a WuKongIM server in memory. All methods may be called from any goroutine.
type Server struct {
	TCP string // of the binary protocol and JSON-RPC, such as "tcp://127.0.0.1:41234"
	WS  string // the same over WebSocket, such as "ws://127.0.0.1:41235"
	API string // of the HTTP API, such as "http://127.0.0.1:41236"

	*behaviour
	test       wstest.TB
	transcript *wstest.Transcript
	open       bool // nothing is encrypted
	tcp, ws    *wstest.Server
	api        *api
	census     census
	running    sync.WaitGroup // timers

	mu       sync.Mutex // guards the world and every connection in it
	world    world
	conns    []*Conn // live, in the order they were accepted
	began    time.Time
	received []Message
	acks     []Ack
	failures []error
	changed  chan struct{} // closed when a connection logs in
	stopped  bool
	closed   bool
}

// NewServer starts a server on three free ports of 127.0.0.1. It panics if there are
// none, as net/http/httptest does. Close it.
func NewServer(profile Profile, options ...Option) *Server {
	s := prepare(profile, options)
	s.tcp = wstest.NewServer(s.manners(s.serveTCP)...)
	s.ws = wstest.NewServer(s.manners(s.serveWS)...)
	listen := func(addr string) (net.Listener, error) { return net.Listen("tcp", addr) }
	return s.start(listen, "127.0.0.1:0", (&net.Dialer{}).DialContext)
}

// NewServerOn starts a server on a network in memory, on the ports 5100 (TCP), 5200
// (WebSocket) and 5001 (HTTP) of the host. It is for bubbles of testing/synctest:
// clients dial with network.Dial, those of the HTTP API use [Server.Client]. It panics
// if somebody listens there already.
func NewServerOn(network *wstest.Network, host string, profile Profile, options ...Option) *Server {
	s := prepare(profile, options)
	s.tcp = network.NewServer(net.JoinHostPort(host, "5100"), s.manners(s.serveTCP)...)
	s.ws = network.NewServer(net.JoinHostPort(host, "5200"), s.manners(s.serveWS)...)
	return s.start(network.Listen, net.JoinHostPort(host, "5001"), network.Dial)
}

func prepare(profile Profile, options []Option) *Server {
	s := &Server{behaviour: profile.behaviour(), changed: make(chan struct{}), began: time.Now()}
	s.world = newWorld()
	for _, option := range options {
		option(s)
	}
	return s
}

// manners are the options of the two servers that carry this one.
func (s *Server) manners(handler wstest.Handler) []wstest.Option {
	options := []wstest.Option{wstest.WithHandler(handler)}
	if s.test != nil {
		options = append(options, wstest.WithTest(uncleaned{s.test}))
	}
	return options
}

// uncleaned is a test that leaves the closing to us.
type uncleaned struct{ wstest.TB }

// Cleanup does nothing.
func (uncleaned) Cleanup(func()) {}

func (s *Server) start(listen func(string) (net.Listener, error), addr string, dial dialFunc) *Server {
	s.TCP, s.WS = "tcp"+s.tcp.URL[len("ws"):], s.ws.URL
	s.api = newAPI(s, listen, addr, dial)
	if err := s.api.up(); err != nil {
		panic(fmt.Sprintf("wukongimtest: the HTTP API cannot listen: %v", err))
	}
	s.API = "http://" + s.api.addr
	if s.test != nil {
		s.test.Cleanup(func() { _ = s.Close() }) // what it would return was reported
	}
	return s
}

// Client is an HTTP client that reaches the API, also on a network in memory. Close
// closes its connections.
func (s *Server) Client() *http.Client { return s.api.client }

// Down stops the server as SIGTERM does: dials are refused and the API is gone at
// once, connections read an EOF after a second, nobody is told. What users, channels
// and messages there are stays; what waits for a RECVACK is forgotten.
func (s *Server) Down() { s.stop(s.sigterm) }

// Kill stops the server as kill -9 does: like Down, at once.
func (s *Server) Kill() { s.stop(0) }

func (s *Server) stop(within time.Duration) {
	s.tcp.Down()
	s.ws.Down()
	s.api.down()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stopped = true // for those that are accepted, and not there yet
	for _, c := range s.conns {
		if within == 0 {
			c.hangUp(eof)
			continue
		}
		c.later(within, func() { c.hangUp(eof) })
	}
}

// Up starts a server that is down, on the same addresses. The error says who has one
// of them now.
func (s *Server) Up() error {
	s.mu.Lock()
	closed := s.closed
	if s.stopped && !closed {
		s.began, s.stopped = time.Now(), false
	}
	s.mu.Unlock()
	if closed {
		return nil
	}
	return errors.Join(s.tcp.Up(), s.ws.Up(), s.api.up())
}

// Close stops the server at once and waits until nothing of it is left. It returns
// what went wrong: panics, and clients that broke RFC 6455. A second call waits as
// well.
func (s *Server) Close() error {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.Kill()
	err := errors.Join(s.tcp.Close(), s.ws.Close())
	s.api.close()
	s.running.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	return errors.Join(append(s.failures, err)...)
}

// guard keeps a panic of ours from ending the program.
func (s *Server) guard() {
	if p := recover(); p != nil {
		s.fail(fmt.Errorf("wukongimtest: the server panicked: %v\n%s", p, debug.Stack()))
	}
}

// fail keeps what went wrong, and tells the test. s.mu is not held.
func (s *Server) fail(err error) {
	s.mu.Lock()
	s.failures = append(s.failures, err)
	s.mu.Unlock()
	if s.test != nil {
		s.test.Helper()
		s.test.Errorf("%v", err)
	}
}
