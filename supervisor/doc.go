// Package supervisor is what a service imports: fleets of channels that stay up
// by themselves, and say so.
//
// A [Fleet] is a supervisor actor with a gate in front of every dial, a breaker
// per endpoint and a bus that tells observers what happens. [Fleet.Open] takes a
// [Spec], which is data, and returns a [Channel], which is a handle: safe for
// concurrent use, valid for ever, and never waiting for the network.
//
//	fleet, err := supervisor.New()
//	ch, err := fleet.Open(ctx, supervisor.Spec{
//		ID:      "room-42",
//		Address: transport.Static("wss://chat.example/socket"),
//		Handler: func(m messages.Received) { ... },
//	})
//	receipt, err := ch.Send(ctx, messages.Text("hello"))
//
// # Two doors
//
// The handles are for those who do not want to know about actors. For those who
// do, [Props] makes the supervisor actor for a system of their own: it takes
// [Open] and answers with a PID, that PID takes the commands of package
// messages, and the events appear on the system's EventStream. The handles use
// the same actors in the same way.
//
// # Who decides about a retry
//
// The connection fails; its channel asks the [Strategy]; the strategy says how
// long to wait, or that it is over. Around the one you choose stand, from the
// inside out: MaxRetries and GiveUpAfter, the [Restart] type, the server's
// Retry-After as a floor, and a guard against a strategy that panics. When the
// delay is over the channel queues at the gate, which bounds dials per second
// and at once for each endpoint, in the order of asking. While an endpoint's
// breaker is open, only probes pass. While this process lacks descriptors, or local
// ports for an endpoint, the dials that need them are paused, and nobody is blamed.
//
// # Credentials
//
// Channels of one identity share one [Credentials] value. It keeps the newest
// token and calls its Fetch once for all who want another: at the first login,
// before a login ends, and when a server has rejected one. Each channel renews at
// its own moment; the first one pays, the others find the token there.
//
// # Catching up
//
// A [Syncer] runs between login and Ready. What comes over the connection
// meanwhile waits in the inbox behind what the Syncer delivers.
//
// # Rooms
//
// A channel whose protocol has rooms may want many: [Channel.Join] notes the wish
// and returns a [Room], a handle like the channel's own. The wish outlives the
// connection. When that is lost the room is Interrupted (T0); when it is back the
// server is asked whether we are still in (T1); and then the room is joined again,
// or is Lost or Gone (T2), as its policy says. What happens to one room happens
// neither to the others nor to the connection.
//
// Joins are paced: at most [RoomLimits].JoinWindow unanswered ones, JoinRate a
// second, the highest Priority first. When every room that was wanted has had its
// answer, a [messages.RoomsSettled] says how it went.
//
// # The network
//
// A fleet may be told that this machine has no network, by a [Network] that
// watches it, as supervisor/netlink does, or by [Fleet.NetworkDown]. What is on
// its way up is Held then and counts no failures; what works goes on, once it has
// been probed. A hint is not trusted for ever: it may be wrong, and the one that
// takes it back be lost.
//
// # What is told, and to whom
//
// Each channel numbers its changes. An observer first gets a [messages.Snapshot]
// of every channel, then each change exactly once. Its queue is bounded: what
// does not fit is counted and told in a [messages.Missed] where it is missing.
// Changes of rooms have numbers of their own, through all rooms of a channel.
// A slow or panicking observer costs nobody else anything.
//
// # When something crashes
//
// A panic in a handler, a protocol or the connection costs the connection; one
// over a message of a room costs that message, for the connection belongs to the
// other rooms as well. A panic in a channel's actor restarts that actor, which goes
// on from the channel's record: intent, counters, outbox, rooms. All count against
// a budget, beyond which the channel is Failed, and those that cost a connection as
// failures of the attempt. The supervisor actor recovers from everything and never
// fails.
//
// # Decisions
//
// Observers get their events from goroutines of their own, the actor system's
// EventStream included: the stream runs its subscribers on the publisher, and
// an actor must not wait for those.
//
// A full queue drops what is new, not what is old: an observer then knows an
// exact prefix of what happened, and where it ends.
//
// A network is watched once. One that ends is not begun again by the fleet, which
// could not know when: it is taken for up, and whoever wrote it may begin again
// inside of Watch.
//
// Channels on the same terms share their rules: limits, deadlines, strategy. A
// channel that does nothing should cost what is its own. Strategies that are
// functions cannot be compared; give one to the fleet rather than to each Spec.
//
// protoactor keeps a set of its children for each actor. The supervisor has one child,
// an usher, and that one passes on what the channels tell their parent; a set of all
// channels would cost each a thirtieth more. See usher.
//
// The registry and the bus have locks and are no actors: a status question must
// be answered at every moment, also while a hundred thousand channels fail.
package supervisor
