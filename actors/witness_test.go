package actors

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/seed14814784/holdfast/actors/lifecycle"
	"github.com/seed14814784/holdfast/messages"
)

// witness holds what a channel says and is against the invariants of the
// lifecycle reference (B4), whose numbers the breaches carry.
type witness struct {
	stage *stage

	mu        sync.Mutex
	breaches  []string
	last      messages.StatusChanged
	seq       uint64
	stopped   bool
	readyAt   time.Time
	takeover  bool // a Connect with Takeover was sent since the last kick
	down      bool // nobody wants the channel up: it must not dial
	hurried   bool // commands come so fast that their effect cannot be foretold
	dials     int  // how many there were when it became so
	epochs    []messages.Epoch
	admitted  []time.Time
	accepted  []*Receipt
	learned   bool                        // the peer has shown that it drops what it had
	resent    map[messages.MessageID]bool // may be written twice
	inquiries []inquiry
}

// inquiry is a command that waits for its answer.
type inquiry struct {
	command any
	answer  chan any
}

func newWitness(s *stage) *witness {
	w := &witness{stage: s, down: true, resent: map[messages.MessageID]bool{}}
	s.watch = w.event
	return w
}

func (w *witness) breach(format string, args ...any) {
	w.breaches = append(w.breaches, fmt.Sprintf(format, args...))
}

// event looks at what is published. It runs on the channel's own goroutine for
// changes of status, so that it may look at the state, too.
func (w *witness) event(event messages.Event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch e := event.(type) {
	case messages.StatusChanged:
		w.moved(e)
	case messages.Updated:
		if w.seq++; e.Seq != w.seq || w.stopped {
			w.breach("10: update %d comes after %d", e.Seq, w.seq-1)
		}
	case messages.Stopped:
		w.stopped = true
	}
}

func (w *witness) moved(e messages.StatusChanged) {
	last := w.last
	w.last = e
	if w.seq++; e.Seq != w.seq || w.stopped {
		w.breach("10: change %d comes after %d (stopped %v)", e.Seq, w.seq-1, w.stopped)
	}
	if e.Prev != last.Cur || e.Cur == e.Prev {
		w.breach("10: %s -> %s comes after %s -> %s", e.Prev, e.Cur, last.Prev, last.Cur)
	}
	if e.Epoch < last.Epoch || e.Epoch > last.Epoch+1 || e.Epoch > last.Epoch && e.Cur != messages.Preparing {
		w.breach("11: epoch %d in %s comes after %d", e.Epoch, e.Cur, last.Epoch)
	}
	if e.Prev == messages.Kicked && !w.takeover {
		w.breach("8: Kicked -> %s without takeover", e.Cur)
	}
	if waits := e.Cur == messages.Backoff || e.Cur == messages.Suspended; waits != (e.RetryIn > 0) || e.RetryIn > lifecycle.MaxDelay {
		w.breach("21: %s for %s", e.Cur, e.RetryIn)
	}
	w.attempts(last, e)
	if e.Cur == messages.Ready {
		w.readyAt = e.At
	}
	if e.Cur.Ended() {
		w.dials = -1 // counted at rest
	}
	state := w.stage.record.state
	if want := timersOf(state); state.Timers != want {
		w.breach("2: in %s the timers are %s, and should be %s", e.Cur, state.Timers, want)
	}
	if state.Status.Ended() && (state.Up || state.Reopen) {
		w.breach("4: %s, and still wanted", e.Cur)
	}
	if held := e.Cur == messages.Held; held && !state.Held() || !held && trying(e.Cur) && state.Held() {
		w.breach("6: %s with holds %v %v", e.Cur, state.NetworkDown, state.Paused)
	}
	if e.Cur == messages.Ready && (state.Long || state.AuthFailures > 0) || e.Cur == messages.Suspended && !state.Long {
		w.breach("7: %s with a long outage %v, %d rejections", e.Cur, state.Long, state.AuthFailures)
	}
}

func trying(s messages.Status) bool {
	return s.Phase() == messages.PhaseConnecting || s.Phase() == messages.PhaseWaiting
}

// attempts: invariant 5, as far as it shows.
func (w *witness) attempts(last, e messages.StatusChanged) {
	if e.Attempt >= last.Attempt {
		return
	}
	switch e.Reason.Code {
	case messages.ReasonUserConnect, messages.ReasonNetworkUp, messages.ReasonResumed:
		return
	}
	if e.Prev.Ended() || e.Prev.Phase() == messages.PhaseLeaving { // a Connect, perhaps into a hold
		return
	}
	if e.Prev == messages.Ready && e.At.Sub(w.readyAt) >= w.stage.record.Timeouts.StableAfter {
		return
	}
	w.breach("5: %s -> %s forgot %d failures because of %s", e.Prev, e.Cur, last.Attempt-e.Attempt, e.Reason)
}

