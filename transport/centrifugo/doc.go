// Package centrifugo speaks the JSON client protocol of Centrifugo, and of
// anything built on its engine, over WebSocket.
//
//	supervisor.Spec{
//		Address:     transport.Static("wss://chat.example/connection/websocket"),
//		Protocol:    centrifugo.New(centrifugo.Options{}),
//		Credentials: ...,
//	}
//
// A channel of Holdfast is a client of Centrifugo, a room is one of its channels.
//
//	login           connect, with the token and Options.Data
//	join, rejoin    subscribe; with recovery when the position is known
//	verify (T1)     presence: is this client still counted in? then subscribe
//	leave           unsubscribe
//	a room's Send   publish, Delivered when the server has taken it
//	a typed Send    rpc with the type as its method; the result is delivered with that type
//	a plain Send    send; the server does not answer it
//	renew           refresh, and sub_refresh for a room's own token
//	heartbeat       the server's empty replies are answered; ours is a WebSocket ping
//
// Messages are JSON values, in and out. Those of channels that the server
// subscribed us to by itself (server-side subscriptions) go to the channel's
// handler with their room's name; what was missed of them is recovered at the next
// login, and if it cannot be, the login has a gap.
//
// # What errors and endings mean
//
// Disconnect codes 3000-3499 and 4000-4499 are followed by another attempt,
// 3500-3999 and 4500-4999 are final. Unsubscribe codes from 2500 are followed by
// another join, those below are final for the room. Errors are what the server
// says: temporary ones are tried again, permanent ones are not; 109 asks for a
// fresh token first, and 112 subscribes anew, with a gap.
//
// A few codes say more than their range. 3005 and 3014 of a connection, 2501 and
// 2502 of a room ask for a fresh token first; a channel that logged in without a
// token just comes back. 3010 keeps what is remembered, for the server recovers by
// it what it had lost.
//
// What is not a reply in JSON ends the connection with ReasonProtocolError, and so
// does an answer to the login or to a refresh without its result. Everything else
// that should not be is counted in Options.Ignored and concerns one room at most:
// a room whose question was answered with something else asks again later, and a
// message is in doubt until its acknowledgement is overdue.
//
// # Limits
//
// A channel's name has 1 to 255 bytes and is UTF-8. Up to 65,536 requests may wait
// for their answers; beyond, the older half is given up and ends by its deadlines.
// Of a room only the last question waits. A server may make 65,536 subscriptions
// by itself. Of what it says about an error, 512 bytes are kept.
//
// # Decisions
//
// T1 asks for presence, because it is the only thing that a server can say about
// a membership that a connection before this one had. A server that keeps none, or
// does not show it to us, cannot tell: that is answered as not being in, and the
// room's policy decides.
//
// Being counted in is not enough to hear anything: a connection hears what it has
// subscribed to itself. So whoever is in subscribes within the verify, and the
// room is joined when that is granted.
//
// The answer to the server's heartbeat waits for room in the socket and shares the
// next frame: a socket is full whenever a long outbox is flushed, and that is no
// reason to end it. There is one answer however many heartbeats came, because a
// server takes one too many as an offence and does not let us back (3501).
//
// A leave that the server refuses is not told as one: the room may be joined still.
// The leave's deadline decides, and the server is told once more.
//
// A plain Send is acknowledged when it is written, since nobody else will.
package centrifugo
