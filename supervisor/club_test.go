package supervisor

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/transport"
	"github.com/seed14814784/holdfast/transport/wstest"
)

// club is a server with rooms, and the protocol that it speaks, a line a frame:
//
//	JOIN room ticket epoch/offset how, VERIFY room ticket epoch/offset, LEAVE room ticket, SAY room text
//
// to it, and from it IN room ticket epoch/offset recovered missed..., PUB room
// offset text, or a word of clubNews with a room and a ticket. Every room exists,
// until the club says something else.
type club struct {
	mu      sync.Mutex
	epoch   string
	seats   map[string]seat
	said    map[string][]string
	answers map[string]string // what a question gets, "JOIN a"; "" is no answer
	heard   []string          // without tickets
}

// seat is a connection that is in a room.
type seat struct {
	conn   *wstest.Conn
	ticket string
}

var clubNews = map[string]transport.RoomKind{
	"IN": transport.RoomJoined, "LEFT": transport.RoomLeft, "NONE": transport.RoomNotExist,
	"DENIED": transport.RoomDenied, "RETRY": transport.RoomRetry, "NOTIN": transport.RoomNotIn,
	"EVICTED": transport.RoomEvicted, "DESTROYED": transport.RoomDestroyed,
}

// clubbed is a scene whose server is a club.
type clubbed struct {
	*scene
	club *club
}

// inClub runs a play in a bubble, with the channel's own close code for a kick.
func inClub(t *testing.T, play func(*clubbed), opts ...Option) {
	t.Helper()
	c := &club{epoch: "e", seats: map[string]seat{}, said: map[string][]string{}, answers: map[string]string{}}
	protocol := transport.Endings(c, map[int]messages.Code{4001: messages.ReasonKickedOtherDevice, 4003: messages.ReasonBanned})
	inScene(t, func(s *scene) {
		s.server.Handle(c.serve)
		play(&clubbed{s, c})
		if n := len(s.fleet.house.bus.roomWaiters); n != 0 {
			t.Errorf("%d wait still", n)
		}
	}, append([]Option{WithProtocol(protocol)}, opts...)...)
}

// Name implements transport.Protocol.
func (*club) Name() string { return "club" }

// Traits implements transport.Protocol.
func (*club) Traits() transport.Traits {
	return transport.Traits{Rooms: true, RoomIDBytes: 16, VerifyBatch: 1}
}

// NewSession implements transport.Protocol.
func (*club) NewSession(transport.Opening) transport.Session { return clubSession{} }

type clubSession struct{ plain }

func put(link transport.Link, format string, args ...any) error {
	return link.Write(transport.Frame{Kind: transport.FrameText, Data: fmt.Appendf(nil, format, args...)})
}

// Join implements transport.RoomSession.
func (clubSession) Join(link transport.Link, q transport.JoinRequest) error {
	return put(link, "JOIN %s %d %s/%d %s", q.Room, q.Number, q.Position.Epoch, q.Position.Offset, q.How)
}

// Verify implements transport.RoomSession.
func (clubSession) Verify(link transport.Link, qs []transport.JoinRequest) error {
	return put(link, "VERIFY %s %d %s/%d", qs[0].Room, qs[0].Number, qs[0].Position.Epoch, qs[0].Position.Offset)
}

// Leave implements transport.RoomSession.
func (clubSession) Leave(link transport.Link, t transport.Ticket) error {
	return put(link, "LEAVE %s %d", t.Room, t.Number)
}

// Send implements transport.Session.
func (clubSession) Send(link transport.Link, _ messages.MessageID, m messages.Message) error {
	return put(link, "SAY %s %s", m.Room, m.Data)
}

// Receive implements transport.Session.
func (clubSession) Receive(link transport.Link, f transport.Frame) error {
	words := strings.Fields(string(f.Data))
	room := messages.RoomID(words[1])
	number, _ := strconv.ParseUint(words[2], 10, 64)
	if words[0] == "PUB" {
		link.Publish(room, transport.Publication{Data: []byte(words[3]), Offset: number})
		return nil
	}
	news := transport.RoomNews{Kind: clubNews[words[0]]}
	if news.Kind == transport.RoomJoined {
		epoch, offset, _ := strings.Cut(words[3], "/")
		news.Position.Epoch = epoch
		news.Position.Offset, _ = strconv.ParseUint(offset, 10, 64)
		news.Recovered = words[4] == "true"
		for i, missed := range words[5:] {
			at := news.Position.Offset - uint64(len(words[5:])-1-i)
			news.History = append(news.History, transport.Publication{Data: []byte(missed), Offset: at})
		}
	}
	link.Room(transport.Ticket{Room: room, Number: number}, news)
	return nil
}

// serve is the server's side.
func (c *club) serve(conn *wstest.Conn) {
	for m := range conn.Messages() {
		if reply := c.reply(conn, strings.Fields(string(m.Data))); reply != "" {
			conn.Send(reply)
		}
	}
}

func (c *club) reply(conn *wstest.Conn, words []string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	verb, room, ticket := words[0], words[1], words[2]
	if verb == "SAY" {
		c.heard = append(c.heard, strings.Join(words, " "))
		return ""
	}
	c.heard = append(c.heard, verb+" "+room)
	answer, special := c.answers[verb+" "+room]
	_, in := c.seats[room]
	switch {
	case special && answer == "":
		return ""
	case special:
		return answer + " " + room + " " + ticket
	case verb == "LEAVE":
		delete(c.seats, room)
		return "LEFT " + room + " " + ticket
	case verb == "VERIFY" && !in:
		return "NOTIN " + room + " " + ticket
	}
	c.seats[room] = seat{conn, ticket}
	log := c.said[room]
	epoch, offset, _ := strings.Cut(words[3], "/")
	at, _ := strconv.Atoi(offset)
	recovered := epoch == c.epoch && at <= len(log)
	if !recovered {
		at = len(log)
	}
	return fmt.Sprintf("IN %s %s %s/%d %v %s", room, ticket, c.epoch, len(log), recovered, strings.Join(log[at:], " "))
}

// publish says something in a room.
func (c *club) publish(room, text string) {
	c.mu.Lock()
	c.said[room] = append(c.said[room], text)
	s, offset := c.seats[room], len(c.said[room])
	c.mu.Unlock()
	if s.conn != nil {
		s.conn.Send(fmt.Sprintf("PUB %s %d %s", room, offset, text))
	}
	synctest.Wait()
}

// tell says a word to whoever is in a room, and counts it in no longer.
func (c *club) tell(room, word string) {
	c.mu.Lock()
	s := c.seats[room]
	delete(c.seats, room)
	c.mu.Unlock()
	s.conn.Send(word + " " + room + " " + s.ticket)
	synctest.Wait()
}

// set changes the club.
func (c *club) set(change func(*club)) {
	synctest.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	change(c)
}

// questions are what the club was asked since the last call.
func (c *club) questions() string {
	synctest.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	heard := strings.Join(c.heard, ", ")
	c.heard = nil
	return heard
}

// members are the rooms that somebody is in.
func (c *club) members() []string {
	synctest.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	var in []string
	for room := range c.seats {
		in = append(in, room)
	}
	slices.Sort(in)
	return in
}