// timersOf is the exact timer set of a state (B1.2).
func timersOf(s lifecycle.State) lifecycle.Timers {
	timers := lifecycle.Timers(0)
	switch s.Status {
	case messages.Held:
		if !s.Paused {
			timers = timers.With(lifecycle.TimerProbe)
		}
	case messages.Preparing:
		timers = timers.With(lifecycle.TimerPrepare)
	case messages.Dialing:
		timers = timers.With(lifecycle.TimerDial)
	case messages.Authenticating:
		timers = timers.With(lifecycle.TimerAuth)
	case messages.Syncing:
		timers = timers.With(lifecycle.TimerSync, lifecycle.TimerLiveness, lifecycle.TimerPing)
	case messages.Ready:
		timers = timers.With(lifecycle.TimerLiveness, lifecycle.TimerPing, lifecycle.TimerRotate)
		if !s.Stable {
			timers = timers.With(lifecycle.TimerStable)
		}
		return timers
	case messages.Backoff, messages.Suspended:
		timers = timers.With(lifecycle.TimerBackoff)
	case messages.Draining:
		return timers.With(lifecycle.TimerDrain, lifecycle.TimerLiveness, lifecycle.TimerPing)
	case messages.Closing:
		return timers.With(lifecycle.TimerClose)
	case messages.Idle, messages.Closed, messages.Kicked, messages.Failed:
		return timers
	}
	if !s.Long {
		timers = timers.With(lifecycle.TimerOutage)
	}
	return timers
}

// asks notes that an attempt began: two never do within the least interval.
func (w *witness) asks(epoch messages.Epoch) {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := time.Now()
	if n := len(w.epochs); n > 0 && w.epochs[n-1] != epoch {
		if gap := now.Sub(w.admitted[n-1]); gap < w.stage.record.Timeouts.MinInterval {
			w.breach("5b: attempt %d began %s after the one before", epoch, gap)
		}
	}
	w.epochs, w.admitted = append(w.epochs, epoch), append(w.admitted, now)
}

// commanded notes what was asked for, before it is sent.
func (w *witness) commanded(command any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch c := command.(type) {
	case messages.Connect:
		w.takeover = w.takeover || c.Takeover
		w.down = w.down && w.last.Cur == messages.Kicked && !w.takeover
	case messages.Disconnect:
		if c.Mode == messages.Logout {
			w.down = true
		}
	case messages.Drain: // a Connect that came while leaving is not taken back by a second Drain
		w.down = w.down || !w.hurried && w.last.Cur.Phase() != messages.PhaseLeaving
	}
}

// look holds the channel, at rest, against what must always be so.
func (w *witness) look() {
	s := w.stage
	snapshot, ok := s.ask(messages.GetStatus{}).(messages.Snapshot)
	if !ok {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.breach("the question for the status was not answered")
		return
	}
	s.inspect(func(c *channel) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.rest(snapshot)
		w.clock(c)
		w.bounds()
		if hold := c.inbox.hold; hold != nil && (hold.by != c.conn || c.state.Status != messages.Syncing && c.state.Status != messages.Authenticating) {
			w.breach("what comes in is held back in %s", c.state.Status)
		}
	})
}

// rest compares what the channel says with what it said and what the peer sees.
func (w *witness) rest(snapshot messages.Snapshot) {
	s := w.stage
	if snapshot.Status != w.last.Cur || snapshot.Seq != w.seq || snapshot.Epoch != w.last.Epoch {
		w.breach("10: the snapshot says %s %d, the events %s %d", snapshot.Status, snapshot.Seq, w.last.Cur, w.seq)
	}
	s.peer.mu.Lock()
	dials, most, open := s.peer.dials, s.peer.maxOpen, s.peer.open
	s.peer.mu.Unlock()
	if most > 1 {
		w.breach("1: %d connections at once", most)
	}
	if snapshot.Status == messages.Kicked {
		w.takeover = false
	}
	switch {
	case !w.down && !snapshot.Status.Ended():
		w.dials = -1
	case w.dials < 0:
		w.dials = dials
	case dials > w.dials:
		w.breach("14: a dial although nobody wants it (%s)", snapshot.Status)
	}
	if s.record.conn == nil && open > 0 {
		w.breach("1: the channel has no connection, the peer has %d", open)
	}
}

