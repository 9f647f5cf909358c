package simulation

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/seed14814784/holdfast/actors"
	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/supervisor"
	"github.com/seed14814784/holdfast/transport/wstest"
)

// ledger is the book of one channel: what was given to it, what became of each
// message, and what the server got, connection by connection.
//
// # When a written message may be missing
//
// Written means that the system took the bytes. Without acknowledgements nobody
// on our side can know more, so a message that was written into a connection
// that then died may be lost; the book says exactly which ones.
//
// The Written outcomes between two Preparing events of a channel belong to the
// connection of the first: the last of them is published before the next attempt
// may ask the gate. So for each
// connection there is the list W of what was written into it, in order, and the
// server's list R of what it read from it. Always, R is a beginning of W: no
// message arrives that is not Written, none twice, none out of order. And R is
// all of W, unless something was done to that connection on the server's side
// or in the network that destroys bytes under way (a wound). Then the missing
// ones must have been written no earlier than the wound, less the time that
// bytes travel; during a cut of the network, which delays bytes until it is
// mended, no earlier than the cut.
type ledger struct {
	id messages.ChannelID

	mu       sync.Mutex
	next     int                           // the last number that was tried to be sent
	entries  map[messages.MessageID]*entry // that were accepted
	epoch    messages.Epoch                // of the last Preparing
	written  map[messages.Epoch][]*entry   // W
	lives    map[messages.Epoch]*life      // R
	pushed   int                           // the last number the server sent
	handled  int                           // the last number the handler got
	wrongs   []string
	story    []line
	panicked time.Time
}

// entry is one accepted message.
type entry struct {
	number   int
	room     messages.RoomID
	receipt  *actors.Receipt
	outcomes []messages.Outcome
}

// life is one connection as the server sees it.
type life struct {
	epoch    messages.Epoch
	conn     *wstest.Conn
	received []int
	over     time.Time // when the server was done with it; zero: not yet
	wound    time.Time // from when on bytes may be lost; zero: never
	how      string
	kicked   time.Time // when a close frame was sent to it
}

// line is one thing that happened; text is made only when somebody reads it.
type line struct {
	at   time.Time
	what fmt.Stringer
	text string
}

func newLedger(id messages.ChannelID) *ledger {
	return &ledger{
		id: id, entries: map[messages.MessageID]*entry{}, written: map[messages.Epoch][]*entry{},
		lives: map[messages.Epoch]*life{},
	}
}

func (l *ledger) wrong(format string, args ...any) {
	l.wrongs = append(l.wrongs, fmt.Sprintf(format, args...))
}

func (l *ledger) tell(format string, args ...any) {
	l.story = append(l.story, line{at: time.Now(), text: fmt.Sprintf(format, args...)})
}

// send gives the next message to the channel, or to one of its rooms. The lock is
// held meanwhile: the outcome may come before Send returns, and must find the
// entry. Padding is spaces after the number.
func (l *ledger) send(ch *supervisor.Channel, room messages.RoomID, ttl time.Duration, padding int) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.next++
	message := messages.Text(strconv.Itoa(l.next) + strings.Repeat(" ", padding)).In(room)
	message.TTL = ttl
	receipt, err := ch.Send(context.Background(), message)
	if err != nil {
		return err
	}
	if l.entries[receipt.ID()] != nil {
		l.wrong("the number %d was given to two messages", receipt.ID())
	}
	l.entries[receipt.ID()] = &entry{number: l.next, room: room, receipt: receipt}
	return nil
}

// note books an event.
func (l *ledger) note(event messages.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch e := event.(type) {
	case messages.StatusChanged:
		l.story = append(l.story, line{at: e.At, what: e})
		if e.Cur == messages.Preparing {
			l.epoch = e.Epoch
		}
		if e.Cur == messages.Failed || e.Cur == messages.Kicked {
			l.wrong("it ended: %v", e)
		}
	case messages.RoomChanged:
		l.story = append(l.story, line{at: e.At, what: e})
	case messages.Outcome:
		entry := l.entries[e.ID]
		if entry == nil {
			l.wrong("message %d has the outcome %s and was never accepted", e.ID, e.Result)
			return
		}
		entry.outcomes = append(entry.outcomes, e)
		if e.Result == messages.ResultWritten {
			l.written[l.epoch] = append(l.written[l.epoch], entry)
		}
	}
}

// begins books a connection on the server's side.
func (l *ledger) begins(epoch messages.Epoch, conn *wstest.Conn) *life {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.lives[epoch] != nil {
		l.wrong("attempt %d made two connections", epoch)
	}
	v := &life{epoch: epoch, conn: conn}
	l.lives[epoch] = v
	l.tell("server: connection of attempt %d", epoch)
	return v
}

func (l *ledger) arrives(v *life, number int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	v.received = append(v.received, number)
}

func (l *ledger) ends(v *life) {
	l.mu.Lock()
	defer l.mu.Unlock()
	v.over = time.Now()
	l.tell("server: connection of attempt %d is over", v.epoch)
}

