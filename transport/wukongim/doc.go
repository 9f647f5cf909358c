// Package wukongim speaks to servers of WuKongIM, in their binary protocol over TCP or
// WebSocket, or in JSON-RPC over WebSocket.
//
//	server := &api.Client{URL: "http://chat.example:5001"}
//
//	supervisor.Spec{
//		ID:          "alice", // the uid
//		Address:     wukongim.Router{API: server}, // or transport.Static("tcp://chat.example:5100")
//		Dialer:      wukongim.Dialer(),
//		Protocol:    wukongim.New(wukongim.Options{Syncer: wukongim.API(server)}),
//		Credentials: ...,
//		Handler:     func(m messages.Received) { said, _ := wukongim.Of(m); ... },
//	}
//
// A channel of Holdfast is a login of one user on one device. It hears all channels of
// WuKongIM that the user is in: each message goes to the handler of its room, if that
// is joined, and else to the channel's. What the server says beside the payload is a
// [Message] in the Meta of what is received; what is sent says where to with its room,
// or with a [Head]:
//
//	room.Send(ctx, messages.Text("hello"))
//	channel.Send(ctx, wukongim.To(wukongim.Person, "bob").Message([]byte("hello")))
//
//	login           CONNECT, with the uid, the token and a device of its own
//	join, rejoin    nothing is said to the server; is the user in?
//	verify (T1)     the same: still in? and what was missed?
//	leave           nothing: from now on the channel's handler hears it
//	Send            SEND, Delivered with its SENDACK
//	heartbeat       PING
//	kick            DISCONNECT; we close
//
// # Nothing is lost, nothing is heard twice
//
// A RECV is acknowledged when its handler has returned, with its own flags. One that
// the server says again is not delivered again. The messages of a channel are numbered,
// ours among them; when a number is missing, what follows is held until [Options.Syncer]
// has fetched what is between, or the answers to our own messages explain it. After each
// login the channel is Syncing until the channels that were heard before are up to date.
// Rooms fetch what they missed when they are verified. A room begins with what the
// channel's handler has not heard; and where nobody asks about one for a minute after a
// login, because it ended with the channel before, what came for it is the channel's.
//
// A history that ends before what was heard is another one: that is a gap, and it goes
// on from its end. What comes after all when it could not be fetched is delivered late,
// without a Position.
//
// Without a Syncer a gap is counted in [Options.Gaps], rooms are taken for joined as
// long as no refusal says otherwise, and every interruption is a gap for them.
//
// What is not stored (noPersist) and commands (syncOnce) have no number in the channel:
// they are delivered as they come.
//
// A message has a name (clientMsgNo) that a second attempt repeats, with the flag DUP.
// Servers of the newer generation drop what they had; that is known from the version 6,
// or from the name in a SENDACK. From then on what was written without an answer is
// sent again; before, only what allows duplicates is, and the rest is Unknown.
//
// # What reasons mean
//
// Most of a WuKongIM server's reasons say different things in different places. 19
// refuses a login for good, and one message for a while; 12 ends a connection, and is
// nothing that a message could have done. So each reason has up to three meanings:
//
//	login        answers CONNECT: whether another attempt makes sense, and with what
//	send         answers SEND: what became of the message, or of the room
//	disconnect   ends a connection: whether it may come back
//
// A SENDACK that says that we are no subscriber, or that the channel is gone, ends the
// room as well.
//
// # Limits
//
// A frame has 1 MiB at most, a name 32,767 bytes; a uid has none of "@#&". 65,536
// messages may wait for their answers. 1,024 messages and 1 MiB are held for a channel;
// what comes beyond that is not acknowledged, and fetched later. 4,096 messages that
// were taken are remembered, and [Options.Conversations] channels.
//
// # Decisions
//
// A reason that is not known, or does not belong where it is said, is tried again: a
// login as after an error of the server, a connection as after a close. Only what the
// server clearly means for good is final.
//
// A kick has one number, and its words differ: those that an administrator's calls
// leave behind (none at all, or "server kick") are told apart, and everything else is
// another login. Both are final until a takeover.
//
// Servers of the older generation do not answer a login with a wrong token: they close
// after 6 s. Two such endings in a row, and each one after that, are
// ReasonAuthSuspected: another token is tried before the channel slows down, and it
// never ends for that. Timeouts.Auth has to be longer than those 6 s.
//
// A server that has given our place to another login, or has lost us, may go on taking
// what we send and say nothing. So the heartbeat is short by default, and a message
// without an answer asks for a sign of life.
//
// The device is not kept across lives of a channel, so that two fleets do not fight for
// one place without noticing. A program that wants to be the same device after a
// restart says which with [Options.DeviceID].
//
// JSON-RPC sessions end with the first error, because older servers repeat it for
// every text that follows.
package wukongim