// clock: the deadlines that run are those the state speaks of.
func (w *witness) clock(c *channel) {
	state := c.state
	for t := range lifecycle.TimerCount {
		armed := !c.clock.at(slot(t)).isZero()
		switch {
		case armed && !state.Timers.Has(t):
			w.breach("2: in %s the %s timer runs", state.Status, t)
		case armed, !state.Timers.Has(t), c.duration(t, time.Second) == 0:
		case t == lifecycle.TimerStable && c.stableDue: // waits for a sign of life
		case t == lifecycle.TimerPrepare && (c.ask != nil || c.conn != nil && c.conn.stopping): // waits at the gate, or to get there
		default:
			w.breach("2: in %s the %s timer does not run", state.Status, t)
		}
	}
	at := c.clock.earliest().at
	if next := c.clock.alarm.at; at != next {
		w.breach("2: the clock is set to %d instead of %d", next, at)
	}
}

// bounds: invariants 18 and 20.
func (w *witness) bounds() {
	r := w.stage.record
	waiting, bytes := r.outbox.Depth()
	if waiting > r.Outbox.Messages || bytes > r.Outbox.Bytes {
		w.breach("20: %d messages and %d bytes in the outbox", waiting, bytes)
	}
	r.outbox.mu.Lock()
	inFlight := 0
	for _, p := range r.outbox.handed {
		if !p.written {
			inFlight++
		}
	}
	r.outbox.mu.Unlock()
	if window, _ := r.outbox.window(); inFlight > window {
		w.breach("20: %d messages are with the connection", inFlight)
	}
	r.inbox.mu.Lock()
	most := r.Inbox.Messages
	if r.Syncer != nil {
		most *= 2 // what it delivers has a limit of its own
	}
	if n, _ := r.inbox.load(); n > most {
		w.breach("20: %d messages in the inbox", n)
	}
	r.inbox.mu.Unlock()
	if m := r.mishaps; m != nil && len(m.recent) > r.Panics.Max+1 {
		w.breach("20: %d panics are remembered", len(m.recent))
	}
	w.stage.mu.Lock()
	outcomes := len(w.stage.outcomes)
	w.stage.mu.Unlock()
	if len(w.accepted) != outcomes+waiting {
		w.breach("18: %d accepted, %d outcomes, %d pending", len(w.accepted), outcomes, waiting)
	}
}

// settle compares, when all is over, what was promised with what arrived.
func (w *witness) settle() {
	var arrived []messages.MessageID
	for _, socket := range w.stage.peer.sockets {
		arrived = append(arrived, idsOf(socket.received())...)
	}
	count := map[messages.MessageID]int{}
	var firsts []messages.MessageID
	for _, id := range arrived {
		if count[id]++; count[id] == 1 {
			firsts = append(firsts, id)
		}
	}
	if !slices.IsSorted(firsts) {
		w.breach("19: the messages arrived in the order %v", firsts)
	}
	for _, receipt := range w.accepted {
		outcome, known := receipt.Outcome()
		n := count[receipt.ID()]
		var fine bool
		switch outcome.Result {
		case messages.ResultDelivered, messages.ResultWritten, messages.ResultUnknown:
			fine = n == 1 || n > 1 && (w.learned || w.resent[receipt.ID()])
		case messages.ResultRejected:
			fine = n <= 1 || w.learned || w.resent[receipt.ID()]
		case messages.ResultExpired, messages.ResultDropped, messages.ResultFailed:
			fine = n == 0
		}
		if !known || !fine {
			w.breach("18: message %d ended as %s because of %s and arrived %d times", receipt.ID(), outcome.Result, outcome.Reason, n)
		}
	}
	for _, q := range w.inquiries {
		if n := len(q.answer); n != 1 {
			w.breach("%T got %d answers", q.command, n)
		}
	}
	seen := map[messages.MessageID]bool{}
	for _, o := range w.stage.outcomes {
		if seen[o.ID] {
			w.breach("18: message %d has two outcomes", o.ID)
		}
		seen[o.ID] = true
	}
}

// idsOf reads the numbers that the storm writes into its messages.
func idsOf(texts []string) []messages.MessageID {
	var ids []messages.MessageID
	for _, t := range texts {
		t, found := strings.CutPrefix(t, "MSG ")
		var id messages.MessageID
		if _, err := fmt.Sscan(t, &id); err == nil && found {
			ids = append(ids, id)
		}
	}
	return ids
}
