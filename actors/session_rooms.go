package actors

import (
	"bytes"
	"time"

	"github.com/seed14814784/holdfast/actors/membership"
	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/transport"
)

// askRooms takes questions of the rooms actor.
func (c *connection) askRooms(questions []enquiry) {
	if c.conn == nil || c.session == nil || c.leaving {
		return // the rooms will hear that the connection is gone
	}
	side := c.sideline()
	side.questions = append(side.questions, questions...)
	c.retryRooms()
}

// retryRooms asks what the socket will take of the questions. The rest waits
// until the socket has taken what was written before; and all wait for the
// messages that were handed over before them, so that a leave comes after what was
// said in the room.
func (c *connection) retryRooms() {
	if c.sidelines == nil {
		return
	}
	for len(c.questions) > 0 && !c.rec.outbox.backlog() && !c.over {
		batch := c.batch()
		before := c.frames
		err := c.put(batch)
		if err != nil {
			reason := transport.ReasonOf(err, messages.ReasonProtocolError)
			switch {
			case reason.Code == messages.ReasonSlowConsumer && c.frames == before:
				return // there will be room, and a report when there is
			case c.frames == before && blamesRoom(reason.Code):
				for _, q := range batch {
					c.link().Room(q.request.Ticket, transport.RoomNews{Kind: transport.RoomDenied, Reason: reason})
				}
			default:
				c.lose(err)
				return
			}
		}
		c.questions = c.questions[len(batch):]
	}
	if len(c.questions) == 0 {
		c.questions = nil
	}
}

// blamesRoom reports whether a reason blames a request about a room rather than
// the connection.
func blamesRoom(code messages.Code) bool {
	return rejects(code) || code == messages.ReasonInvalidSpec
}

// batch is the first question, or as many verifies as the protocol asks at once.
func (c *connection) batch() []enquiry {
	n := 1
	if c.questions[0].ask == membership.AskVerify {
		most := c.rec.Protocol.Traits().VerifyBatch
		for n < len(c.questions) && n < most && c.questions[n].ask == membership.AskVerify {
			n++
		}
	}
	return c.questions[:n]
}

func (c *connection) put(batch []enquiry) error {
	session, ok := c.session.(transport.RoomSession)
	if !ok {
		return &messages.Error{Op: "join", Reason: messages.Because(messages.ReasonNotSupported,
			"the sessions of the protocol %q have no rooms, although its traits say so", c.rec.Protocol.Name())}
	}
	request := batch[0].request
	switch batch[0].ask {
	case membership.AskLeave:
		return session.Leave(c.link(), request.Ticket)
	case membership.AskVerify:
		requests := make([]transport.JoinRequest, len(batch))
		for i, q := range batch {
			requests[i] = q.request
		}
		return session.Verify(c.link(), requests)
	default:
		return session.Join(c.link(), request)
	}
}

// Room passes on what the server said about a room. A history goes to the room's
// lane, which is opened by the rooms actor; while the inbox is full of what came
// before, nothing more is read.
func (l *link) Room(ticket transport.Ticket, news transport.RoomNews) {
	c := l.connection()
	news.Reason = c.rec.secrets.veil(news.Reason)
	w := c.rec.lanes.find(ticket.Room)
	if news.Kind == transport.RoomLeft && w != nil {
		w.left()
	}
	if news.Kind == transport.RoomJoined {
		history := make([]held, 0, len(news.History))
		for _, p := range news.History {
			history = append(history, held{p, c.epoch, time.Now(), c.slip(p)})
		}
		if w == nil || !w.granted(ticket.Number, news.Position, history) {
			refuse(history)
		}
		if len(news.History) > 0 && !c.rec.inbox.room(c) {
			c.pause()
		}
		news.History = nil
	}
	if pid := c.rec.rooms.Load(); pid != nil {
		c.rec.system.Root.Send(pid, &roomNews{from: c, ticket: ticket, news: news})
	}
}

// Publish hands a message of a room on.
func (l *link) Publish(room messages.RoomID, p transport.Publication) {
	c := l.connection()
	if !c.admits() {
		c.slip(p).end(false)
		return
	}
	if l.lent { // it may have to wait for its room
		p.Data = bytes.Clone(p.Data)
	}
	if !c.rec.publish(room, p, c.epoch, c.slip(p), c) {
		c.pause()
	}
}
