package actors

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/seed14814784/holdfast/actors/lifecycle"
	"github.com/seed14814784/holdfast/actors/membership"
	"github.com/seed14814784/holdfast/messages"
)

// Record is what a channel is, apart from the actor that runs it: its settings,
// its state and intent, its outbox and inbox, its counters. An actor that
// crashed is replaced by one that starts from the same record.
//
// The unguarded fields belong to the channel actor's goroutine. Incarnations
// follow one another on the same mailbox, so they never touch them together.
type Record struct {
	Settings

	state      lifecycle.State
	now        *portrait
	resumed    bool             // the login said so
	gap        bool             // the login said so
	refresh    bool             // the next address request asks for fresh credentials
	forget     bool             // the next session cannot resume; until one is Ready
	begun      bool             // an incarnation has started before
	alive      bool             // something was heard since Ready
	stableDue  bool             // the stable timer has run out, but nothing was heard
	footing    membership.Conn  // how the connection stands, for the first room that comes
	drainFor   time.Duration    // asked for by the Drain command
	rotateIn   time.Duration    // asked for by the server's go-away
	lastReason *messages.Reason // why the connection before ended; nil at first
	admittedAt moment           // when the last attempt began
	life       uint64           // drawn at random: no two channels have the same
	memory     any              // what a session keeps for the next one; the connection's, see Link.Keep
	conn       *connection      // the connection that exists or is ending
	ask        *ask             // the wish to dial that is queued
	lease      *lease           // of the login
	sync       *syncing         // nil: nothing is caught up with
	flaps      flaps            // sessions that ended soon, in a row

	outbox outbox
	inbox  inbox
	roster *roster // of the rooms actor; nil until there is a room
	lanes  lanes   // of the rooms' messages

	returns *returns // of messages that a session asks about; nil: none ever did

	secrets   secrets
	shown     atomic.Pointer[portrait]
	rtt       atomic.Int64
	stale     atomic.Uint64
	nudged    atomic.Bool                        // a flush is in the mailbox already
	resolving atomic.Bool                        // an address callback has not returned
	self      atomic.Pointer[actor.ActorProcess] // of the channel's actor; nil: it has not started, or has ended
	rooms     atomic.Pointer[actor.PID]          // the rooms actor, if there are rooms
	system    *actor.ActorSystem

	mu       sync.Mutex
	mishaps  *mishaps      // nil: there was none
	sockets  int32         // connections that have not said their last word
	actorEnd bool          // the actor is gone for good
	over     bool          // the actor and its last connection are gone
	ended    chan struct{} // closed then; nil while nobody waits
}

// NewRecord makes the record of a channel that was never asked to connect.
// Sends are refused until it is, unless willConnect says that a Connect follows.
func NewRecord(system *actor.ActorSystem, settings Settings, willConnect bool) *Record {
	r := &Record{Settings: settings, system: system, life: rand.Uint64(), lease: unleased}
	r.outbox.Settings, r.inbox.rec = &r.Settings, r
	if !willConnect {
		r.outbox.Shut(notConnected(messages.Idle, messages.Reason{}))
	}
	r.now = &portrait{since: time.Now(), reached: &r.Endpoint}
	r.shown.Store(r.now)
	return r
}

// report tells of a panic in a user's code or in ours.
func (r *Record) report(what string, stack []byte) {
	if r.Report != nil {
		r.Report(r.Channel, r.secrets.hide(what), stack)
	}
}

// propsOf makes actors of this channel.
func (r *Record) propsOf(producer actor.ProducerWithActorSystem) *actor.Props {
	return actor.PropsFromProducerWithActorSystem(producer, actor.WithMailbox(newMailbox), actor.WithDispatcher(r.Crew))
}

// ring has the channel look at its clock.
func (r *Record) ring() {
	r.tell(&tick{})
}

// tell sends the channel a message, from any goroutine, unless it has ended. Its process
// is looked up once: by its PID it would be three places in memory further away.
func (r *Record) tell(message any) {
	if self := r.self.Load(); self != nil {
		self.SendUserMessage(nil, message)
	}
}

// Send admits a message to the outbox and lets the channel know. It never
// blocks.
func (r *Record) Send(message messages.Message) (*Receipt, error) {
	receipt, err := r.outbox.Accept(message)
	if err == nil {
		r.nudge()
	}
	return receipt, err
}

