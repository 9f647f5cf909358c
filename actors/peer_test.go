package actors

import (
	"context"
	"io"
	"sync"
	"time"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/transport"
)

// peer is a server made of memory: it accepts or refuses dials, and its sockets
// do what a test tells them to. It counts how many are open at once.
type peer struct {
	mu      sync.Mutex
	refuse  error
	stall   bool                           // dials hang until their context ends
	late    time.Duration                  // dials ignore their context and take that long
	dial    func() (transport.Conn, error) // takes the place of a dial; it must not make a connection
	frozen  bool                           // sockets are born half-open
	mute    bool                           // goodbyes are not answered
	answers func(*socket, string)          // what the peer does about a message
	heard   func(string)                   // told of every message
	linger  time.Duration                  // how long an aborted socket takes to close
	deaf    bool                           // heartbeats are not answered
	calm    bool                           // what is taken at once is not reported
	dials   int
	open    int
	maxOpen int
	sockets []*socket
}

// Dial implements transport.Dialer. The dial counts as open from its start: a
// connection that is being made is one, too.
func (p *peer) Dial(ctx context.Context, _ transport.Target) (transport.Conn, error) {
	p.mu.Lock()
	p.dials++
	p.open++
	p.maxOpen = max(p.maxOpen, p.open)
	refuse, stall, late, dial := p.refuse, p.stall, p.late, p.dial
	p.mu.Unlock()
	if dial != nil {
		defer p.closed()
		return dial()
	}
	if stall {
		<-ctx.Done()
		refuse = ctx.Err()
	}
	time.Sleep(late)
	if refuse != nil {
		p.closed()
		return nil, refuse
	}
	p.mu.Lock()
	s := &socket{peer: p, stuck: p.frozen}
	p.sockets = append(p.sockets, s)
	p.mu.Unlock()
	return s, nil
}

func (p *peer) closed() {
	p.mu.Lock()
	p.open--
	p.mu.Unlock()
}

func (p *peer) set(change func(*peer)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change(p)
}

// last is the socket that was dialled last.
func (p *peer) last() *socket {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.sockets) == 0 {
		return nil
	}
	return p.sockets[len(p.sockets)-1]
}

// socket is one connection of the peer.
type socket struct {
	peer *peer

	mu      sync.Mutex
	notify  func() func()
	inbound []transport.Frame
	end     error
	stuck   bool // writes are taken but never leave
	full    bool // writes are not taken
	written uint64
	got     []string
	vain    int // reads that found nothing
	lends   bool
	lent    []byte // what was read last
	closing bool
	aborted bool
	gone    bool
	done    []func()
}

func (s *socket) Watch(notify func() func()) {
	s.mu.Lock()
	s.notify = notify
	waiting := len(s.inbound) > 0 || s.end != nil
	s.mu.Unlock()
	if waiting {
		s.report()
	}
}

// Lend implements transport.Lender: what is read next takes the place of what was read.
func (s *socket) Lend() { s.lends = true }

func (s *socket) Read() (transport.Frame, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.inbound) > 0 {
		f := s.inbound[0]
		s.inbound = s.inbound[1:]
		if s.lends {
			s.lent = append(s.lent[:0], f.Data...)
			f.Data = s.lent
		}
		return f, nil
	}
	if s.end != nil {
		return transport.Frame{}, s.end
	}
	s.vain++
	return transport.Frame{}, transport.ErrWouldBlock
}

func (s *socket) Write(f transport.Frame) error {
	s.peer.mu.Lock()
	deaf, calm, answers, heard := s.peer.deaf, s.peer.calm, s.peer.answers, s.peer.heard
	s.peer.mu.Unlock()
	s.mu.Lock()
	if s.aborted || s.closing || s.end != nil {
		s.mu.Unlock()
		return &messages.Error{Op: "write", Reason: messages.Reason{Code: messages.ReasonWriteError}}
	}
	if s.full {
		s.mu.Unlock()
		return &messages.Error{Op: "write", Reason: messages.Reason{Code: messages.ReasonSlowConsumer}}
	}
	if s.stuck {
		s.mu.Unlock()
		return nil
	}
	s.written++
	if f.Kind == transport.FramePing {
		if !deaf {
			s.inbound = append(s.inbound, transport.Frame{Kind: transport.FramePong, Data: f.Data})
		}
		s.mu.Unlock()
		s.report()
		return nil
	}
	s.got = append(s.got, string(f.Data))
	s.mu.Unlock()
	if heard != nil {
		heard(string(f.Data))
	}
	if answers != nil {
		answers(s, string(f.Data))
	}
	if !calm {
		s.report()
	}
	return nil
}

// report says that it is worth looking at the socket.
func (s *socket) report() {
	s.mu.Lock()
	notify := s.notify
	s.mu.Unlock()
	if notify == nil {
		return
	}
	if rest := notify(); rest != nil {
		go rest()
	}
}

func (s *socket) Written() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.written
}

// Close is answered at once, by a peer that is well.
func (s *socket) Close(code int, text string) error {
	s.peer.mu.Lock()
	mute := s.peer.mute
	s.peer.mu.Unlock()
	s.mu.Lock()
	s.closing = true
	stuck := s.stuck
	s.mu.Unlock()
	if !stuck && !mute {
		s.fail(peerClose(code, text))
	}
	return nil
}

func (s *socket) Abort(done func()) {
	s.peer.mu.Lock()
	linger := s.peer.linger
	s.peer.mu.Unlock()
	s.mu.Lock()
	first := !s.aborted
	s.aborted = true
	if s.gone {
		s.mu.Unlock()
		if done != nil {
			done()
		}
		return
	}
	if done != nil {
		s.done = append(s.done, done)
	}
	s.mu.Unlock()
	if !first {
		return
	}
	if linger == 0 {
		s.close()
		return
	}
	time.AfterFunc(linger, s.close)
}

func (s *socket) close() {
	s.peer.closed()
	s.mu.Lock()
	s.gone = true
	done := s.done
	s.done = nil
	s.mu.Unlock()
	for _, d := range done {
		d()
	}
}

func (s *socket) Info() transport.ConnInfo { return transport.ConnInfo{} }

// send makes messages arrive, together.
func (s *socket) send(texts ...string) {
	s.mu.Lock()
	for _, text := range texts {
		s.inbound = append(s.inbound, transport.Frame{Kind: transport.FrameText, Data: []byte(text)})
	}
	s.mu.Unlock()
	s.report()
}

// pong makes a pong arrive.
func (s *socket) pong(payload string) {
	s.mu.Lock()
	s.inbound = append(s.inbound, transport.Frame{Kind: transport.FramePong, Data: []byte(payload)})
	s.mu.Unlock()
	s.report()
}

// fail ends the socket after what has arrived.
func (s *socket) fail(err error) {
	s.mu.Lock()
	if s.end == nil {
		s.end = err
	}
	s.mu.Unlock()
	s.report()
}

// freeze makes the socket half-open: what is written never leaves.
func (s *socket) freeze() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stuck = true
}

// clog makes the socket full, or ends that.
func (s *socket) clog(full bool) {
	s.mu.Lock()
	s.full = full
	s.mu.Unlock()
	if !full {
		s.report()
	}
}

func (s *socket) received() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.got...)
}

func peerClose(code int, text string) error {
	return &messages.Error{Op: "read", Reason: messages.Reason{
		Code: messages.ReasonPeerClose,
		Wire: messages.Wire{Scheme: "websocket", Code: code, Text: text},
	}}
}

func lost() error { return io.EOF }

// quietly ends the socket; whoever looks will see.
func (s *socket) quietly(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.end = err
}