// kicks books that the server sends a close frame. The first one counts.
func (l *ledger) kicks(v *life, code int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if v.kicked.IsZero() {
		v.kicked = time.Now()
	}
	l.tell("close %d", code)
}

// answerTime is how long the server waits for the answer to its close frame before
// it hangs up.
const answerTime = 5 * time.Second

// wounded books that bytes may be lost on a connection from then on. The first
// wound counts.
func (l *ledger) wounded(v *life, from time.Time, how string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if v.wound.IsZero() || from.Before(v.wound) {
		v.wound, v.how = from, how
	}
	l.tell("%s: connection of attempt %d", how, v.epoch)
}

// living is the connections that the server has not seen the end of.
func (l *ledger) living() []*life {
	l.mu.Lock()
	defer l.mu.Unlock()
	var living []*life
	for _, v := range l.lives {
		if v.over.IsZero() {
			living = append(living, v)
		}
	}
	slices.SortFunc(living, func(a, b *life) int { return int(a.epoch) - int(b.epoch) })
	return living
}

// handles books what the channel's handler is given.
func (l *ledger) handles(number int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if number <= l.handled {
		l.wrong("the handler got %d after %d", number, l.handled)
	}
	l.handled = number
}

// tallies are counts over all channels.
type tallies struct {
	results     map[messages.Result]int
	lost        map[string]int // by wound
	connections int
}

// settle closes the book: every entry has its one outcome, every connection
// balances.
func (l *ledger) settle(w *world, sum *tallies) []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	for id, e := range l.entries {
		told, ok := e.receipt.Outcome()
		switch {
		case len(e.outcomes) != 1 || !ok:
			l.wrong("message %d (number %d) has the outcomes %v, its receipt %v", e.number, id, e.outcomes, told)
		case e.outcomes[0] != told:
			l.wrong("message %d has the outcome %v, its receipt says %v", e.number, e.outcomes[0], told)
		default:
			sum.results[told.Result]++
		}
	}
	epochs := make([]messages.Epoch, 0, len(l.lives))
	for epoch := range l.lives {
		epochs = append(epochs, epoch)
	}
	for epoch := range l.written {
		if l.lives[epoch] == nil {
			l.wrong("%d messages were written into attempt %d, which has no connection", len(l.written[epoch]), epoch)
		}
	}
	slices.Sort(epochs)
	rooms := make(map[int]messages.RoomID, len(l.entries))
	for _, e := range l.entries {
		rooms[e.number] = e.room
	}
	last := map[messages.RoomID]int{} // what waits for its room is overtaken by others
	for _, epoch := range epochs {
		v := l.lives[epoch]
		sum.connections++
		for _, number := range v.received {
			room := rooms[number]
			if number <= last[room] {
				l.wrong("the server got %d after %d, on the connection of attempt %d", number, last[room], epoch)
			}
			last[room] = number
		}
		l.balance(w, v, l.written[epoch], sum)
	}
	return l.wrongs
}

// balance compares what was written into a connection with what was read.
func (l *ledger) balance(w *world, v *life, written []*entry, sum *tallies) {
	for i, number := range v.received {
		if i >= len(written) || written[i].number != number {
			l.wrong("attempt %d: the server's message %d is number %d, which was not written then (of %d)", v.epoch, i+1, number, len(written))
			return
		}
	}
	lost := written[len(v.received):]
	if len(lost) == 0 {
		return
	}
	wound, how := v.wound, v.how
	if wound.IsZero() && !v.kicked.IsZero() {
		// If the network is cut while the server waits for the answer to its
		// close frame, it hangs up on bytes under way. And a client whose handler
		// is slow and whose inbox is full reads the close frame late: what it
		// writes after the server hung up arrives nowhere.
		if from, cut := w.cutWithin(v.kicked, v.kicked.Add(answerTime+2*lag)); cut {
			wound, how = from, "kicked, then cut off"
		} else if !v.over.Before(v.kicked.Add(answerTime)) {
			wound, how = v.over, "kicked, and no answer"
		}
	}
	if wound.IsZero() {
		l.wrong("attempt %d: %d messages from number %d on were written, nothing happened to the connection, and they never arrived", v.epoch, len(lost), lost[0].number)
		return
	}
	for _, e := range lost {
		if at := e.outcomes[0].At; at.Add(w.underWay(at)).Before(wound) {
			l.wrong("attempt %d: message %d was written at %s and is lost, though the connection was well until %s (%s)",
				v.epoch, e.number, w.clock(at), w.clock(wound), how)
		}
	}
	sum.lost[how] += len(lost)
}

// trace is the end of the channel's story.
func (l *ledger) trace(w *world) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var b strings.Builder
	for _, s := range l.story[max(0, len(l.story)-80):] {
		text := s.text
		if s.what != nil {
			text = s.what.String()
		}
		fmt.Fprintf(&b, "    %-12s %s\n", w.clock(s.at), text)
	}
	return b.String()
}
