package simulation

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/seed14814784/holdfast/messages"
)

// halls are the rooms of the server, and whom it counts in them.
type halls struct {
	mu   sync.Mutex
	list []*hall
	by   map[messages.RoomID]*hall
}

// hall is one room. What is said in it is numbered through all its eras; an era
// begins when the hall is made, and its offsets begin at 1.
type hall struct {
	id      messages.RoomID
	there   bool
	said    int
	eras    []int // what had been said when each began
	trimmed int   // what was said up to there cannot be heard again
	guests  map[int]*guest
	ends    map[int]string // what a channel that was away will be told
	told    map[int]map[string]int
	deaf    map[int]bool         // whose last leave was not heard
	asked   map[int]string       // the ticket of the last question of each channel
	breaks  map[int]map[int]bool // where a channel was let in without what it missed
}

// guest is a channel that the server counts in.
type guest struct {
	v      *life
	ticket string
}

func newHalls(n int) *halls {
	s := &halls{by: map[messages.RoomID]*hall{}}
	for i := range n {
		h := &hall{
			id: messages.RoomID(fmt.Sprint("h", i)), there: true, eras: []int{0}, guests: map[int]*guest{},
			ends: map[int]string{}, told: map[int]map[string]int{}, deaf: map[int]bool{}, asked: map[int]string{}, breaks: map[int]map[int]bool{},
		}
		s.by[h.id] = h
		s.list = append(s.list, h)
	}
	return s
}

func (h *hall) epoch() string { return fmt.Sprint("e", len(h.eras)-1) }

func (h *hall) offset() int { return h.said - h.eras[len(h.eras)-1] }

// number is what a position is in the numbers of the hall; -1 if it is none.
func (h *hall) number(p messages.Position) int {
	era := 0
	if _, err := fmt.Sscanf(p.Epoch, "e%d", &era); err != nil || era >= len(h.eras) {
		return -1
	}
	return h.eras[era] + int(p.Offset)
}

// open makes a hall that is not there.
func (h *hall) open() {
	if !h.there {
		h.there = true
		h.renew()
	}
}

// renew begins the history anew, as a server does that lost it. Those who are in
// are taken out: the numbers that they know mean nothing any more.
func (h *hall) renew() {
	h.eras, h.trimmed = append(h.eras, h.said), h.said
	for _, i := range h.present() {
		h.remove(i, "DETACHED")
	}
}

// say publishes to everybody who is in; to is told what to do about it.
func (h *hall) say(to int, order string) {
	h.said++
	for _, i := range h.present() {
		text := fmt.Sprintf("PUB %s %d %d", h.id, h.offset(), h.said)
		if i == to && order != "" {
			text += " " + order
		}
		h.guests[i].v.conn.Send(text)
	}
}

// present is who is in, in a fixed order.
func (h *hall) present() []int { return slices.Sorted(maps.Keys(h.guests)) }

// remove ends a membership from the server's side. Who is away is told when it
// asks.
func (h *hall) remove(i int, verb string) {
	g := h.guests[i]
	if g == nil {
		return
	}
	delete(h.guests, i)
	select {
	case <-g.v.conn.Done():
		h.ends[i] = verb
	default:
		h.tell(i, g.v, verb, g.ticket)
	}
}

// destroy closes a hall for everybody.
func (h *hall) destroy() {
	for _, i := range h.present() {
		h.remove(i, "DESTROYED")
	}
	clear(h.ends)
	h.there = false
}

func (h *hall) tell(i int, v *life, verb, ticket string) {
	h.note(i, verb)
	v.conn.Send(fmt.Sprintf("%s %s %s", verb, h.id, ticket))
}

func (h *hall) note(i int, verb string) {
	if h.told[i] == nil {
		h.told[i] = map[string]int{}
	}
	h.told[i][verb]++
}

// answer is what a server without whims answers, and does.
func (h *hall) answer(i int, v *life, q question) string {
	verb := h.verdict(i, v, q)
	h.note(i, verb)
	if verb != "IN" {
		return fmt.Sprintf("%s %s %s", verb, h.id, q.ticket)
	}
	h.guests[i] = &guest{v, q.ticket}
	return h.granted(i, q)
}

func (h *hall) verdict(i int, v *life, q question) string {
	end := h.ends[i]
	delete(h.ends, i)
	switch {
	case q.verb == "LEAVE":
		delete(h.guests, i)
		return "LEFT"
	case end != "":
		return end
	case !h.there && q.verb == "JOIN" && (q.how == "create" || q.how == "enter"):
		h.open()
	case !h.there:
		return "NONE"
	case q.verb == "VERIFY" && h.guests[i] == nil:
		return "NOTIN"
	}
	return "IN"
}

// granted is the answer to who is in: where the hall is, and what was missed.
func (h *hall) granted(i int, q question) string {
	from := h.number(q.position)
	recovered := q.position.Epoch == h.epoch() && from >= h.trimmed && from <= h.said
	var b strings.Builder
	fmt.Fprintf(&b, "IN %s %s %s/%d %v", h.id, q.ticket, h.epoch(), h.offset(), recovered)
	if recovered {
		for n := from + 1; n <= h.said; n++ {
			fmt.Fprintf(&b, " %d", n)
		}
		return b.String()
	}
	if h.breaks[i] == nil {
		h.breaks[i] = map[int]bool{}
	}
	h.breaks[i][h.said] = true
	return b.String()
}
