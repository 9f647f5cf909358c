package supervisor

import (
	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/transport"
)

// plain is a session that logs in at once and does nothing else. Backends of the
// tests embed it.
type plain struct{}

// Open implements transport.Session.
func (plain) Open(link transport.Link) error { link.LoggedIn(transport.Login{}); return nil }

// Receive implements transport.Session.
func (plain) Receive(link transport.Link, f transport.Frame) error {
	link.Deliver(messages.KindText, "", f.Data)
	return nil
}

// Send implements transport.Session.
func (plain) Send(link transport.Link, _ messages.MessageID, m messages.Message) error {
	return link.Write(transport.Frame{Kind: transport.FrameText, Data: m.Data})
}

// Heartbeat implements transport.Session.
func (plain) Heartbeat(link transport.Link) error {
	return link.Write(transport.Frame{Kind: transport.FramePing})
}

// Bye implements transport.Session.
func (plain) Bye(transport.Link) (int, string) { return 1000, "" }

// Ending implements transport.Session.
func (plain) Ending(r messages.Reason) messages.Reason { return r }

// slowLogin never answers a login, or never ends catching up.
type slowLogin struct {
	plain
	sync bool
}

// Name implements transport.Protocol.
func (*slowLogin) Name() string { return "slow" }

// Traits implements transport.Protocol.
func (*slowLogin) Traits() transport.Traits { return transport.Traits{} }

// NewSession implements transport.Protocol.
func (p *slowLogin) NewSession(transport.Opening) transport.Session { return p }

// Open implements transport.Session.
func (p *slowLogin) Open(link transport.Link) error {
	if p.sync {
		link.LoggedIn(transport.Login{Sync: true})
	}
	return nil
}

// deaf is a backend that should acknowledge messages and never does.
type deaf struct{ plain }

// Name implements transport.Protocol.
func (*deaf) Name() string { return "deaf" }

// Traits implements transport.Protocol.
func (*deaf) Traits() transport.Traits { return transport.Traits{Acknowledges: true} }

// NewSession implements transport.Protocol.
func (p *deaf) NewSession(transport.Opening) transport.Session { return p }
