package wire

import (
	"encoding/hex"
	"strings"
	"testing"

	"github.com/seed14814784/holdfast/messages"
)

// A body that ends early is refused wherever it ends, and the error says in which
// field. What may be missing is what some servers leave out.
func TestEveryBodyThatEndsEarlyIsRefused(t *testing.T) {
	optional := map[string]int{ // bytes at the end
		"CONNACK_v4": 8, "SENDACK_v4_withClientMsgNo(HEAD)": 7,
		"SEND_v2_redDot": 44, "SEND_v3_redDot": 44, "SEND_v4_redDot": 44, "SEND_v5_redDot": 44, "RECV_v4_redDot": 44, // the payload
	}
	for name, v := range written() {
		var d Decoder
		f, _, _, _ := d.Next(vector(t, name))
		for n := range len(f.Body) - optional[name] {
			p, err := read(Frame{f.Type, f.Flags, f.Body[:n:n]}, v.version)
			if got := fault(t, err); !strings.HasPrefix(got, "ProtocolError: a "+f.Type.String()+" of ") || !strings.Contains(got, " bytes ends within its ") {
				t.Errorf("%d bytes of %s: %q, %+v", n, name, got, p)
			}
		}
		for n := len(f.Body) - optional[name]; n <= len(f.Body); n++ {
			if _, err := read(Frame{f.Type, f.Flags, f.Body[:n:n]}, v.version); err != nil {
				t.Errorf("%d bytes of %s: %v", n, name, err)
			}
		}
	}
}

func TestErrorsSayWhichFieldIsWrong(t *testing.T) {
	for sentence, c := range map[string]struct {
		frame Frame
		hex   string
		want  string
	}{
		"a key of negative length":        {Frame{Type: TypeRecv}, "00ffff", "ProtocolError: the msgKey of a RECV has 65535 bytes; a string has 32767 at most"},
		"a name one byte too long":        {Frame{Type: TypeSub}, "008000", "ProtocolError: the subNo of a SUB has 32768 bytes; a string has 32767 at most"},
		"a sender longer than the frame":  {Frame{Type: TypeRecv}, "0000000005aabb", "ProtocolError: a RECV of 7 bytes ends within its fromUid"},
		"a sequence of 32 bits in v6":     {Frame{Type: TypeRecvack}, "000000000000000100000001", "ProtocolError: a RECVACK of 12 bytes ends within its messageSeq"},
		"a stream without its fields":     {Frame{Type: TypeSend}, "0200000001000000", "ProtocolError: a SEND of 8 bytes ends within its channelId"},
		"a topic that is announced only":  {Frame{Type: TypeSend}, "08000000010000000001000000000000", "ProtocolError: a SEND of 16 bytes ends within its topic"},
		"an empty body":                   {Frame{Type: TypeConnack}, "", "ProtocolError: a CONNACK of 0 bytes ends within its timeDiff"},
		"a server's version, and no more": {Frame{Type: TypeConnack, Flags: hasVersion}, "04", "ProtocolError: a CONNACK of 1 bytes ends within its timeDiff"},
		"a reason without words":          {Frame{Type: TypeDisconnect}, "0c", "ProtocolError: a DISCONNECT of 1 bytes ends within its reason"},
	} {
		t.Run(sentence, func(t *testing.T) {
			c.frame.Body, _ = hex.DecodeString(c.hex)
			_, err := read(c.frame, 6)
			same(t, fault(t, err), c.want)
		})
	}
}

// A server of the new generation that refuses a login says neither its version nor
// which one it refuses, but still names its node.
func TestARefusalWithoutAVersionStillHasItsNode(t *testing.T) {
	frame, _ := hex.DecodeString("2015" + "0000000000000000" + "15" + "0000" + "0000" + "0000000000000000")
	same(t, readOne(t, frame, 5), packet(&Connack{Reason: 21}))
	frame, _ = hex.DecodeString("2015" + "0000000000000000" + "15" + "0000" + "0000" + "0000000000000007")
	same(t, readOne(t, frame, 3), packet(&Connack{Reason: 21, Node: 7}))
	frame, _ = hex.DecodeString("200d" + "ffffffffffffff85" + "01" + "0000" + "0000")
	same(t, readOne(t, frame, 5), packet(&Connack{Reason: 1, TimeDiff: -123}))
}

