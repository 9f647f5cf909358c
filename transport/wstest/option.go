package wstest

import "net/http"

// Option sets one thing of a server.
type Option func(*Server)

// WithHandler sets what the server does with connections; the default is
// [Echo]. See [Server.Handle].
func WithHandler(handler Handler) Option { return func(s *Server) { s.handler = handler } }

// TB is the part of a *testing.T that a server needs.
type TB interface {
	Helper()
	Errorf(format string, args ...any)
	Cleanup(func())
}

// WithTest reports what goes wrong in handlers as errors of the test, and
// closes the server when the test ends.
func WithTest(t TB) Option {
	return func(s *Server) {
		s.test = t
		t.Cleanup(func() { _ = s.Close() }) // what it would return was reported
	}
}

// WithTranscript makes the server write down what both sides do.
func WithTranscript(t *Transcript) Option { return func(s *Server) { s.transcript = t } }

// WithKey sets what connections are counted by; the default is the path of
// their request.
func WithKey(key func(*http.Request) string) Option { return func(s *Server) { s.keyOf = key } }

// WithHeader sends a header with every 101.
func WithHeader(name, value string) Option {
	return func(s *Server) { s.header.Add(name, value) }
}

// WithCompression agrees to permessage-deflate (RFC 7692) if the client offers
// it, without context takeover, and then compresses every message it sends.
func WithCompression() Option { return func(s *Server) { s.compression = true } }

// WithSubprotocols accepts the first subprotocol a client offers that is one of
// these; without it none is accepted.
func WithSubprotocols(names ...string) Option {
	return func(s *Server) { s.subprotocols = names }
}
