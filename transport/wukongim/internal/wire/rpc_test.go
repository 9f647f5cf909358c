package wire

import (
	"strings"
	"testing"

	"github.com/seed14814784/holdfast/messages"
)

// readCall reads whatever a call is; asked says which answers are awaited.
func readCall(c *Call, asked Type) (any, error) {
	of := map[string]Type{
		MethodConnect: TypeConnect, MethodSend: TypeSend, MethodRecv: TypeRecv, MethodRecvack: TypeRecvack, MethodPing: TypePing,
		MethodDisconnect: TypeDisconnect, MethodSubscribe: TypeSub, MethodUnsubscribe: TypeSub, MethodEvent: TypeEvent,
	}
	if c.Method == "" {
		of[""] = asked
	}
	switch of[c.Method] {
	case TypeConnect:
		p, err := c.Connect()
		return &p, err
	case TypeConnack:
		p, err := c.Connack()
		return &p, err
	case TypeSend:
		p, err := c.Send()
		return &p, err
	case TypeSendack:
		p, err := c.Sendack()
		return &p, err
	case TypeRecv:
		p, err := c.Recv()
		return &p, err
	case TypeRecvack:
		p, err := c.Recvack()
		return &p, err
	case TypePing:
		return Ping{}, nil
	case TypeDisconnect:
		p, err := c.Disconnect()
		return &p, err
	case TypeSub:
		p, err := c.Sub()
		return &p, err
	case TypeEvent:
		p, err := c.Event()
		return &p, err
	default:
		return nil, nil
	}
}

