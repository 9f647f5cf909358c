package wukongim

import (
	"cmp"
	"math"
	"slices"

	"github.com/seed14814784/holdfast/transport/wukongim/internal/wire"
)

// What a channel may hold back while something before it is fetched. What comes
// beyond that is not acknowledged: it is fetched, or said again.
const (
	heldMessages = 1024
	heldBytes    = 1 << 20
)

// lastSeq is the greatest number that a message can have. Beyond it nothing follows.
const lastSeq = math.MaxUint64 - 2

// thread is what is known of one channel's sequence of messages. A server counts the
// messages of a channel from 1, ours among them, and tells everybody of all but their
// own.
type thread struct {
	channel Channel
	begun   bool     // last is known
	last    uint64   // everything up to it was delivered, or is ours
	own     []uint64 // of ours after that, ascending
	top     uint64   // the last that was handed on
	missed  uint64   // the first that was handed on and that nobody took; 0: there is none
	pending int      // ours on this connection that have no answer

	held    []held // in the order of their numbers
	bytes   int
	beyond  uint64 // the last for which there was no room
	filling bool   // what is missing is being fetched
	nagging bool   // answers that may explain a gap are awaited
	nagged  bool   // they were, for long enough
	room    bool   // it was joined: what is missing is fetched when it is verified
	waiting bool   // which has not happened on this connection
	syncing bool   // it keeps the login from being ready
}

// held is a message that waits for those before it.
type held struct {
	Said
	at  uint64 // its place; 0: it has none in the sequence
	ack wire.Recvack
}

func byPlace(h held, at uint64) int { return cmp.Compare(h.at, at) }

// hold puts a message in its place; it reports whether there was room for it.
func (t *thread) hold(h held) bool {
	if len(t.held) >= heldMessages || len(t.held) > 0 && t.bytes+len(h.Payload) > heldBytes {
		return false
	}
	at, _ := slices.BinarySearchFunc(t.held, h.at+1, byPlace)
	t.held = slices.Insert(t.held, at, h)
	t.bytes += len(h.Payload)
	return true
}

// shift takes the first message that is held.
func (t *thread) shift() held {
	h := t.held[0]
	t.held = slices.Delete(t.held, 0, 1)
	t.bytes -= len(h.Payload)
	if len(t.held) == 0 {
		t.held = nil
	}
	return h
}

// place is where the message of a number is held.
func (t *thread) place(seq uint64) (at int, ok bool) {
	return slices.BinarySearchFunc(t.held, seq, byPlace)
}

// take takes the message of a number from what is held.
func (t *thread) take(seq uint64) (h held, ok bool) {
	at, ok := t.place(seq)
	if !ok {
		return held{}, false
	}
	h = t.held[at]
	t.held = slices.Delete(t.held, at, at+1)
	t.bytes -= len(h.Payload)
	return h, true
}

// absent is how many messages before that one are neither delivered nor ours.
func (t *thread) absent(seq uint64) uint64 {
	if !t.begun || seq <= t.last {
		return 0
	}
	ours, _ := slices.BinarySearch(t.own, seq)
	return seq - t.last - 1 - uint64(ours)
}

// advance notes that nothing is missing up to that number.
func (t *thread) advance(to uint64) {
	t.begun = true
	t.last = max(t.last, to)
	for len(t.own) > 0 && t.own[0] <= t.last+1 {
		t.last = max(t.last, t.own[0])
		t.own = t.own[1:]
	}
	if len(t.own) == 0 {
		t.own = nil
	}
}

// said notes the number of a message of ours.
func (t *thread) said(seq uint64) {
	switch at, found := slices.BinarySearch(t.own, seq); {
	case !t.begun:
		t.advance(seq)
	case seq > t.last && !found:
		t.own = slices.Insert(t.own, at, seq)
		t.advance(t.last)
	}
}

// pass is the place of a message that is handed on; 0 if it was passed already.
func (t *thread) pass(seq uint64) uint64 {
	if t == nil || seq <= t.top || t.begun && seq <= t.last {
		return 0
	}
	t.top = seq
	return seq
}

// miss notes that nobody took a message.
func (t *thread) miss(seq uint64) {
	if seq > 0 && (t.missed == 0 || seq < t.missed) {
		t.missed = seq
	}
}

// heard is the last message before which nothing is missing. What nobody took is.
func (t *thread) heard() uint64 {
	if t.missed > 0 {
		return min(t.last, t.missed-1)
	}
	return t.last
}

// outset is where a room begins that was not joined before: with what nobody has heard
// yet. If that cannot be told, it is what came since it was asked for.
func (t *thread) outset(latest uint64) uint64 {
	if t.begun {
		return t.heard()
	}
	for _, h := range t.held {
		if h.at > 0 {
			return min(latest, h.at-1)
		}
	}
	return latest
}

// restart goes on after that number, wherever the thread has been.
func (t *thread) restart(last uint64) {
	t.last, t.own, t.missed = 0, nil, 0
	t.advance(last)
}

// resume makes a thread one of a connection that has just been made.
func (t *thread) resume() {
	t.pending, t.filling, t.nagging, t.nagged, t.syncing = 0, false, false, false, false
	t.waiting = t.room
	if !t.room {
		t.rewind()
	}
}

// rewind goes back to before what nobody took.
func (t *thread) rewind() {
	if t.missed > 0 {
		t.restart(t.heard())
	}
}

// idle reports whether nothing is lost but the place in the sequence if the thread is
// forgotten.
func (t *thread) idle() bool {
	return !t.room && !t.filling && t.pending == 0 && len(t.held) == 0
}

// thread is that of a channel. To make room for it, another one may be forgotten.
func (s *session) thread(channel Channel) *thread {
	t := s.memory.threads[channel]
	if t != nil {
		return t
	}
	if len(s.memory.threads) >= s.Conversations {
		for other, o := range s.memory.threads { // any of them: maps are in no order
			if o.idle() {
				delete(s.memory.threads, other)
				break
			}
		}
	}
	t = &thread{channel: channel}
	s.memory.threads[channel] = t
	return t
}
