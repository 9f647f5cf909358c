// Package messages holds the words that Holdfast's actors and its users
// exchange: commands that go to a channel, events that come from it, the
// statuses it moves through, and the reasons why it moved.
//
// It imports nothing but the standard library, so that a program can speak
// about channels without linking a WebSocket or an actor system.
//
// # Statuses
//
// A channel is in exactly one [Status]; [Status.Phase] folds the fifteen into
// six for those who want fewer words:
//
//	Down        Idle
//	Connecting  Queued -> Preparing -> Dialing -> Authenticating -> Syncing
//	Up          Ready
//	Waiting     Backoff  Suspended  Held
//	Leaving     Draining -> Closing
//	Ended       Closed  Kicked  Failed
//
// # Rooms
//
// A channel may be in many rooms, each in exactly one [RoomStatus]. When the
// connection is lost they go through three moments:
//
//	T0  Joined -> Interrupted       there is no connection under the room
//	T1  Interrupted -> Verifying    there is one: are we still in?
//	T2  Verifying -> Joined         yes
//	                 -> Rejoining   no, and it is joined again
//	                 -> Lost        no, and the policy stays out
//	                 -> Gone        there is no such room any more
//
// Detached, Lost, Gone, Kicked and Failed stay until the room is joined anew.
//
// # Reasons
//
// Every change carries a [Reason]: a stable number ([Code]), the class the
// restart policy looks at ([Class]), advice for whoever reads it ([Action]),
// and the peer's own words ([Wire]). A Code is also an error, so a caller
// branches with
//
//	if errors.Is(err, messages.ReasonOutboxFull) { ... }
//
// # Decisions
//
// Codes double as sentinel errors because one list of endings is enough: the
// catalogue is what a person looks up, what metrics count and what callers
// branch on.
//
// Unknown wire codes never lose their number: they arrive inside a Reason whose
// Code says what kind of ending it was and whose Wire keeps scheme, number and
// text untouched.
package messages
