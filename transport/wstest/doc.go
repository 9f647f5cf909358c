// Package wstest plays the peer of a WebSocket client, for tests: a server that
// does on command what real servers do on bad days, over TCP or over a network
// in memory that can be cut and mended. It is to WebSocket clients what
// net/http/httptest is to HTTP clients, whatever client library they use.
//
// # A server
//
// [NewServer] listens on loopback, [NewTLSServer] with TLS. What a server does
// with a connection is a [Handler], a function that plays the peer:
//
//	server := wstest.NewServer(wstest.WithTest(t), wstest.WithHandler(func(c *wstest.Conn) {
//		c.Expect("hello")
//		c.Send("hi")
//		c.Close(4001, "replaced")
//	}))
//	// dial server.URL + "/any/path"
//
// Handlers come ready-made ([Echo], [Push], [Greet], [Kick], [Silent], [Refuse],
// [Stall]), and combine ([Sequence] for the first, second and later
// connections, [Routes] by path). [Server.Handle] exchanges the handler while
// the server runs; [Server.Down] and [Server.Up] make dials refused and accepted
// again on the same address. What a handler finds wrong is an error of the test
// and never a crash.
//
// # Faults
//
// The connections of [Server.Conns] take faults from the test's goroutine at
// any time, whatever their handler is doing:
//
//	what the client gets             what does it
//	-----------------------------    -----------------------------------
//	refused, then accepted again     Server.Down, Server.Up
//	an HTTP status, Retry-After      Refuse(503, "Retry-After: 3")
//	a handshake that hangs           Stall(Accepted ... Upgraded)
//	a close frame, legal or not      Kick, KickRaw
//	EOF without a close frame        Drop
//	ECONNRESET                       Reset
//	nothing at all, buffers fill     HalfOpen
//	nothing, but its bytes are read  Silence
//	no pongs, or late ones           IgnorePings, DelayPongs
//	a close frame unanswered         IgnoreClose, DropOnClose
//	a peer that reads slowly         Slow
//	frames that are not legal        WriteFrame, WriteRaw, [Malformed]
//	a cable that is pulled           Network.Cut, Network.Mend
//
// # A network in a bubble
//
// TCP does not work inside testing/synctest, where a day takes no time. A
// [Network] does:
//
//	synctest.Test(t, func(t *testing.T) {
//		network := wstest.NewNetwork()
//		server := network.NewServer("chat.example", wstest.WithTest(t))
//		dialer := &transport.WebSocket{NetDial: network.Dial}
//		...                   // connect to server.URL, which is ws://chat.example
//		network.Cut()         // half-open, everywhere
//		time.Sleep(time.Hour)
//		network.Mend()
//		synctest.Wait()
//	})
//
// Make network and server inside the bubble, and call synctest.Wait before you
// look at them: outside a bubble, [Server.Await] waits for connections.
//
// # How many connections there were
//
// [Network.MaxOpen] and [Server.MaxOpen] tell how many connections were ever
// open at once under one key, which is the path of the request or what
// [WithKey] makes of it. With a key for each channel, a supervisor is right
// if network.MaxOpen() is 1. [Network.Dials] and [Server.Dials] tell when each
// attempt was made.
//
// # Transcripts
//
// A [Transcript] is what happened, as text, so that a test compares the whole
// story at once. [WithTranscript] writes down what both sides of the
// connections do, and the test adds what its client says about it:
//
//	if d := transcript.Diff(`
//		peer>  101
//		us>    text "hello"
//		status Ready
//		peer>  close 4001 "replaced"
//		status Kicked
//		+24h                           # nothing else happens
//	`); d != "" {
//		t.Error(d)
//	}
//
// # Who owns what
//
//	Server ── one goroutine accepts
//	  └── Conn ── one goroutine runs the handler, then waits for the end
//	        │     one goroutine reads, a frame ahead of the handler at most
//	        └── link ── half-open, slow, dropped, reset: below TLS
//	              └── a TCP connection, or one end of a Network's pair
//
// [Server.Close] ends all of it and waits; [WithTest] calls it when the test
// ends. Nothing is left behind.
//
// # Decisions
//
//   - A handler reads when it is told to and not before, so that a transcript
//     has the same order every time. A script that wants to wait calls
//     [Conn.Sleep], which answers pings meanwhile.
//   - A line is written down before its bytes leave: what they cause comes
//     after it.
//   - Pings and automatic answers are not in transcripts: a day has thousands.
//   - A Network delivers what was held back by a cut, because TCP does. Its
//     resets leave what had arrived readable, and the first write to a closed
//     peer vanishes, because Linux does that.
//   - One mutex guards a whole Network: cutting it is one step that no
//     connection sees half done.
//   - A dropped TCP connection lingers for up to a second and reads, since
//     closing a socket with unread bytes sends a reset.
//   - A client that breaks RFC 6455 is reported: it is what is being tested.
package wstest