// observed are frames as they were seen between clients and servers, and others that
// follow from them.
var observed = map[string]struct {
	text   string
	id     string
	asked  Type
	packet any
	append func(b []byte) []byte // nil: this side writes it otherwise
}{
	"a login": {
		`{"jsonrpc":"2.0","method":"connect","id":"c1","params":{"version":4,"deviceId":"d1","deviceFlag":1,"clientTimestamp":1795177498365,"uid":"ja","token":"t"}}`,
		"c1", 0, &login, func(b []byte) []byte { return login.AppendJSON(b, "c1") },
	},
	"a login as it was seen": {
		`{"jsonrpc":"2.0","method":"connect","id":"c1","params":{"version":4,"uid":"ja","token":"t","deviceId":"d1","deviceFlag":1,"clientTimestamp":1795177498365}}`,
		"c1", 0, &login, nil,
	},
	"a login that says little": {
		`{"method":"connect","id":"c1","params":{"uid":"ja","token":"t"}}`,
		"c1", 0, &Connect{UID: "ja", Token: messages.NewSecret("t")}, nil,
	},
	"a login that was accepted": {
		`{"jsonrpc":"2.0","id":"c1","result":{"serverVersion":4,"timeDiff":1,"reasonCode":1,"nodeId":1}}`,
		"c1", TypeConnack, &accepted, func(b []byte) []byte { return accepted.AppendJSON(b, "c1") },
	},
	"a message": {
		`{"jsonrpc":"2.0","method":"send","id":"s1","params":{"header":{"redDot":true},"clientMsgNo":"x1","channelId":"jb","channelType":1,"payload":"eyJ0eXBlIjoxLCJjb250ZW50IjoiaGVsbG8ifQ=="}}`,
		"s1", 0, &said, func(b []byte) []byte { return said.AppendJSON(b, "s1") },
	},
	"a message as it was seen": {
		`{"method":"send","id":"s1","params":{"clientMsgNo":"x1","channelId":"jb","channelType":1,"payload":"eyJ0eXBlIjoxLCJjb250ZW50IjoiaGVsbG8ifQ==","header":{"redDot":true}}}`,
		"s1", 0, &said, nil,
	},
	"a message that was accepted": {
		`{"jsonrpc":"2.0","id":"s1","result":{"header":{"redDot":true},"messageId":"2123754472571146240","messageSeq":1,"reasonCode":1}}`,
		"s1", TypeSendack, &taken, func(b []byte) []byte { return taken.AppendJSON(b, "s1") },
	},
	"an id that is a number": {
		`{"id":"s1","result":{"header":{"redDot":true},"messageId":2123754472571146240,"messageSeq":1,"reasonCode":1}}`,
		"s1", TypeSendack, &taken, nil,
	},
	"a message for us": {
		`{"jsonrpc":"2.0","method":"recv","params":{"header":{"redDot":true},"messageId":"2123754472571146240","messageSeq":1,"clientMsgNo":"x1","timestamp":1795177498,"channelId":"ja","channelType":1,"fromUid":"ja","payload":"eyJ0eXBlIjoxLCJjb250ZW50IjoiaGVsbG8ifQ=="}}`,
		"", 0, &heard, heard.AppendJSON,
	},
	"everything that a message can have": {
		`{"jsonrpc":"2.0","method":"recv","params":{"header":{"noPersist":true,"redDot":true,"syncOnce":true,"dup":true},"setting":{"receipt":true,"signal":true,"stream":true,"topic":true},"expire":60,"messageId":"-1","messageSeq":18446744073709551615,"timestamp":-1,"channelId":"g","channelType":2,"topic":"t","fromUid":"u","payload":""}}`,
		"", 0, &full, full.AppendJSON,
	},
	"its acknowledgement, without an id": {
		`{"jsonrpc":"2.0","method":"recvack","params":{"header":{"redDot":true},"messageId":"2123754472571146240","messageSeq":1}}`,
		"", 0, &ack, ack.AppendJSON,
	},
	"a heartbeat": {
		`{"jsonrpc":"2.0","method":"ping","id":"p1"}`,
		"p1", 0, Ping{}, func(b []byte) []byte { return Ping{}.AppendJSON(b, "p1") },
	},
	"a heartbeat with params": {`{"method":"ping","id":"p1","params":{}}`, "p1", 0, Ping{}, nil},
	"a kick": {
		`{"jsonrpc":"2.0","method":"disconnect","params":{"reasonCode":12,"reason":"login in other device"}}`,
		"", 0, &kick, func(b []byte) []byte { return kick.AppendJSON(b, "") },
	},
	"a farewell": {
		`{"jsonrpc":"2.0","method":"disconnect","id":"d1","params":{"reasonCode":0}}`,
		"d1", 0, &Disconnect{}, func(b []byte) []byte { return (&Disconnect{}).AppendJSON(b, "d1") },
	},
	"a subscription": {
		`{"jsonrpc":"2.0","method":"subscribe","id":"u1","params":{"subNo":"n","channelId":"g","channelType":2,"param":"p"}}`,
		"u1", 0, &Sub{SubNo: "n", ChannelID: "g", ChannelType: 2, Param: "p"},
		func(b []byte) []byte {
			return (&Sub{SubNo: "n", ChannelID: "g", ChannelType: 2, Param: "p"}).AppendJSON(b, "u1")
		},
	},
	"its end": {
		`{"jsonrpc":"2.0","method":"unsubscribe","id":"u2","params":{"subNo":"n","channelId":"g","channelType":2}}`,
		"u2", 0, &Sub{SubNo: "n", ChannelID: "g", ChannelType: 2, Action: Unsubscribe},
		func(b []byte) []byte {
			return (&Sub{SubNo: "n", ChannelID: "g", ChannelType: 2, Action: Unsubscribe}).AppendJSON(b, "u2")
		},
	},
	"an event": {
		`{"jsonrpc":"2.0","method":"event","params":{"id":"e1","type":"typing","timestamp":1795177498365,"data":"{}"}}`,
		"", 0, &event, event.AppendJSON,
	},
}

