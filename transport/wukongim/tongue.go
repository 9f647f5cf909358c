package wukongim

import (
	"strconv"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/transport"
	"github.com/seed14814784/holdfast/transport/wukongim/internal/wire"
)

// tongue is one of the two ways in which packets are said. What is heard goes to the
// session, packet by packet.
type tongue interface {
	login(*wire.Connect) (transport.Frame, error)
	agreed(version byte, cipher *wire.Cipher)
	send(*wire.Send) (transport.Frame, error)
	ack(*wire.Recvack) (transport.Frame, error)
	ping() transport.Frame
	hear(*session, transport.Link, transport.Frame) error
}

// binary is the protocol's own frames, in whatever pieces they come.
type binary struct {
	decoder wire.Decoder
	version byte
	cipher  *wire.Cipher
}

func (b *binary) agreed(version byte, cipher *wire.Cipher) { b.version, b.cipher = version, cipher }

func framed(data []byte, err error) (transport.Frame, error) {
	return transport.Frame{Kind: transport.FrameBinary, Data: data}, err
}

func (b *binary) login(p *wire.Connect) (transport.Frame, error) { return framed(p.Append(nil, 0)) }

func (b *binary) send(p *wire.Send) (transport.Frame, error) {
	return framed(b.cipher.AppendSend(nil, b.version, p))
}

func (b *binary) ack(p *wire.Recvack) (transport.Frame, error) {
	return framed(p.Append(nil, b.version))
}

func (b *binary) ping() transport.Frame {
	frame, _ := framed(wire.Ping{}.Append(nil, b.version))
	return frame
}

func (b *binary) hear(s *session, link transport.Link, frame transport.Frame) error {
	if frame.Kind != transport.FrameBinary {
		return malformed("a text of %d bytes came in a binary session", len(frame.Data))
	}
	for in := frame.Data; len(in) > 0; {
		f, rest, ok, err := b.decoder.Next(in)
		if err != nil {
			return err
		}
		if !ok {
			return nil
		}
		if err := b.take(s, link, f); err != nil {
			return err
		}
		in = rest
	}
	return nil
}

func (b *binary) take(s *session, link transport.Link, f wire.Frame) error {
	switch f.Type {
	case wire.TypeConnack:
		return heard(f.Connack())(s.connack, link)
	case wire.TypeSendack:
		return heard(f.Sendack(b.version))(s.sendack, link)
	case wire.TypeRecv:
		p, err := f.Recv(b.version)
		if err != nil {
			return err
		}
		plain, err := b.cipher.OpenRecv(&p)
		return s.recv(link, &p, plain, err)
	case wire.TypePong:
		link.HeartbeatAnswered()
		return nil
	case wire.TypeDisconnect:
		return heard(f.Disconnect())(s.disconnected, link)
	case wire.TypeEvent:
		return heard(f.Event())(s.event, link)
	default: // of clients, or the answer to what we never ask
		s.Ignored.Add(1)
		return nil
	}
}

// heard hands a packet on, if it could be read.
func heard[T any](p T, err error) func(func(transport.Link, T) error, transport.Link) error {
	return func(take func(transport.Link, T) error, link transport.Link) error {
		if err != nil {
			return err
		}
		return take(link, p)
	}
}

// rpc is JSON-RPC, one call in each text. A request is known by its id: its kind and
// a number.
type rpc struct{ pings uint64 }

// The kinds of requests.
const (
	connecting = "c"
	sending    = "s"
	pinging    = "p"
)

func (*rpc) agreed(byte, *wire.Cipher) {}

func spoken(text []byte) transport.Frame {
	return transport.Frame{Kind: transport.FrameText, Data: text}
}

func (*rpc) login(p *wire.Connect) (transport.Frame, error) {
	q := *p
	q.Key = "" // nothing is encrypted
	return spoken(q.AppendJSON(nil, connecting)), nil
}

func (*rpc) send(p *wire.Send) (transport.Frame, error) {
	return spoken(p.AppendJSON(nil, sending+strconv.FormatUint(uint64(p.ClientSeq), 10))), nil
}

func (*rpc) ack(p *wire.Recvack) (transport.Frame, error) { return spoken(p.AppendJSON(nil)), nil }

func (r *rpc) ping() transport.Frame {
	r.pings++
	return spoken(wire.Ping{}.AppendJSON(nil, pinging+strconv.FormatUint(r.pings, 10)))
}

func (r *rpc) hear(s *session, link transport.Link, frame transport.Frame) error {
	if frame.Kind != transport.FrameText {
		return malformed("a binary frame of %d bytes came in a JSON session", len(frame.Data))
	}
	call, err := wire.ParseCall(frame.Data)
	if err != nil {
		return err
	}
	switch call.Method {
	case "":
		return r.answered(s, link, &call)
	case wire.MethodRecv:
		p, err := call.Recv()
		if err != nil {
			return err
		}
		return s.recv(link, &p, p.Payload, nil)
	case wire.MethodDisconnect:
		return heard(call.Disconnect())(s.disconnected, link)
	case wire.MethodEvent:
		return heard(call.Event())(s.event, link)
	default:
		s.Ignored.Add(1)
		return nil
	}
}

// answered takes the answer to a request. After an error the session is of no use: a
// server that did not understand one text says so about all that follow.
func (*rpc) answered(s *session, link transport.Link, call *wire.Call) error {
	kind, number := call.ID[:min(1, len(call.ID))], call.ID[min(1, len(call.ID)):]
	switch {
	case call.Fault != nil:
		if kind == sending {
			s.refused(link, sequence(number), call.Fault)
		}
		return malformed("the server answers %q with error %d: %s", brief(call.ID), call.Fault.Code, brief(call.Fault.Message))
	case kind == connecting && !call.Pong():
		return heard(call.Connack())(s.connack, link)
	case kind == sending && !call.Pong():
		p, err := call.Sendack()
		p.ClientSeq = sequence(number)
		return heard(p, err)(s.sendack, link)
	case kind == pinging && call.Pong():
		link.HeartbeatAnswered()
	default:
		s.Ignored.Add(1)
	}
	return nil
}

// sequence is the number of a request; 0, which no message has, if it is none of ours.
func sequence(number string) uint32 {
	seq, err := strconv.ParseUint(number, 10, 32)
	if err != nil {
		return 0
	}
	return uint32(seq)
}

func malformed(format string, args ...any) error {
	return &messages.Error{Op: "receive", Reason: messages.Because(messages.ReasonProtocolError, format, args...)}
}
