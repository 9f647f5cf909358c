// Package lifecycle is the life of a channel as data: a table of transitions
// and a pure step function over it. It knows no actors, no sockets, no clock
// and no randomness; whoever drives it brings time along in the event and
// chance in the strategy, so that the same inputs always give the same outputs.
//
// # The tour
//
// A [State] is a value: where the channel stands, whether it is wanted up, what
// holds it back, what it counts, and exactly which timers are armed. An [Event]
// is one thing that happened: a command, a hint about the network, the progress
// or the end of an attempt, a timer that ran out. [Machine.Step] looks up the
// one [Row] of the table for both, and returns the next state and a [Step]:
// what the driver has to do that cannot be read from the states themselves.
//
// The driver owns everything real. After a step it
//
//   - ends the connection and whatever is in flight, if Dispose says so, before
//     anything else;
//   - cancels the timers that left the set, arms those that came in and those
//     in Rearm; [TimerBackoff] runs for Delay, all others for as long as the
//     driver likes;
//   - begins what the new status stands for: in Queued it asks the gate, in
//     Preparing the address callback, in Dialing it dials, in Authenticating it
//     logs in, in Syncing it catches up, in Closing it says goodbye;
//   - tells observers of the new status, if it differs from the old one, or of
//     an update, if Updated says so;
//   - drops and counts the event, if there was no row.
//
// Before a step it drops what carries another epoch than State.Epoch: the table
// cannot know who is speaking.
//
// The rows are in five files: table_commands.go for what users ask for,
// table_hints.go for what is said about the network, table_attempts.go for the
// way up, table_lives.go for connections that are there, table_waits.go for
// waiting and supervision. The moves they share are in moves.go and verdict.go,
// each once; no row sets a status by itself where a move exists.
//
// # The picture
//
// Every change of status that the table allows, and no other; a test holds one
// against the other.
//
//	the way up         Idle -> Queued -> Preparing -> Dialing -> Authenticating -> Syncing -> Ready
//	nothing to sync    Authenticating -> Ready
//	stale credentials  Dialing, Authenticating -> Preparing
//	planned            Syncing, Ready -> Queued
//	a failure          Queued, Preparing, Dialing, Authenticating, Syncing, Ready -> Backoff -> Queued
//	a long outage      Queued, Preparing, Dialing, Authenticating, Syncing, Ready -> Suspended -> Queued
//	the session died   Backoff -> Suspended
//	held back          Queued, Preparing, Dialing, Authenticating, Syncing, Ready -> Held -> Queued
//	held while waiting Backoff, Suspended -> Held
//	drained            Syncing, Ready -> Draining -> Closing -> Closed
//	logged out         Authenticating, Syncing, Ready -> Closing
//	ended at once      Idle, Queued, Preparing, Dialing, Backoff, Suspended, Held -> Closed
//	stopped            Authenticating, Syncing, Ready, Draining -> Closed
//	kicked             Authenticating, Syncing, Ready, Draining -> Kicked
//	given up           Queued, Preparing, Dialing, Authenticating, Syncing, Ready -> Failed
//	waited enough      Backoff, Suspended -> Failed
//	the server's no    Draining -> Failed
//	connect again      Draining, Closing, Closed, Kicked, Failed -> Queued
//	while held         Idle, Draining, Closing, Closed, Kicked, Failed -> Held
//
// # Decisions
//
// The wish and the status are two facts. Up, NetworkDown and Paused say what is
// wanted and what hinders; Status says what is. Mixing them is how clients come
// back after a logout, or stay away after a pause.
//
// Every dial goes through Queued, except the one retry with fresh credentials.
// So there is one place where a gate can stand.
//
// Only stable uptime, a command or news of the network reset Attempt. A login
// does not: a server that takes logins and drops them would be dialled without
// end.
//
// What is free must have been stable. A rotation, a go-away or expired
// credentials cost nothing after a stable connection and count as a failure
// before. A planned failure that counts is not Planned to the strategy either,
// or it would get the short wait of a plan.
//
// No verdict makes a hot loop. A delay is at least [MinDelay], whatever a
// strategy says.
//
// Held carries the reason of the hold, ReasonPaused or ReasonNetworkDown, and
// the cause in its detail. Those who see only status changes could not tell the
// two apart otherwise. With both, the pause is named: it is the one that needs
// a person.
//
// A hint that comes again does not start the probe anew. Otherwise a host that
// repeats its hint would be trusted for ever.
//
// A go-away while Syncing leaves no mark in the state. There is nothing to
// cancel yet: the rotation timer is armed at Ready, and whoever runs it knows
// for how long.
//
// Giving up keeps the cause. The code says which budget was spent, the wire is
// that of the last failure, and the detail tells both.
//
// Expired credentials of a live connection are not a rejected login. The server
// had accepted them, so AuthFailures stays.
//
// A strategy is asked again when a wait outlives the session, because slow
// retries are its to choose, and may give up even then.
package lifecycle
