// Package wukongimtest is a WuKongIM server for tests. It keeps everything in memory,
// does on good days and on bad ones what real servers were seen to do, and is to
// clients of WuKongIM what net/http/httptest is to HTTP clients, whatever library they
// are made with.
//
// # A server
//
// [NewServer] listens on loopback, three times: for the binary protocol and JSON-RPC
// over TCP, for both over WebSocket, and for the HTTP API. There are users, with a
// token for each device flag, channels, messages and connections; tests make them
// with the methods of [Server] or over the API.
//
//	server := wukongimtest.NewServer(wukongimtest.V2, wukongimtest.WithTest(t))
//	server.AddUser("alice", "token-of-alice")
//	server.AddChannel("tea", 2, "alice", "bob")
//	// log in to server.TCP or server.WS; ask server.API
//
// [NewServerOn] is the same on a network in memory, for bubbles of testing/synctest,
// where a day takes no time:
//
//	synctest.Test(t, func(t *testing.T) {
//		network := wstest.NewNetwork()
//		server := wukongimtest.NewServerOn(network, "im.example", wukongimtest.V2, wukongimtest.WithTest(t))
//		// dial with network.Dial; server.Client() reaches the API
//		time.Sleep(time.Hour)
//		synctest.Wait() // before looking at the server
//	})
//
// # Two generations
//
// What a server does with a client depends on its [Profile]:
//
//	situation                          V2                                   V3
//	--------------------------------   ----------------------------------   ----------------------------
//	latest version                     5                                    6
//	JSON-RPC                           yes, never encrypted                 closed
//	a wrong token, a banned uid        silence, EOF after 6 s               accepted
//	a uid with @, # or &               closed, no CONNACK                   accepted
//	no clientKey                       EOF after 6 s; the uid's next        CONNACK 21, closed
//	                                   login is reset after 3 s
//	no CONNECT                         closed after 3 s                     closed after 180 s
//	another frame first                closed                               closed
//	a login, same flag, master         DISCONNECT to the other device,      both stay: all are slaves
//	                                   then CONNACK; a zombie is left
//	a login, same device id            a zombie is left, without a word     the old one is closed
//	a zombie                           2 s later: messages are taken and    none
//	                                   never answered; EOF after 270 s
//	/user/device_quit                  DISCONNECT 12 "" after 150 ms,       closed after 2 s
//	                                   the token is void; a zombie
//	/user/token, level master          DISCONNECT 12, a zombie              closed after 10 s
//	/conn/kick                         DISCONNECT 12, a zombie              no such route
//	no traffic                         closed after 270 s                   closed after 180 s
//	the same clientMsgNo again         another message                      the same ids; another
//	                                                                        payload is reason 15
//	a RECV without RECVACK             again after 60 to 90 s, five times   never again
//	noPersist                          delivered, seq 0                     id 0, not delivered
//	syncOnce                           delivered, seq of its own            seq of its own, not delivered
//	topic, expiry, setting             delivered                            dropped
//	a bad msgKey                       SENDACK 9                            closed
//	NoEncrypt                          SENDACK 9                            accepted
//	no such group                      SENDACK 3                            SENDACK 5
//	SENDACK                            flags of the SEND, before the RECVs  no flags, ends with the
//	                                                                        clientMsgNo, after the RECVs
//	one's own message, other device    RECV without redDot                  RECV with redDot
//	a channel's first message          at once                              after 520 ms
//	DISCONNECT, SUB, 2nd CONNECT       ignored                              closed
//	an unknown type, a cut-off body    closed                               closed
//	a frame of 2 MiB                   waits for ever                       closed
//	WebSocket fragments                nothing is heard any more            no matter
//	a WebSocket path                   any                                  only /
//	closed means                       EOF                                  close 1000, or EOF over TCP
//	the client's close frame           EOF                                  is answered
//	messagesync                        for everybody                        for members
//	/cluster/channels/.../subscribers  yes                                  no such route
//	a JSON-RPC mistake                 its error answers everything later
//
// # Faults
//
// The connections of [Server.Conns] take faults from the test's goroutine: Drop, Reset,
// Silence, HalfOpen; Disconnect and WriteRaw; DropSendacks, HoldSendacks, SkipRecvs,
// Redeliver and Forge. [Server.Refuse] and [Server.Ignore] are for the next login of a
// uid, [Server.Down], [Server.Kill] and [Server.Up] for all. On a network in memory,
// whose Cut, Mend and latency work as well, all of them are exact to the nanosecond.
//
// # Questions
//
// [Server.Received] is what the server accepted, [Server.Acks] what clients
// acknowledged, [Server.Online] who is there, [Server.MaxOpen] whether a client ever
// had two connections of one device. [WithTranscript] writes down the whole
// conversation.
//
// # Decisions
//
//   - Numbers are bytes here and not the types of package wukongim, so that its own
//     tests can use this package.
//   - One mutex guards the whole world: what a message does to ten connections is one
//     step. Nothing that waits is done under it; each connection has a queue and a
//     goroutine that writes.
//   - A line is written down before its bytes leave: what they cause comes after it.
//   - An ending waits for what was said before. Reset does not.
//   - An idle connection of V2 lives for 270 s, nominally for 180: at 240 s it was seen
//     alive, and at 270 s zombies were closed.
//   - A connection that lost its place works for two seconds like any other, because
//     that is when servers forget it.
//   - syncOnce messages are numbered apart in both generations, which was seen in V3
//     only.
package wukongimtest
