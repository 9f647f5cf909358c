package simulation

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/transport"
)

// parlance is the protocol of a server with halls: a plain WebSocket, and texts.
// To the server
//
//	JOIN room ticket how epoch/offset     LEAVE room ticket     VERIFY room ticket ...
//	SAY room text                         or a text alone
//
// and from it
//
//	IN room ticket epoch/offset recovered history...     PUB room offset text
//	LEFT, NONE, DENIED, RETRY, NOTIN, DETACHED, EVICTED, DESTROYED, REVOKED room ticket
type parlance struct{ paces map[messages.ChannelID]*pace }

func (parlance) Name() string { return "parlance" }

func (parlance) Traits() transport.Traits {
	return transport.Traits{Rooms: true, RoomIDBytes: 16, VerifyBatch: 4}
}

func (p parlance) NewSession(o transport.Opening) transport.Session {
	return &parley{Session: transport.Raw().NewSession(o), pace: p.paces[o.Channel].begin()}
}

// parley is parlance on one connection.
type parley struct {
	transport.Session
	pace *flight
}

func written(format string, args ...any) transport.Frame {
	return transport.Frame{Kind: transport.FrameText, Data: fmt.Appendf(nil, format, args...)}
}

func (p *parley) Join(link transport.Link, q transport.JoinRequest) error {
	p.pace.asks(q.Ticket)
	return link.Write(written("JOIN %s %d %s %s/%d", q.Room, q.Number, q.How, q.Position.Epoch, q.Position.Offset))
}

func (p *parley) Verify(link transport.Link, qs []transport.JoinRequest) error {
	var lines []string
	for _, q := range qs {
		p.pace.asks(q.Ticket)
		lines = append(lines, fmt.Sprintf("VERIFY %s %d %s %s/%d", q.Room, q.Number, q.How, q.Position.Epoch, q.Position.Offset))
	}
	return link.Write(written("%s", strings.Join(lines, "\n")))
}

func (p *parley) Leave(link transport.Link, t transport.Ticket) error {
	p.pace.leaves(t.Room)
	return link.Write(written("LEAVE %s %d", t.Room, t.Number))
}

func (p *parley) Send(link transport.Link, id messages.MessageID, m messages.Message) error {
	if m.Room == "" {
		return p.Session.Send(link, id, m)
	}
	return link.Write(written("SAY %s %s", m.Room, m.Data))
}

var verdicts = map[string]transport.RoomKind{
	"IN": transport.RoomJoined, "LEFT": transport.RoomLeft, "NONE": transport.RoomNotExist,
	"DENIED": transport.RoomDenied, "RETRY": transport.RoomRetry, "NOTIN": transport.RoomNotIn,
	"DETACHED": transport.RoomDetached, "EVICTED": transport.RoomEvicted,
	"DESTROYED": transport.RoomDestroyed, "REVOKED": transport.RoomRevoked,
}

func (p *parley) Receive(link transport.Link, frame transport.Frame) error {
	words := strings.SplitN(string(frame.Data), " ", 4)
	room, number := messages.RoomID(words[1]), parsed(words[2])
	if words[0] == "PUB" {
		link.Publish(room, transport.Publication{Data: []byte(words[3]), Offset: number})
		return nil
	}
	ticket, news := transport.Ticket{Room: room, Number: number}, transport.RoomNews{Kind: verdicts[words[0]]}
	if words[0] == "IN" {
		words = strings.Fields(words[3])
		news.Position, news.Recovered = position(words[0]), words[1] == "true"
		for i, said := range words[2:] {
			news.History = append(news.History, transport.Publication{
				Data: []byte(said), Offset: news.Position.Offset - uint64(len(words[2:])-1-i),
			})
		}
	}
	p.pace.hears(ticket)
	link.Room(ticket, news)
	return nil
}

// question is what a client asks about a hall, as the server reads it.
type question struct {
	verb     string
	room     messages.RoomID
	ticket   string
	how      string
	position messages.Position
}

func asking(line string) question {
	words := strings.Fields(line)
	q := question{verb: words[0], room: messages.RoomID(words[1]), ticket: words[2]}
	if len(words) > 3 {
		q.how, q.position = words[3], position(words[4])
	}
	return q
}

func position(text string) messages.Position {
	epoch, offset, _ := strings.Cut(text, "/")
	return messages.Position{Epoch: epoch, Offset: parsed(offset)}
}

func parsed(digits string) uint64 {
	n, err := strconv.ParseUint(digits, 10, 64)
	if err != nil {
		panic(err)
	}
	return n
}
