package main

import (
	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/transport"
)

// expired is the close code of this backend for a login whose token has ended.
const expired = 4401

// protocol is what this backend expects: "LOGIN token" to begin with, "RENEW
// token" before that one ends, and both are answered by YES or NO.
type protocol struct{}

// Name implements transport.Protocol.
func (protocol) Name() string { return "example" }

// Traits implements transport.Protocol.
func (protocol) Traits() transport.Traits { return transport.Traits{} }

// NewSession implements transport.Protocol.
func (protocol) NewSession(opening transport.Opening) transport.Session {
	return &session{Session: transport.Raw().NewSession(opening), token: opening.Token}
}

// session adds a login to that of a plain socket.
type session struct {
	transport.Session
	token    messages.Token
	loggedIn bool
}

func write(link transport.Link, word string, token messages.Token) error {
	return link.Write(transport.Frame{Kind: transport.FrameText, Data: []byte(word + " " + token.Secret.Reveal())})
}

// Open sends the login.
func (s *session) Open(link transport.Link) error { return write(link, "LOGIN", s.token) }

// Renew implements transport.Renewer.
func (s *session) Renew(link transport.Link, token messages.Token) error {
	return write(link, "RENEW", token)
}

// Receive hears the answers.
func (s *session) Receive(link transport.Link, frame transport.Frame) error {
	switch {
	case string(frame.Data) == "NO":
		return &messages.Error{Op: "login", Reason: messages.Because(messages.ReasonAuthRejected, "the server does not know the token")}
	case s.loggedIn:
		link.Renewed(0)
	default:
		s.loggedIn = true
		link.LoggedIn(transport.Login{})
	}
	return nil
}

// Ending knows the backend's close code.
func (s *session) Ending(reason messages.Reason) messages.Reason {
	if reason.Wire.Code == expired {
		reason.Code = messages.ReasonCredExpired
	}
	return s.Session.Ending(reason)
}