var (
	login    = Connect{Version: 4, Device: 1, DeviceID: "d1", UID: "ja", Token: messages.NewSecret("t"), At: 1795177498365}
	accepted = Connack{ServerVersion: 4, TimeDiff: 1, Reason: 1, Node: 1}
	said     = Send{Flags: RedDot, ClientMsgNo: "x1", ChannelID: "jb", ChannelType: 1, Payload: []byte(hello)}
	taken    = Sendack{Flags: RedDot, MessageID: 2123754472571146240, MessageSeq: 1, Reason: 1}
	heard    = Recv{
		Flags: RedDot, MessageID: 2123754472571146240, MessageSeq: 1, ClientMsgNo: "x1", Timestamp: 1795177498,
		ChannelID: "ja", ChannelType: 1, FromUID: "ja", Payload: []byte(hello),
	}
	full = Recv{
		Flags: NoPersist | RedDot | SyncOnce | DUP, Setting: Receipt | Signal | Stream | Topic, Expire: 60,
		MessageID: -1, MessageSeq: 1<<64 - 1, Timestamp: -1, ChannelID: "g", ChannelType: 2, Topic: "t", FromUID: "u",
	}
	ack   = heard.Ack()
	kick  = Disconnect{12, "login in other device"}
	event = Event{ID: "e1", Type: "typing", At: 1795177498365, Data: []byte("{}")}
)

func TestCallsAreReadAndWrittenAsTheyWereSeen(t *testing.T) {
	for sentence, o := range observed {
		t.Run(sentence, func(t *testing.T) {
			c, err := ParseCall([]byte(o.text))
			if err != nil {
				t.Fatal(err)
			}
			got, err := readCall(&c, o.asked)
			same(t, []any{got, err, c.ID, c.Fault, c.Pong()}, []any{o.packet, nil, o.id, (*Fault)(nil), false})
			if o.append != nil {
				same(t, string(o.append([]byte("before"))), "before"+o.text)
			}
		})
	}
}

func TestAPongHasNeitherAResultNorAnError(t *testing.T) {
	for text, want := range map[string]bool{
		`{"jsonrpc":"2.0","id":"p1"}`:                           true,
		`{"id":"p1","result":null,"error":null}`:                true,
		`{"id":"p1","result":{}}`:                               false,
		`{"id":"p1","error":{"code":0,"message":""}}`:           false,
		`{"id":"p1","method":"ping"}`:                           false,
		`{"jsonrpc":"2.0","method":"disconnect","params":null}`: false,
	} {
		c, err := ParseCall([]byte(text))
		if err != nil || c.Pong() != want {
			t.Errorf("%s: %v, %v", text, c.Pong(), err)
		}
	}
	same(t, string(Pong{}.AppendJSON(nil, "p1")), `{"jsonrpc":"2.0","id":"p1"}`)
	_, err := new(Call).Connack()
	same(t, fault(t, err), "ProtocolError: a call of connect carries nothing")
}

func TestAnErrorIsReadAndWrittenAsItWasSeen(t *testing.T) {
	text := `{"jsonrpc":"2.0","id":"n1","error":{"code":0,"message":"jsonrpc: unknown method: nope"}}`
	c, err := ParseCall([]byte(text))
	want := &Fault{0, "jsonrpc: unknown method: nope"}
	same(t, []any{c.ID, c.Method, c.Fault, err}, []any{"n1", "", want, nil})
	same(t, string(want.AppendJSON(nil, "n1")), text)
	c, err = ParseCall([]byte(`{"id":null,"error":{"code":-32700}}`))
	same(t, []any{c.ID, c.Fault, err}, []any{"", &Fault{Code: -32700}, nil})
}