func TestWhatFollowsASendackIsReadIfItIsAString(t *testing.T) {
	for tail, want := range map[string]string{
		"": "", "0000": "", "0003616263": "abc", "00": "", "ffff": "", "0004616263": "", "0003616263ff": "abc",
	} {
		body, _ := hex.DecodeString("000000000000000900000007000000050f" + tail)
		got, err := Frame{Type: TypeSendack, Flags: DUP, Body: body}.Sendack(5)
		same(t, []any{got, err}, []any{Sendack{Flags: DUP, MessageID: 9, ClientSeq: 7, MessageSeq: 5, Reason: 15, ClientMsgNo: want}, nil})
	}
}

// What does not fit is an error of the message, and leaves the buffer as it was.
func TestWhatDoesNotFitIsNotWritten(t *testing.T) {
	long := strings.Repeat("x", maxText+1)
	full := make([]byte, MaxBody)
	for sentence, c := range map[string]struct {
		packet packet
		want   string
	}{
		"a long uid":           {&Connect{UID: long}, "TooLarge: the uid of a CONNECT has 32768 bytes; the limit is 32767"},
		"a long token":         {&Connect{Token: messages.NewSecret(long)}, "TooLarge: the token of a CONNECT has 32768 bytes; the limit is 32767"},
		"a long number":        {&Send{ClientMsgNo: long}, "TooLarge: the clientMsgNo of a SEND has 32768 bytes; the limit is 32767"},
		"a long key":           {&Send{MsgKey: []byte(long)}, "TooLarge: the msgKey of a SEND has 32768 bytes; the limit is 32767"},
		"a long payload":       {&Send{Payload: full}, "TooLarge: the body of a SEND has 1048592 bytes; the limit is 1048576"},
		"a far longer one":     {&Recv{Payload: append(full, full...)}, "TooLarge: the payload of a RECV has 2097152 bytes; the limit is 1048576"},
		"two that are long":    {&Send{ChannelID: long, Payload: append(full, 1)}, "TooLarge: the channelId of a SEND has 32768 bytes; the limit is 32767"},
		"a wide sequence":      {&Recvack{MessageSeq: 1 << 32}, "InvalidMessage: the messageSeq 4294967296 of a RECVACK does not fit into the 32 bits of version 5"},
		"long words":           {&Disconnect{Text: long}, "TooLarge: the reason of a DISCONNECT has 32768 bytes; the limit is 32767"},
		"an event's long name": {&Event{Type: long, Data: full}, "TooLarge: the type of a EVENT has 32768 bytes; the limit is 32767"},
	} {
		t.Run(sentence, func(t *testing.T) {
			b, err := c.packet.Append([]byte("before"), 5)
			same(t, []string{string(b), fault(t, err)}, []string{"before", c.want})
		})
	}
	if _, err := (&Recvack{MessageSeq: 1 << 32}).Append(nil, 6); err != nil {
		t.Error(err)
	}
}

func TestATokenIsNotPrinted(t *testing.T) {
	p := *written()["CONNECT_v4"].packet.(*Connect)
	p.Token = messages.NewSecret("hunter2")
	frame, _ := p.Append(nil, 4)
	for _, got := range []packet{&p, readOne(t, frame, 4)} {
		if text := strings.Join([]string{sprint(got), sprint(*got.(*Connect))}, " "); strings.Contains(text, "hunter2") || !strings.Contains(text, "alice") {
			t.Errorf("it prints as %s", text)
		}
	}
}
