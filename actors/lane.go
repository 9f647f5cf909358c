package actors

import (
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/transport"
)

// lanes carry the messages of rooms from the connection to the inbox. A lane is
// open while its room is joined. While a join is under way it holds back what
// comes, so that the handler hears what it missed first; otherwise it is closed,
// and what comes is dropped: nobody is told of a room that is not joined.
//
// The connection delivers and the rooms actor opens, in two goroutines. Both
// push to the inbox under the lane's lock, so that what was held back and what
// comes after it keep their order.
type lanes struct {
	mu sync.Mutex // of the map; taken last, and for nothing else
	by map[messages.RoomID]*lane
}

// lane is the way of one room's messages, and where in its history we are.
type lane struct {
	id       messages.RoomID
	snapshot atomic.Pointer[messages.RoomSnapshot]
	life     atomic.Uint64 // what is in the inbox from another one is not heard

	mu       sync.Mutex
	spec     messages.RoomSpec
	ticket   uint64 // of the join whose answer opens the lane; 0: none is under way
	open     bool
	position messages.Position // of the last message that went to the inbox
	next     messages.Position // where the join says that the room goes on
	history  []held
	live     []held
	bytes    int
	idle     bool   // nobody has asked for the room yet, or it has ended: what comes unasked is the channel's
	answered bool   // the join was: the lane waits to be opened
	spilled  bool   // more was held back than there is room for
	until    uint64 // the offset of the last that was dropped for it
	judged   bool   // observers are being told whether that is so: nothing is dropped any more
}

// held is a message that waits for its room to be joined.
type held struct {
	transport.Publication
	epoch messages.Epoch
	at    time.Time
	slip  slip
}

// refuse ends what was held for nothing.
func refuse(messages []held) {
	for _, h := range messages {
		h.slip.end(false)
	}
}

// put adds a lane, or changes what an old one is for.
func (l *lanes) put(spec messages.RoomSpec) *lane {
	l.mu.Lock()
	w := l.by[spec.ID]
	if w == nil {
		w = &lane{id: spec.ID, position: spec.Position}
		if l.by == nil {
			l.by = map[messages.RoomID]*lane{}
		}
		l.by[spec.ID] = w
	}
	l.mu.Unlock()
	w.mu.Lock()
	defer w.mu.Unlock()
	if !spec.Position.IsZero() {
		w.position = spec.Position
	}
	w.spec, w.idle = spec, !w.open
	return w
}

func (l *lanes) remove(id messages.RoomID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if delete(l.by, id); len(l.by) == 0 {
		l.by = nil
	}
}

// find gives a room's lane, or nil.
func (l *lanes) find(id messages.RoomID) *lane {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.by[id]
}

// all gives every lane, in no particular order.
func (l *lanes) all() []*lane {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Collect(maps.Values(l.by))
}

// begin holds back what comes from now on, until the question with that ticket
// is answered. It returns where to go on.
func (w *lane) begin(ticket uint64) messages.Position {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.empty()
	w.open, w.idle, w.ticket = false, false, ticket
	return w.position
}

// conclude makes what comes unasked the channel's, as if the room had never been.
func (w *lane) conclude() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.idle = true
}

// close drops what is held back and what comes.
func (w *lane) close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.empty()
	w.open, w.ticket = false, 0
}

// hush drops what waits for the handler.
func (w *lane) hush() { w.life.Add(1) }

// forget makes the next join begin with what comes.
func (w *lane) forget() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.position = messages.Position{}
}

func (w *lane) empty() {
	refuse(w.history)
	refuse(w.live)
	w.history, w.live, w.bytes = nil, nil, 0
	w.answered, w.spilled, w.judged, w.until = false, false, false, 0
	w.next = messages.Position{}
}

// granted keeps the answer to a join until the rooms actor opens the lane. It reports
// whether that was the answer that the lane waits for.
func (w *lane) granted(ticket uint64, position messages.Position, history []held) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ticket != ticket || w.open || w.answered {
		return false
	}
	w.next, w.answered, w.history = position, true, history
	return true
}

// left drops what was held back before the answer to a leave that went before the
// join: it is of the time before, and its offsets may be of another history.
func (w *lane) left() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.open && !w.answered {
		refuse(w.live)
		w.live, w.bytes, w.spilled, w.until = nil, 0, false, 0
	}
}

// complete reports whether all that came while the join was under way is there.
// The lane is opened next: what comes until then is kept, however much it is, for
// nobody would be told that it is missing.
func (w *lane) complete() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.judged = true
	return !w.spilled
}

// where is the position of the last message that went to the inbox.
func (w *lane) where() messages.Position {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.position
}

// aim is where the room goes on when the lane is opened.
func (w *lane) aim() messages.Position {
	w.mu.Lock()
	defer w.mu.Unlock()
	if next := w.onward(); !next.IsZero() {
		return next
	}
	return w.position
}

// onward is where the join says that the room goes on, or, if more came meanwhile
// than could be held back, after the last that was dropped.
func (w *lane) onward() messages.Position {
	next := w.next
	next.Offset = max(next.Offset, w.until)
	return next
}
