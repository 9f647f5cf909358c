package simulation

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// whim is what a server does about a question, other than to answer it. It is
// called with the halls locked.
type whim struct {
	name   string
	weight int // of a thousand questions of that kind
	do     func(t *town, i int, v *life, h *hall, q question, mood *rand.Rand)
}

// whims are those of each kind of question. A refusal means that the server does
// not count us in.
var whims = map[string][]whim{
	"JOIN": {
		{"is put off", 50, func(_ *town, i int, v *life, h *hall, q question, _ *rand.Rand) {
			delete(h.guests, i)
			h.tell(i, v, "RETRY", q.ticket)
		}},
		{"is denied", 5, func(_ *town, i int, v *life, h *hall, q question, _ *rand.Rand) {
			delete(h.guests, i)
			h.tell(i, v, "DENIED", q.ticket)
		}},
		{"is not heard", 15, unheard},
		{"is heard and not answered", 15, unanswered},
		{"is answered late", 30, late},
		{"is answered late, with what was said meanwhile", 20, latest},
	},
	"VERIFY": {
		{"is put off", 10, func(_ *town, i int, v *life, h *hall, q question, _ *rand.Rand) {
			h.tell(i, v, "RETRY", q.ticket)
		}},
		{"finds us out", 40, func(_ *town, i int, v *life, h *hall, q question, _ *rand.Rand) {
			delete(h.guests, i)
			h.tell(i, v, "NOTIN", q.ticket)
		}},
		{"is not heard", 20, unheard},
		{"is heard and not answered", 20, unanswered},
		{"is answered late", 40, late},
	},
	"LEAVE": {
		{"is not heard", 40, unheard},
		{"is heard and not answered", 30, unanswered},
		{"is answered late", 40, late},
	},
}

func unheard(*town, int, *life, *hall, question, *rand.Rand) {}

func unanswered(_ *town, i int, v *life, h *hall, q question, _ *rand.Rand) { h.answer(i, v, q) }

// lateness is often more than a question's deadline.
func lateness(mood *rand.Rand) time.Duration {
	return time.Duration(mood.Int64N(int64(3 * answerWithin / 2)))
}

// late answers late. A leave is not answered any more after the next question
// about the hall: what is said between the two would seem to be of another time.
func late(t *town, i int, v *life, h *hall, q question, mood *rand.Rand) {
	answer := h.answer(i, v, q)
	time.AfterFunc(lateness(mood), func() {
		t.halls.mu.Lock()
		defer t.halls.mu.Unlock()
		if q.verb != "LEAVE" || h.asked[i] == q.ticket {
			v.conn.Send(answer)
		}
	})
}

// latest lets a client in at once and tells it late, with all that was said up to
// then, some of which it has heard already.
func latest(t *town, i int, v *life, h *hall, q question, mood *rand.Rand) {
	h.answer(i, v, q)
	time.AfterFunc(lateness(mood), func() {
		t.halls.mu.Lock()
		defer t.halls.mu.Unlock()
		if g := h.guests[i]; g != nil && g.v == v && g.ticket == q.ticket {
			v.conn.Send(h.granted(i, q))
		}
	})
}

// asked is the server's side of a question.
func (t *town) asked(i int, v *life, q question) {
	t.halls.mu.Lock()
	defer t.halls.mu.Unlock()
	if t.newest[i] != v {
		return // a login ends the one before; what that still says is not heard
	}
	h := t.halls.by[q.room]
	h.asked[i] = q.ticket
	if w, mood := t.whim(i, h, q); w != nil {
		t.happened(fmt.Sprintf("%s %s", q.verb, w.name))
		t.tell(i, "hall %s %s, it %s", q.verb, h.id, w.name)
		w.do(t, i, v, h, q, mood)
		return
	}
	answer := h.answer(i, v, q)
	t.tell(i, "hall %s %s: %s", q.verb, h.id, answer)
	v.conn.Send(answer)
}

// tell adds to the story of a channel.
func (t *town) tell(i int, format string, args ...any) {
	l := t.ledgers[i]
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tell(format, args...)
}

// whim draws what the server does from the seed, the channel and the question. It
// does not fail to hear two leaves in a row: nobody promises to tell it for ever.
func (t *town) whim(i int, h *hall, q question) (*whim, *rand.Rand) {
	mood := rand.New(rand.NewPCG(t.seed^uint64(i)<<32, parsed(q.ticket)<<8|uint64(q.verb[0])))
	w := drawn(whims[q.verb], mood)
	if t.calm.Load() || w == &whims["LEAVE"][0] && h.deaf[i] {
		w = nil
	}
	if q.verb == "LEAVE" {
		h.deaf[i] = w == &whims["LEAVE"][0]
	}
	return w, mood
}

func drawn(from []whim, mood *rand.Rand) *whim {
	roll := mood.IntN(1000)
	for n := range from {
		if roll -= from[n].weight; roll < 0 {
			return &from[n]
		}
	}
	return nil
}
