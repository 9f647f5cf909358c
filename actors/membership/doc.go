// Package membership is the life of a room as data: a table of transitions and
// a pure step function over it, like package lifecycle for the channel. It
// knows no actors, no connections, no clock and no randomness; whoever drives
// it brings time along in the event and chance in the strategy, so that the
// same inputs always give the same outputs.
//
// # The tour
//
// A [State] is a value: where the room stands, whether the user wants to be in,
// how the connection under it stands, what the server may know of us, what it
// counts, and exactly which timer is armed. An [Event] is one thing that
// happened: a command, an answer of the server or news from it, a change of the
// connection, a timer that ran out. [Machine.Step] looks up the one [Row] of
// the table for both, and returns the next state and a [Step]: what the driver
// has to do that cannot be read from the states themselves.
//
// The driver owns everything real. After a step it
//
//   - forgets the question that has no answer yet, if the status changed or
//     Ask says something: what comes back to it is dropped;
//   - cancels the timers that left the set, arms those that came in and those
//     in Rearm. [TimerRetry] runs for Delay. [TimerJoin], [TimerVerify] and
//     [TimerLeave] begin when the question really leaves: questions are paced,
//     and waiting in line is not the server's silence. [TimerStable] runs for
//     as long as the driver likes;
//   - asks the server what Ask says. A join makes the room if Create says so,
//     and a leave goes before it if LeaveFirst says so;
//   - tells the server, if Owes says so, a leave: now, if it can and the leave
//     was not asked before; else at the next contact, before anything else
//     about that room;
//   - tells observers of the new status, if it differs from the old one;
//   - drops and counts the event, if there was no row.
//
// A connection that becomes Ready is news to every room, one ConnReady each; so
// is every other change of it.
//
// The rows are in five files: table_wishes.go for what users ask for,
// table_answers.go for what the server answers, table_news.go for what it says
// by itself, table_waits.go for the end of a wait, table_connections.go for
// what becomes of the connection. The moves they share are in moves.go and
// verdict.go, each once.
//
// # The picture
//
// Every change of status that the table allows, and no other; a test holds one
// against the other. T0, T1 and T2 are what the seeds of this library call the
// loss of a connection, its return, and the server's word on who is still in.
//
//	joined             Detached -> Joining -> Joined
//	wished for         Detached -> Interrupted, Suspended
//	when it can be     Interrupted -> Joining
//	T0                 Joining, Joined, Verifying, Rejoining, Waiting -> Interrupted
//	T1                 Interrupted -> Verifying
//	T2, still in       Verifying -> Joined
//	T2, out            Verifying -> Rejoining -> Joined
//	out for good       Joined, Verifying -> Lost
//	a long outage      Interrupted -> Suspended -> Rejoining
//	ask after it       Suspended, Waiting -> Verifying
//	put off            Joining, Joined, Verifying, Rejoining -> Waiting -> Rejoining
//	taken out, stable  Joined -> Rejoining
//	left               Joining, Joined, Verifying, Rejoining, Waiting -> Leaving -> Detached
//	or joined again    Leaving -> Joining, Interrupted
//	left at once       Interrupted, Suspended, Waiting -> Detached
//	logged out         Joining, Joined, Verifying, Rejoining -> Detached
//	evicted            Joining, Joined, Verifying, Rejoining, Waiting, Leaving -> Kicked
//	no such room       Joining, Joined, Verifying, Rejoining, Waiting -> Gone
//	refused            Joining, Joined, Verifying, Rejoining, Waiting -> Failed
//	no channel         Interrupted, Suspended -> Failed
//	a new life         Lost, Gone, Kicked, Failed -> Joining, Interrupted, Suspended
//	forgotten          Lost, Gone, Kicked, Failed -> Detached
//
// # Decisions
//
// The wish and the status are two facts. Want says what the user asked for last;
// Status says what is. Nothing but the user's Join makes a room wanted, and
// nothing wanted is dropped without a reason that says so.
//
// A ghost is a join that may have landed. It is set when a join is asked and
// while the room is Joined, and cleared only by a plain no. Whoever leaves with
// a ghost tells the server, or owes it a leave; whoever joins after an
// unanswered join leaves first. Otherwise the server counts in people who went
// away, or counts them twice.
//
// Our word is final about leaving. A leave that gets no answer ends Detached and
// is told again at the next contacts. A caller with a hundred thousand rooms
// cannot look after one leave.
//
// Only time in the room resets Attempt. A server that lets us in and takes us
// out at once would be asked without end if a join did. What is taken out after
// it was stable joins again at once; what is taken out before, waits.
//
// After a short outage the server is asked before anything is joined: it may
// have kept the place, and a join would cost the position in the history. After
// a long one there is nothing to verify, except under StayOut, where only the
// server's word keeps a room.
//
// StayOut never joins by itself where we were in. A room that was in, was
// refused since, and lost its connection is asked about, not joined. A first
// join goes on until it has an answer, whatever the policy.
//
// No room is created twice in a row. Create is part of a join once the server
// said that there is no room, and stays part of it until the room is Joined or
// the server says again that it is not there; then there is a wait.
//
// No verdict makes a hot loop. A delay is at least [lifecycle.MinDelay],
// whatever a strategy says; and rooms ask the same kind of strategy as channels
// do, so that one policy can serve both.
//
// An ended room keeps nothing but how often it was tried. The next life begins
// from nothing, also one that begins with a Join while Leaving.
//
// A rejoin is not called RejoinedWithGap before it is Joined. On the way it is
// not known whether anything is missing; whoever drives the room says so in the
// reason of the JoinOK or StillIn.
package membership
