package wukongimtest

import "github.com/seed14814784/holdfast/transport/wstest"

// Option sets one thing of a server.
type Option func(*Server)

// WithTest reports what goes wrong in the server, and clients that break RFC 6455, as
// errors of the test, and closes the server when the test ends.
func WithTest(t wstest.TB) Option { return func(s *Server) { s.test = t } }

// WithTranscript makes the server write down what both sides say, without pings:
//
//	us>    alice CONNECT v5 device=0 "d1"
//	peer>  alice CONNACK 1 v5
//	us>    alice SEND tea/2 "hello" redDot
//	peer>  alice SENDACK 1 seq=1 redDot
//	peer>  bob RECV tea/2 seq=1 from=alice "hello" redDot
//	us>    bob RECVACK seq=1 redDot
//	peer>  alice DISCONNECT 12 "server kick"
//	peer>  alice eof
//
// Before its CONNECT a connection has no name. The first number of an answer is its
// reason. JSON-RPC looks the same, with the errors of calls as they are.
func WithTranscript(t *wstest.Transcript) Option { return func(s *Server) { s.transcript = t } }

// WithoutEncryption makes every session plain, as a server does whose encryption is
// turned off: the CONNACK has neither key nor salt.
func WithoutEncryption() Option { return func(s *Server) { s.open = true } }
