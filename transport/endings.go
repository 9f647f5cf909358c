package transport

import (
	"maps"

	"github.com/seed14814784/holdfast/messages"
)

// Endings is the protocol with close codes of the backend's own: a close frame
// with one of these codes gets that reason, and so its class and advice. It is
// how a backend's "replaced by another login" becomes a kick:
//
//	transport.Endings(transport.Raw(), map[int]messages.Code{
//		4001: messages.ReasonKickedOtherDevice,
//		4003: messages.ReasonBanned,
//	})
//
// Codes that are not in the map keep the meaning that the protocol gives them.
func Endings(protocol Protocol, codes map[int]messages.Code) Protocol {
	return endings{protocol, maps.Clone(codes)}
}

type endings struct {
	Protocol
	codes map[int]messages.Code
}

// Check passes on what the protocol says about itself.
func (e endings) Check() error {
	switch p := e.Protocol.(type) {
	case nil:
		return invalid("endings", "the protocol is nil; use transport.Raw()")
	case interface{ Check() error }:
		return p.Check()
	}
	return nil
}

func (e endings) NewSession(opening Opening) Session {
	session := endingsSession{e.Protocol.NewSession(opening), e.codes}
	if renewer, ok := session.Session.(Renewer); ok {
		return renewingSession{session, renewer}
	}
	return session
}

type endingsSession struct {
	Session
	codes map[int]messages.Code
}

// renewingSession keeps the ability of the session inside to renew.
type renewingSession struct {
	endingsSession
	Renewer
}

func (s endingsSession) Ending(reason messages.Reason) messages.Reason {
	if code, ok := s.codes[reason.Wire.Code]; ok && reason.Wire.Scheme == "websocket" {
		reason.Code = code
		return reason
	}
	return s.Session.Ending(reason)
}
