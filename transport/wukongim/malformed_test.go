package wukongim

import (
	"math"
	"strings"
	"testing"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/transport"
)

const hello = `
	: open
	> CONNECT v5 ann holdfast-0000000000000001 "secret"
	< connack
`

func TestServersThatBreakTheProtocol(t *testing.T) {
	with := func(change func(*server)) func(*cast) { return func(c *cast) { change(c.server) } }
	rehearse(t, map[string]scene{
		"a reserved type": {trace: `
			< raw 0003616263
			error receive: ProtocolError: a frame has the reserved type 0
		`},
		"a frame that is too big": {trace: `
			< raw 50ffffff7f
			error receive: FrameTooLarge: a RECV announces 2097151 bytes; the limit is 1048576
		`},
		"a frame that ends too soon": {trace: `
			< raw 420400000001
			error receive: ProtocolError: a SENDACK of 4 bytes ends within its messageId
		`},
		"a text among frames": {trace: `
			< text hello
			error receive: ProtocolError: a text of 5 bytes came in a binary session
		`},
		"a message before the answer to the login": {trace: `
			: open
			> CONNECT v5 ann holdfast-0000000000000001 "secret"
			< raw 42110000000000000001000000010000000101
			error receive: ProtocolError: a SENDACK came before the CONNACK
		`},
		"packets of clients are not for us": {trace: `
			< raw 70
			ignored
		`},
		"a version that we did not offer": {cast: with(func(s *server) { s.version = 9 }), trace: hello + `
			error login: UnsupportedVersion: the server answers version 9 to an offer of 5; 3 to 6 are spoken here
		`},
		"a version of long ago": {cast: with(func(s *server) { s.version = 2 }), trace: hello + `
			error login: UnsupportedVersion: the server answers version 2 to an offer of 5; 3 to 6 are spoken here
		`},
		"a salt that is too short": {cast: with(func(s *server) { s.salt = "short" }), trace: hello + `
			error receive: ProtocolError: the salt has 5 bytes; it takes 16
		`},
		"a key that is none": {cast: with(func(s *server) { s.key = "QUJD" }), trace: hello + `
			error receive: ProtocolError: the serverKey has 3 bytes; an X25519 key has 32
		`},
		"a key that is no base64": {cast: with(func(s *server) { s.key = "****" }), trace: hello + `
			error receive: ProtocolError: the serverKey of 4 bytes is not base64
		`},
		"a clock that is far off": {cast: with(func(s *server) { s.diff = math.MinInt64 }), trace: hello + `
			login heartbeat=20s node=7
		`},
		"no encryption": {cast: with(func(s *server) { s.plain = true }), trace: hello + `
			login heartbeat=20s node=7
			: send Group/g 1 hello
			> SEND 1 0000000000000001-1 Group/g "hello"
			< recv 9 Group/g 1 bob hello
			pub Group/g 0 hello unasked
		`},
	})
}

func TestLoginsThatCannotBe(t *testing.T) {
	rehearse(t, map[string]scene{
		"a uid with a mark of the server's own": {options: Options{UID: "an@n"}, trace: `
			: open
			error login: CredUnavailable: the uid "an@n" has one of @, # and &; servers use them for marks of their own
		`},
		"no token": {opening: transport.Opening{Token: messages.Token{User: "ann"}}, trace: `
			: open
			error login: CredUnavailable: there is no token for the uid "ann": give the channel Credentials or its target a Token, or set Options.Anonymous
		`},
		"a token that no frame can carry": {opening: transport.Opening{Token: messages.NewToken(strings.Repeat("x", 1<<15))}, trace: `
			: open
			error login: CredUnavailable: the token of a CONNECT has 32768 bytes; the limit is 32767
		`},
	})
}