func TestWhatIsNoCallEndsTheConnection(t *testing.T) {
	for sentence, text := range map[string]string{
		"nothing":                       ``,
		"half a call":                   `{"id":"s1","result":{`,
		"a call and garbage":            `{"id":"s1"} x`,
		"two calls":                     `{"id":"s1"}{"id":"s2"}`,
		"a list of calls":               `[{"id":"s1"}]`,
		"null":                          `null`,
		"an empty object":               `{}`,
		"an id that is a number":        `{"id":1,"result":{}}`,
		"a method that is a number":     `{"method":1}`,
		"an error that is a text":       `{"id":"s1","error":"no"}`,
		"a code that is a text":         `{"id":"s1","error":{"code":"0"}}`,
		"a request that is an answer":   `{"id":"s1","method":"send","result":{}}`,
		"a request with an error":       `{"id":"s1","method":"send","error":{}}`,
		"an answer of both kinds":       `{"id":"s1","result":{},"error":{}}`,
		"a notification without a name": `{"params":{}}`,
		"brackets without end":          strings.Repeat("[", 100_000),
		"objects without end":           strings.Repeat(`{"params":`, 100_000),
	} {
		t.Run(sentence, func(t *testing.T) {
			c, err := ParseCall([]byte(text))
			if got := fault(t, err); !strings.HasPrefix(got, "ProtocolError: ") || len(got) > 1024 {
				t.Errorf("it gave %+v, %q", c, got)
			}
			same(t, c, Call{})
		})
	}
}

func TestWhatACallCarriesHasToFit(t *testing.T) {
	for sentence, c := range map[string]struct {
		text  string
		asked Type
	}{
		"a reason above a byte":         {`{"id":"c1","result":{"reasonCode":256}}`, TypeConnack},
		"a reason that is a text":       {`{"id":"c1","result":{"reasonCode":"1"}}`, TypeConnack},
		"a result that is a list":       {`{"id":"c1","result":[]}`, TypeConnack},
		"a result that is a text":       {`{"id":"s1","result":"ok"}`, TypeSendack},
		"no result at all":              {`{"id":"s1"}`, TypeSendack},
		"a messageId that is a word":    {`{"id":"s1","result":{"messageId":"x"}}`, TypeSendack},
		"a messageId above 64 bits":     {`{"id":"s1","result":{"messageId":"9223372036854775808"}}`, TypeSendack},
		"a messageId with a fraction":   {`{"id":"s1","result":{"messageId":1.5}}`, TypeSendack},
		"a messageId that is an object": {`{"id":"s1","result":{"messageId":{}}}`, TypeSendack},
		"a messageId that is nothing":   {`{"id":"s1","result":{"messageId":null}}`, TypeSendack},
		"a messageId without end":       {`{"id":"s1","result":{"messageId":"` + strings.Repeat("9", 100_000) + `"}}`, TypeSendack},
		"a sequence below zero":         {`{"method":"recv","params":{"messageId":"1","messageSeq":-1}}`, 0},
		"a payload that is no base64":   {`{"method":"recv","params":{"messageId":"1","payload":"*"}}`, 0},
		"a payload of half a byte":      {`{"method":"recv","params":{"messageId":"1","payload":"e"}}`, 0},
		"a time far off":                {`{"method":"recv","params":{"messageId":"1","timestamp":99999999999}}`, 0},
		"a header that is a list":       {`{"method":"recv","params":{"messageId":"1","header":[]}}`, 0},
		"a recv without params":         {`{"method":"recv"}`, 0},
		"a disconnect without params":   {`{"method":"disconnect","params":null}`, 0},
		"an event whose data is not":    {`{"method":"event","params":{"data":{}}}`, 0},
	} {
		t.Run(sentence, func(t *testing.T) {
			call, err := ParseCall([]byte(c.text))
			if err != nil {
				t.Fatal(err)
			}
			got, err := readCall(&call, c.asked)
			if text := fault(t, err); !strings.HasPrefix(text, "ProtocolError: ") || len(text) > 1024 {
				t.Errorf("it gave %+v, %.2000q", got, text)
			}
		})
	}
}

// What a later server adds does not matter.
func TestMembersThatAreNotKnownAreIgnored(t *testing.T) {
	c, err := ParseCall([]byte(`{"jsonrpc":"3.0","trace":7,"method":"disconnect","params":{"reasonCode":12,"reason":"login in other device","header":{"end":true}}}`))
	if err != nil {
		t.Fatal(err)
	}
	got, err := c.Disconnect()
	same(t, []any{got, err}, []any{kick, nil})
}