// progress lets the channel know that its connection got on with the outbox, if
// that makes a difference to it.
func (r *Record) progress() {
	r.outbox.mu.Lock()
	stirs := r.outbox.stirs()
	r.outbox.mu.Unlock()
	if stirs {
		r.nudge()
	}
}

// nudge asks the channel to look at its outbox, once however often it is
// called before the channel does.
func (r *Record) nudge() {
	if self := r.self.Load(); self != nil && r.nudged.CompareAndSwap(false, true) {
		self.SendUserMessage(nil, &flush{})
	}
}

// blame notes why a connection ended, for the next address request.
func (r *Record) blame(reason messages.Reason) { r.lastReason = &reason }

// Ended is closed when the channel's actor is gone for good.
func (r *Record) Ended() <-chan struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ended == nil {
		r.ended = make(chan struct{})
		if r.over {
			close(r.ended)
		}
	}
	return r.ended
}

// bury lets those go on who wait for the end.
func (r *Record) bury() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.over = true
	if r.ended != nil {
		close(r.ended)
	}
}

// mishaps are a channel's panics.
type mishaps struct {
	recent []time.Time // within the budget's window
	count  uint64
}

// crashed counts a panic and reports whether the channel's budget is exceeded.
func (r *Record) crashed(now time.Time) (exceeded bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.mishaps == nil {
		r.mishaps = &mishaps{}
	}
	m := r.mishaps
	m.count++
	recent := m.recent[:0]
	for _, at := range m.recent {
		if now.Sub(at) < r.Panics.Within {
			recent = append(recent, at)
		}
	}
	// One more than the budget is all that is ever looked at.
	if len(recent) <= r.Panics.Max {
		recent = append(recent, now)
	}
	m.recent = recent
	return len(recent) > r.Panics.Max
}

// pardon forgets the panics: the user asked for another try.
func (r *Record) pardon() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.mishaps != nil {
		r.mishaps.recent = nil
	}
}

// The end of a channel is the end of its actor and of its last connection,
// whichever comes later: only then is the ID free, so that a channel opened
// anew never meets a socket of its predecessor.

func (r *Record) socketBorn() {
	r.Workers.Add()
	r.mu.Lock()
	r.sockets++
	r.mu.Unlock()
}

func (r *Record) socketGone() {
	r.mu.Lock()
	r.sockets--
	last := r.actorEnd && r.sockets == 0
	r.mu.Unlock()
	if last {
		r.finish()
	}
	r.Workers.Done()
}

func (r *Record) actorGone() {
	r.mu.Lock()
	first := !r.actorEnd
	r.actorEnd = true
	last := first && r.sockets == 0
	r.mu.Unlock()
	if last {
		r.finish()
	}
}

// Discard ends a record whose actor was never spawned.
func (r *Record) Discard() { r.actorGone() }

// finish empties outbox and inbox and publishes the channel's last event. The
// handler of the next channel of this ID must not run beside this one's, over
// messages of long ago.
func (r *Record) finish() {
	r.outbox.Shut(messages.Because(messages.ReasonNoSuchChannel, "the channel was closed; open it again"))
	r.outbox.abandon("the channel was closed")
	last := r.shown.Load()
	r.Observer.Publish(messages.Stopped{
		Channel: r.Channel, Seq: last.seq, Reason: last.why(), Discarded: r.inbox.discard(), At: time.Now(),
	}, r.bury)
}

// handlerCrashed turns a handler's panic into the failure of the connection
// that is there now. Without one, it is only counted: there is nothing to fail.
//
// A room's handler costs the room the message and nothing else: the connection
// belongs to the other rooms as well.
func (r *Record) handlerCrashed(room messages.RoomID, c crash) {
	if room != "" {
		r.crashed(time.Now())
		r.report(fmt.Sprintf("a handler panicked over a message of room %q: %s", room, PanicValue(c)), c.Stack)
		return
	}
	r.tell(&handlerPanic{c})
}

// notConnected is why a channel in that status refuses what needs a connection.
func notConnected(status messages.Status, cause messages.Reason) messages.Reason {
	reason := messages.Because(messages.ReasonNotConnected, "the channel is %s; connect it first", status)
	if cause.Code != messages.ReasonOK {
		reason.Detail = "the channel is " + status.String() + " because of " + cause.String() + "; connect it first"
		reason.Wire = cause.Wire
	}
	return reason
}