func TestOptionsThatWillNotDo(t *testing.T) {
	for name, options := range map[string]Options{
		"the uid has a mark of the server's own":       {UID: "a#b"},
		"the uid is too long":                          {UID: strings.Repeat("x", 1<<15)},
		"the device has a name that no frame can hold": {DeviceID: strings.Repeat("x", 1<<15)},
		"the version is of long ago":                   {Version: 2},
		"the version is of the future":                 {Version: 7},
		"the heartbeat is negative":                    {Heartbeat: -1},
		"the memory is negative":                       {Conversations: -1},
	} {
		t.Run(name, func(t *testing.T) {
			reason, _ := messages.ReasonOf(New(options).(*protocol).Check())
			if reason.Code != messages.ReasonInvalidSpec {
				t.Errorf("it said %v", reason)
			}
		})
	}
	if err := New(Options{}).(*protocol).Check(); err != nil {
		t.Error(err)
	}
	for id, ok := range map[messages.ChannelID]bool{"ann": true, "a&b": false, "": false} {
		if err := New(Options{}).(*protocol).CheckChannel(id); (err == nil) != ok {
			t.Errorf("the channel %q: %v", id, err)
		}
		if err := New(Options{UID: "bob"}).(*protocol).CheckChannel(id); err != nil {
			t.Errorf("the channel %q of bob: %v", id, err)
		}
	}
}

// A whole conversation in JSON-RPC.
func TestJSONSessions(t *testing.T) {
	const login = `
		: open
		> {"jsonrpc":"2.0","method":"connect","id":"c","params":{"version":5,"deviceId":"holdfast-0000000000000001","deviceFlag":0,"clientTimestamp":946684800000,"uid":"ann","token":"secret"}}
		< connack
		login heartbeat=20s node=7
	`
	rehearse(t, map[string]scene{
		"a conversation": {options: Options{JSON: true}, trace: login + `
			: send Group/g 1 hello
			> {"jsonrpc":"2.0","method":"send","id":"s1","params":{"header":{"redDot":true},"clientMsgNo":"0000000000000001-1","channelId":"g","channelType":2,"payload":"aGVsbG8="}}
			< sendack 1 9 4
			delivered 1
			< recv 10 Group/g 5 bob you
			pub Group/g 0 you unasked
			: taken 1
			> {"jsonrpc":"2.0","method":"recvack","params":{"messageId":"10","messageSeq":5}}
			: beat
			> {"jsonrpc":"2.0","method":"ping","id":"p1"}
			< pong
			heartbeat answered
			< event 1 typing {}
			message "typing" {}
			< disconnect 12 login in other device
			error receive: KickedOtherDevice (wukongim 12 "login in other device"): the connection is not wanted any more
		`},
		"an error poisons the session": {options: Options{JSON: true}, trace: login + `
			: send Group/g 1 hello
			> {"jsonrpc":"2.0","method":"send","id":"s1","params":{"header":{"redDot":true},"clientMsgNo":"0000000000000001-1","channelId":"g","channelType":2,"payload":"aGVsbG8="}}
			< text {"jsonrpc":"2.0","id":"s1","error":{"code":0,"message":"nope"}}
			rejected 1 Nack (wukongim "nope"): the server did not understand the message
			error receive: ProtocolError: the server answers "s1" with error 0: nope
		`},
		"answers to nothing": {options: Options{JSON: true}, trace: login + `
			< text {"id":"s9","result":{"messageId":"1","messageSeq":1,"reasonCode":1}}
			ignored
			< text {"id":"x","result":{}}
			ignored
			< text {"id":"s","result":{"messageId":"1","messageSeq":1,"reasonCode":1}}
			ignored
			< text {"method":"nope","params":{}}
			ignored
		`},
		"what is no call": {options: Options{JSON: true}, trace: login + `
			< raw 70
			error receive: ProtocolError: a binary frame of 1 bytes came in a JSON session
			< text {}
			error receive: ProtocolError: a text of 2 bytes is no call: it has no method and no id
		`},
	})
}
