// Package actors is the behaviour of a channel: an actor that decides and
// another one that does.
//
//	supervisor actor        package supervisor: one per fleet
//	└── channel             decides: steps the lifecycle, owns intent, outbox, inbox; no I/O
//	    ├── connection      does: one physical connection, from its permit to dial to its last byte
//	    └── rooms           from the first room on: steps the life of each, across connections
//
// The channel actor is a thin shell around the table of package lifecycle. What
// happens becomes an event; the step that the table answers with becomes
// effects: deadlines on its clock, a wish at the gate, a connection that is
// made or stopped, a status that observers are told. It answers every
// command at every moment, because it waits for nothing.
//
// The connection is an actor that is made for one attempt and dies with it. It asks the
// address, dials, lets the protocol log in, reads and writes, and keeps the
// heartbeat. What ends it is escalated as a failure, and the channel, which is
// the supervisor strategy of its children, answers as the restart strategy
// says.
//
// # The way of a message out
//
//	Send ─► Outbox ──hand──► connection ─► Session.Send ─► Conn ─► socket
//	          ▲                                              │
//	          └── written, answered, reclaimed ◄─────────────┘
//
// Send admits to the outbox in the caller's goroutine, so the bound holds at
// once and nothing is lost with an actor. If channel and connection are idle, it runs
// both of them then and there: the message is written when Send returns. See errand.
// A connection may begin a window of messages; until it does, the outbox may let
// them expire or drop them. It reports what the socket took straight to the outbox; what it did not
// write goes back to the front when it ends.
//
// # The way of a message in
//
//	socket ─► Conn ─► connection ─► Session.Receive ─► inbox ─► Handler
//
// The inbox belongs to the channel, so order holds across connections. It runs
// the handler on the goroutine that reported the message, after the actor is done with
// it, or on one of its own. When it is full the connection stops reading, and TCP tells the peer.
//
// # Never two connections
//
// A connection's last word is said when its socket is closed, its goroutines
// are gone and a dial that was still running has come back and been closed. Only
// then does the channel ask the gate for the next attempt. A dialled socket
// never travels in a mailbox, where it could be lost with its receiver: see
// dialing.
//
// # The end of a login
//
// With the login a channel takes a lease: until when it is good, from the token
// or the server. Some time before, it asks its credentials for the next token, in
// a goroutine, and its connection presents that one to the server. A lease that
// was not prolonged ends the connection: CredExpired, whoever notices first.
//
// # Between login and Ready
//
// A Syncer runs in a goroutine, and the inbox holds back what its connection
// brings. It is called once at a time, so one that hangs holds up later logins
// until their own deadlines; and what it delivers after its time is refused, for
// by then the handler may have been given what came later.
//
// # Rooms
//
// One actor drives all rooms of a channel with the table of package membership. It
// is told how the connection stands, after observers are. When it is Ready it asks,
// through the connection: leaves that are owed first, then verifies, then joins,
// within window and rate. An answer carries the number of its question, and one to
// a question that is void by then is dropped. What must last is in the roster: the
// rooms that are wanted, where each stands, which leaves are owed.
//
//	socket ─► connection ─► Session.Receive ─► Link.Publish ─► lane ─► inbox ─► Handler
//
// The messages of a room pass through its lane, which is open while the room is
// joined. During a join the lane holds back what comes, and lets it through after
// the history that the join brought, each message once. In the other direction the
// outbox keeps a room's messages until the room is joined; a quarter of it at most
// is for one room.
//
// # Decisions
//
// One actor has all rooms, because their questions share one pace. An actor each
// would cost a kilobyte for a room that says nothing.
//
// A lane has a lock, and no place in a mailbox: the connection pushes, the rooms
// actor opens, and what was held back must not be overtaken by what comes next.
//
// Sessions that end soon and alike are counted outside the lifecycle, which knows
// no history but its attempts: a fight is made of sessions that were all Ready.
//
// Signals name their connection by pointer, not by epoch alone: a forced
// refresh makes a second connection in the same attempt, and the two must not
// be taken for one another.
//
// The outbox has a lock and is shared by the senders, the channel and its
// connection. As a part of the channel's mailbox it would be unbounded, and
// would forget on a crash the message that caused it.
//
// Liveness and ping run in the connection: it alone sees the traffic, and a
// timer that dies with its connection cannot condemn the next one.
//
// A channel keeps all its deadlines on one alarm, a connection its heartbeat on
// another, and the alarms of a fleet share one runtime timer. Alarms only make their
// actor look; what is due is decided then, so a late one does nothing.
//
// Who sends an errand to an idle actor runs it: waking a goroutine costs more than a
// small message. Errands are those of the two ways above, and what they do never
// blocks. All else is run by a few goroutines that a fleet keeps: see Crew. A new one
// per burst of messages spent a quarter of the processor on growing its stack.
//
// The mailbox is our own. protoactor's are two queues that hold memory while they are
// empty, half a kilobyte, and know no errands.
//
// A connection is an actor on such a mailbox and nothing more. Only its channel knows
// it, so it needs no PID, no context and no place in the registry: those would be an
// eighth of an idle channel. What ends it reaches the channel as an actor.Failure, which
// the channel's strategy answers like that of any child.
//
// The timers of a lease belong to the channel and not to the credentials, which
// know nothing of servers that say how long a login is good. Spread as they are,
// they make one identity ask once all the same.
//
// A handler runs outside the connection actor. Inside, a slow one would starve
// heartbeats and make a command wait.
package actors
