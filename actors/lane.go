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

	mu       sync.Mutex
	spec     messages.RoomSpec
	ticket   uint64 // of the join whose answer opens the lane; 0: none is under way
	open     bool
	position messages.Position // of the last message that went to the inbox
	next     messages.Position // where the join says that the room goes on
	history  []held
	live     []held
	bytes    int
	spilled  bool // more was held back than there is room for
}

// held is a message that waits for its room to be joined.
type held struct {
	transport.Publication
	epoch messages.Epoch
	at    time.Time
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
	w.spec = spec
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
	w.open, w.ticket = false, ticket
	return w.position
}

// close drops what is held back and what comes.
func (w *lane) close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.empty()
	w.open, w.ticket = false, 0
}

func (w *lane) empty() {
	w.history, w.live, w.bytes, w.spilled = nil, nil, 0, false
	w.next = messages.Position{}
}

// granted keeps the answer to a join until the rooms actor opens the lane.
func (w *lane) granted(ticket uint64, epoch messages.Epoch, news transport.RoomNews) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ticket != ticket || w.open {
		return
	}
	w.next = news.Position
	now := time.Now()
	for _, p := range news.History {
		w.history = append(w.history, held{p, epoch, now})
	}
}

// complete reports whether all that came while the join was under way is there.
func (w *lane) complete() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
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
	if w.next.IsZero() {
		return w.position
	}
	return w.next
}
