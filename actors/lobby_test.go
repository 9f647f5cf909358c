package actors

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/transport"
)

// lobby is a peer with rooms, and the protocol that it speaks: script, with
//
//	JOIN room ticket how epoch/offset     LEAVE room ticket     VERIFY room ticket
//	RENEW room ticket
//
// to it, and from it
//
//	IN room ticket epoch/offset recovered history...     PUB room offset text
//	LEFT, NONE, DENIED, RETRY, NOTIN, DETACHED, EVICTED, DESTROYED, REVOKED, RENEWED room ticket
type lobby struct {
	script
	batch int           // rooms of one Verify
	lives time.Duration // of a room's token; 0: for ever

	mu     sync.Mutex
	epoch  string
	halls  map[string]*hall
	silent map[string]bool // verbs that are not answered
	forget bool            // members of a connection that is lost are out at once
	says   map[string]string
	asked  []string // every question, as it came
}

// hall is one room of the lobby.
type hall struct {
	log     []string // its history; offsets begin at 1
	trimmed int      // of it, from the front, are gone
	in      *socket  // the connection that is in
	ticket  string
}

func newLobby(rooms ...string) *lobby {
	l := &lobby{epoch: "e1", halls: map[string]*hall{}, silent: map[string]bool{}, says: map[string]string{}}
	for _, room := range rooms {
		l.halls[room] = &hall{}
	}
	return l
}

func (l *lobby) Traits() transport.Traits {
	return transport.Traits{Rooms: true, RoomIDBytes: 32, VerifyBatch: l.batch}
}

func (l *lobby) NewSession(transport.Opening) transport.Session {
	return &lobbySession{scriptSession{script: l.script}, l.lives}
}

type lobbySession struct {
	scriptSession
	lives time.Duration
}

func (s *lobbySession) Join(link transport.Link, q transport.JoinRequest) error {
	return link.Write(text("JOIN %s %d %s %s/%d", q.Room, q.Number, q.How, q.Position.Epoch, q.Position.Offset))
}

func (s *lobbySession) Verify(link transport.Link, qs []transport.JoinRequest) error {
	var words []string
	for _, q := range qs {
		words = append(words, fmt.Sprintf("VERIFY %s %d %s %s/%d", q.Room, q.Number, q.How, q.Position.Epoch, q.Position.Offset))
	}
	return link.Write(text("%s", strings.Join(words, "\n")))
}

func (s *lobbySession) Leave(link transport.Link, t transport.Ticket) error {
	return link.Write(text("LEAVE %s %d", t.Room, t.Number))
}

func (s *lobbySession) RenewRoom(link transport.Link, t transport.Ticket, _ messages.Token) error {
	return link.Write(text("RENEW %s %d", t.Room, t.Number))
}

func (s *lobbySession) Send(link transport.Link, _ messages.MessageID, m messages.Message) error {
	return link.Write(text("SAY %s %s", m.Room, m.Data))
}

// publication is a message with its place, and with a slip if somebody is told.
func (s *lobbySession) publication(room, said string, offset uint64) transport.Publication {
	p := transport.Publication{Data: []byte(said), Offset: offset}
	if s.told != nil {
		p.Receipt = &note{text: fmt.Sprint(room, " ", offset, " ", said)}
		p.Meta = p.Receipt
	}
	if s.given != nil {
		s.given(p.Receipt)
	}
	return p
}

var lobbyNews = map[string]transport.RoomKind{
	"IN": transport.RoomJoined, "LEFT": transport.RoomLeft, "NONE": transport.RoomNotExist,
	"DENIED": transport.RoomDenied, "RETRY": transport.RoomRetry, "NOTIN": transport.RoomNotIn,
	"DETACHED": transport.RoomDetached, "EVICTED": transport.RoomEvicted,
	"DESTROYED": transport.RoomDestroyed, "REVOKED": transport.RoomRevoked, "RENEWED": transport.RoomRenewed,
}

