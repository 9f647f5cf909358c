package actors

import (
	"time"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/transport"
)

// What a lane may hold back while a join is under way. More than that is a gap.
const (
	heldMessages = 1024
	heldBytes    = 1 << 20
)

// publish takes a message of a room from the connection: to the inbox, or aside
// until the room is joined. It reports whether the inbox has room for more; if
// not, resume is called when it has.
func (r *Record) publish(id messages.RoomID, p transport.Publication, epoch messages.Epoch, s slip, from *connection) (room bool) {
	w := r.lanes.find(id)
	h := held{p, epoch, time.Now(), s}
	if w == nil && p.Unasked {
		return r.inbox.push(&inbound{Received: h.received(r.Channel, id, ""), slip: s}, from)
	}
	if w == nil {
		r.stale.Add(1)
		s.end(false)
		return true
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.idle && p.Unasked:
		return r.inbox.push(&inbound{Received: h.received(r.Channel, id, ""), slip: s}, from)
	case !w.open && w.ticket == 0:
		r.stale.Add(1)
		s.end(false)
		return true
	case w.open:
		return r.pass(w, h, false, from)
	}
	if !w.judged && (len(w.live) >= heldMessages || w.bytes+len(p.Data) > heldBytes) {
		for _, dropped := range w.live {
			w.until = max(w.until, dropped.Offset)
		}
		refuse(w.live)
		w.live, w.bytes, w.spilled = nil, 0, true
	}
	if w.spilled && !w.answered {
		w.until = max(w.until, p.Offset)
		s.end(false)
	} else {
		w.live = append(w.live, h)
		w.bytes += len(p.Data)
	}
	return true
}

// open lets a room's messages through: what was missed, then what came
// meanwhile, each once. lost is told before them, in its turn.
//
// What comes unasked was coming before the room was wanted. Between the lane's
// beginning and the question's arrival at the session, it goes to the lane, and the
// session counts it among what was heard already: it is before where the room begins,
// and still nobody has heard it.
func (r *Record) open(w *lane, lost *messages.Gap) {
	w.mu.Lock()
	defer w.mu.Unlock()
	history, live, next := w.history, w.live, w.onward()
	w.history, w.live = nil, nil
	w.empty()
	if lost != nil && w.spec.Policy.OnGap == messages.CallOnGap && w.spec.Gap != nil {
		lost.Before = next
		gap, tell := *lost, w.spec.Gap
		r.inbox.push(&inbound{
			Received: messages.Received{Channel: r.Channel, Room: w.spec.ID},
			to:       func(messages.Received) { tell(gap) }, lane: w, life: w.life.Load(),
		}, nil)
	}
	if w.position.Epoch != next.Epoch || lost != nil {
		w.position = messages.Position{Epoch: next.Epoch}
	}
	w.open, w.ticket = true, 0
	for _, h := range history {
		r.pass(w, h, true, nil)
	}
	for len(live) > 0 && live[0].Unasked && live[0].Offset <= next.Offset {
		r.pass(w, live[0], false, nil)
		live = live[1:]
	}
	w.position.Offset = max(w.position.Offset, next.Offset)
	for _, h := range live {
		r.pass(w, h, false, nil)
	}
}

// pass gives a message to the inbox, unless it went there before.
func (r *Record) pass(w *lane, h held, recovered bool, from *connection) (room bool) {
	if h.Offset != 0 {
		if h.Offset <= w.position.Offset {
			r.stale.Add(1)
			h.slip.end(true)
			return true
		}
		w.position.Offset = h.Offset
	}
	m := h.received(r.Channel, w.spec.ID, w.position.Epoch)
	m.Recovered = recovered
	return r.inbox.push(&inbound{Received: m, to: w.spec.Handler, lane: w, life: w.life.Load(), slip: h.slip}, from)
}

func (h held) received(channel messages.ChannelID, room messages.RoomID, history string) messages.Received {
	m := messages.Received{Channel: channel, Room: room, Epoch: h.epoch, Kind: h.Kind, Type: h.Type, Data: h.Data, Meta: h.Meta, At: h.at}
	if h.Offset != 0 {
		m.Position = messages.Position{Epoch: history, Offset: h.Offset}
	}
	return m
}
