package wukongim

import (
	"cmp"
	"fmt"
	"strings"
	"testing"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/transport"
	"github.com/seed14814784/holdfast/transport/wukongim/internal/wire"
)

// server is the other side of a scene. It encrypts, unless it is told not to, and
// reads and writes packets as lines of words.
type server struct {
	t       testing.TB
	json    bool
	plain   bool
	version byte
	key     string // what it sends instead of its public key
	salt    string // what it sends instead of its salt
	diff    int64  // of its clock
	client  string // the client's public key
	cipher  *wire.Cipher
}

// packet is a frame of a line:
//
//	connack [reason]
//	sendack clientSeq messageId messageSeq [reason] [clientMsgNo]
//	recv messageId channel messageSeq from text
//	recv+noPersist ... (flags after a plus)
//	echo ... (as recv, with the name of our own message of that text's number)
//	forged ... (as recv, with a msgKey that is wrong)
//	pong
//	disconnect reason text
//	event id type data
//	raw bytes (as they are)
func (s *server) packet(line string) transport.Frame {
	verb, rest, _ := strings.Cut(line, " ")
	verb, flags, _ := strings.Cut(verb, "+")
	words := append(strings.Fields(rest), make([]string, 5)...)
	switch verb {
	case "connack":
		return s.connack(words)
	case "sendack":
		p := wire.Sendack{
			ClientSeq: uint32(number(words[0])), MessageID: int64(number(words[1])), MessageSeq: number(words[2]),
			Reason: reasonOf(words[3]), ClientMsgNo: words[4],
		}
		if s.json {
			return spoken(p.AppendJSON(nil, sending+words[0]))
		}
		return s.frame(p.Append(nil, s.version))
	case "recv", "forged", "echo":
		return s.recv(verb, flags, strings.SplitN(rest, " ", 5))
	case "pong":
		if s.json {
			return spoken(wire.Pong{}.AppendJSON(nil, pinging+"1"))
		}
		return s.frame(wire.Pong{}.Append(nil, s.version))
	case "disconnect":
		_, text, _ := strings.Cut(rest, " ")
		p := wire.Disconnect{Reason: byte(number(words[0])), Text: text}
		if s.json {
			return spoken(p.AppendJSON(nil, ""))
		}
		return s.frame(p.Append(nil, s.version))
	case "event":
		p := wire.Event{ID: words[0], Type: words[1], Data: []byte(words[2])}
		if s.json {
			return spoken(p.AppendJSON(nil))
		}
		return s.frame(p.Append(nil, s.version))
	case "text":
		return spoken([]byte(rest))
	case "raw":
		var b []byte
		_, err := fmt.Sscanf(rest, "%x", &b)
		return s.frame(b, err)
	}
	s.t.Fatalf("no server says %q", line)
	return transport.Frame{}
}

// reasonOf is the reason of a word; without one there is nothing to complain about.
func reasonOf(word string) byte {
	if word == "" {
		return byte(ReasonSuccess)
	}
	return byte(number(word))
}

func (s *server) frame(data []byte, err error) transport.Frame {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
	return transport.Frame{Kind: transport.FrameBinary, Data: data}
}

func (s *server) connack(words []string) transport.Frame {
	p := wire.Connack{ServerVersion: s.version, Reason: reasonOf(words[0]), Node: 7, TimeDiff: s.diff}
	if !s.plain && !s.json {
		keys, err := wire.NewKeyPair()
		if err != nil {
			s.t.Fatal(err)
		}
		p.Key, p.Salt = keys.Public(), "ABCDEFGHIJKLMNOP"
		if s.cipher, err = keys.Agree(s.client, p.Salt); err != nil {
			s.t.Fatal(err)
		}
	}
	p.Key, p.Salt = cmp.Or(s.key, p.Key), cmp.Or(s.salt, p.Salt)
	if s.json {
		return spoken(p.AppendJSON(nil, connecting))
	}
	return s.frame(p.Append(nil, s.version))
}

var flagsOf = map[string]wire.Flags{"": 0, "noPersist": wire.NoPersist, "redDot": wire.RedDot, "syncOnce": wire.SyncOnce}

func (s *server) recv(verb, flags string, words []string) transport.Frame {
	channel, err := ChannelOf(messages.RoomID(words[1]))
	if err != nil {
		s.t.Fatal(err)
	}
	p := wire.Recv{
		Flags: flagsOf[flags], MessageID: int64(number(words[0])), ChannelID: channel.ID, ChannelType: byte(channel.Type),
		MessageSeq: number(words[2]), FromUID: words[3], ClientMsgNo: "no-" + words[0], Payload: []byte(words[4]),
	}
	if verb == "echo" {
		p.ClientMsgNo = "0000000000000001-" + words[4]
	}
	if s.json {
		return spoken(p.AppendJSON(nil))
	}
	if verb == "forged" {
		other, _ := wire.NewKeyPair()
		cipher, _ := other.Agree(s.client, "ABCDEFGHIJKLMNOP")
		return s.frame(cipher.AppendRecv(nil, s.version, &p))
	}
	return s.frame(s.cipher.AppendRecv(nil, s.version, &p))
}

// show reads what a client says.
func (s *server) show(data []byte) string {
	var d wire.Decoder
	f, rest, ok, err := d.Next(data)
	if err != nil || !ok || len(rest) > 0 {
		return fmt.Sprintf("no frame: %v", err)
	}
	switch f.Type {
	case wire.TypeConnect:
		p, err := f.Connect()
		s.client = p.Key
		return fmt.Sprintf("CONNECT v%d %s %s %q%s", p.Version, p.UID, p.DeviceID, p.Token.Reveal(), flaw(err))
	case wire.TypeSend:
		p, err := f.Send(s.version)
		plain, opened := s.cipher.OpenSend(&p)
		return fmt.Sprintf("SEND %d %s %s %q%s%s%s", p.ClientSeq, p.ClientMsgNo, Channel{ChannelType(p.ChannelType), p.ChannelID}, plain, shown(p.Flags), flaw(err), flaw(opened))
	case wire.TypeRecvack:
		p, err := f.Recvack(s.version)
		return fmt.Sprintf("RECVACK %d %d%s%s", p.MessageID, p.MessageSeq, shown(p.Flags), flaw(err))
	default:
		return f.Type.String()
	}
}

func shown(f wire.Flags) (text string) {
	for _, one := range []struct {
		flag wire.Flags
		name string
	}{{wire.NoPersist, "noPersist"}, {wire.SyncOnce, "syncOnce"}, {wire.DUP, "DUP"}} {
		if f&one.flag != 0 {
			text += " " + one.name
		}
	}
	return text
}

func flaw(err error) string {
	if err == nil {
		return ""
	}
	return " " + err.Error()
}