func (s *lobbySession) Receive(link transport.Link, frame transport.Frame) error {
	words := strings.Fields(string(frame.Data))
	if words[0] == "PUB" {
		offset, _ := strconv.ParseUint(words[2], 10, 64)
		link.Publish(messages.RoomID(words[1]), s.publication(words[1], words[3], offset))
		return nil
	}
	kind, ok := lobbyNews[words[0]]
	if !ok {
		return s.scriptSession.Receive(link, frame)
	}
	number, _ := strconv.ParseUint(words[2], 10, 64)
	news := transport.RoomNews{Kind: kind}
	if kind == transport.RoomJoined || kind == transport.RoomRenewed {
		news.TTL = s.lives
	}
	if kind == transport.RoomJoined {
		epoch, offset, _ := strings.Cut(words[3], "/")
		news.Position.Epoch = epoch
		news.Position.Offset, _ = strconv.ParseUint(offset, 10, 64)
		news.Recovered = words[4] == "true"
		for i, said := range words[5:] {
			news.History = append(news.History, s.publication(words[1], said, news.Position.Offset-uint64(len(words[5:])-1-i)))
		}
	}
	link.Room(transport.Ticket{Room: messages.RoomID(words[1]), Number: number}, news)
	return nil
}

// answer is what the lobby does about a message.
func (l *lobby) answer(s *socket, message string) {
	for line := range strings.SplitSeq(message, "\n") {
		if reply := l.reply(s, strings.Fields(line)); reply != "" {
			s.send(reply)
		}
	}
}

func (l *lobby) reply(s *socket, words []string) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	verb := words[0]
	if verb != "JOIN" && verb != "LEAVE" && verb != "VERIFY" && verb != "RENEW" {
		return ""
	}
	room, ticket := words[1], words[2]
	l.asked = append(l.asked, verb+" "+room)
	if l.silent[verb] || l.silent[verb+" "+room] {
		return ""
	}
	if says, ok := l.says[verb+" "+room]; ok {
		return fmt.Sprintf("%s %s %s", says, room, ticket)
	}
	h := l.halls[room]
	switch {
	case verb == "RENEW":
		return fmt.Sprintf("RENEWED %s %s", room, ticket)
	case verb == "LEAVE":
		if h != nil {
			h.in = nil
		}
		return fmt.Sprintf("LEFT %s %s", room, ticket)
	case h == nil && verb == "JOIN" && (words[3] == "create" || words[3] == "enter"):
		h = &hall{}
		l.halls[room] = h
	case h == nil:
		return fmt.Sprintf("NONE %s %s", room, ticket)
	case verb == "VERIFY" && (h.in == nil || l.forget && h.in != s):
		return fmt.Sprintf("NOTIN %s %s", room, ticket)
	}
	h.in, h.ticket = s, ticket
	return l.granted(h, room, ticket, words[4])
}

func (l *lobby) granted(h *hall, room, ticket, from string) string {
	epoch, offset, _ := strings.Cut(from, "/")
	at, _ := strconv.Atoi(offset)
	recovered := epoch == l.epoch && at >= h.trimmed && at <= len(h.log)
	var missed []string
	if recovered {
		missed = h.log[at:]
	}
	return strings.TrimSpace(fmt.Sprintf("IN %s %s %s/%d %v %s", room, ticket, l.epoch, len(h.log), recovered, strings.Join(missed, " ")))
}

// publish says something in a room, to whoever is in.
func (l *lobby) publish(room, said string) {
	l.mu.Lock()
	h := l.halls[room]
	h.log = append(h.log, said)
	in, offset := h.in, len(h.log)
	l.mu.Unlock()
	if in != nil {
		in.send(fmt.Sprintf("PUB %s %d %s", room, offset, said))
	}
}

// tell says something about a room to the connection that is in it.
func (l *lobby) tell(room, verb string) {
	l.mu.Lock()
	h := l.halls[room]
	in, ticket := h.in, h.ticket
	h.in = nil
	l.mu.Unlock()
	in.send(fmt.Sprintf("%s %s %s", verb, room, ticket))
}

// logout ends every membership: the login is over.
func (l *lobby) logout() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, h := range l.halls {
		h.in = nil
	}
}

func (l *lobby) set(change func(*lobby)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	change(l)
}

// questions gives what was asked since the last call.
func (l *lobby) questions() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	asked := strings.Join(l.asked, ", ")
	l.asked = nil
	return asked
}

// members are the rooms that a connection is in.
func (l *lobby) members() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var in []string
	for room, h := range l.halls {
		if h.in != nil {
			in = append(in, room)
		}
	}
	slices.Sort(in)
	return in
}
