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

// NewSession wraps a session, and keeps what it can do beyond a Session.
func (e endings) NewSession(opening Opening) Session {
	inside := e.Protocol.NewSession(opening)
	session := endingsSession{inside, e.codes}
	renewer, renews := inside.(Renewer)
	rooms, hasRooms := inside.(RoomSession)
	tokens, renewsRooms := inside.(RoomRenewer)
	switch {
	case hasRooms && renews && renewsRooms:
		return struct {
			endingsSession
			questions
			Renewer
			RoomRenewer
		}{session, rooms, renewer, tokens}
	case hasRooms && renews:
		return struct {
			endingsSession
			questions
			Renewer
		}{session, rooms, renewer}
	case hasRooms && renewsRooms:
		return struct {
			endingsSession
			questions
			RoomRenewer
		}{session, rooms, tokens}
	case hasRooms:
		return struct {
			endingsSession
			questions
		}{session, rooms}
	case renews:
		return struct {
			endingsSession
			Renewer
		}{session, renewer}
	}
	return session
}

// questions are what makes a Session a RoomSession.
type questions interface {
	Join(link Link, request JoinRequest) error
	Verify(link Link, requests []JoinRequest) error
	Leave(link Link, ticket Ticket) error
}

type endingsSession struct {
	Session
	codes map[int]messages.Code
}

// Borrows implements [Borrower]: it looks at no frame itself.
func (s endingsSession) Borrows() bool {
	b, ok := s.Session.(Borrower)
	return ok && b.Borrows()
}

func (s endingsSession) Ending(reason messages.Reason) messages.Reason {
	if code, ok := s.codes[reason.Wire.Code]; ok && reason.Wire.Scheme == "websocket" {
		reason.Code = code
		return reason
	}
	return s.Session.Ending(reason)
}
