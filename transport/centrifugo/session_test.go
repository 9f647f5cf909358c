package centrifugo

import (
	"errors"
	"math"
	"testing"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/transport"
)

func TestLogin(t *testing.T) {
	rehearse(t, map[string]scene{
		"presents the token, the data and who we are": {
			Options{Name: "tester", Version: "7", Data: []byte("{ \"a\":\n 1 }")},
			transport.Opening{Token: messages.NewToken("secret")}, `
			: open
			> {"id":1,"connect":{"token":"secret","data":{"a":1},"name":"tester","version":"7"}}
			< {"id":1,"connect":{"client":"c1","version":"6","ping":25,"pong":true,"expires":true,"ttl":90,"node":"n1","session":"x","data":{}}}
			login heartbeat=25s ttl=1m30s node=n1`},
		"goes without any of that": {trace: `
			: open
			> {"id":1,"connect":{"name":"holdfast"}}
			< {"id":1,"connect":{"client":"c1"}}
			login heartbeat=0s`},
		"is answered once": {trace: `
			: open
			> {"id":1,"connect":{"name":"holdfast"}}
			< {"id":1,"connect":{"client":"c1"}}
			login heartbeat=0s
			< {"id":1,"connect":{"client":"c2"}}
			ignored 1`},
		"is not answered by the reply to something else": {trace: `
			: open
			> {"id":1,"connect":{"name":"holdfast"}}
			< {"id":1,"subscribe":{}}
			error receive: ProtocolError: the answer to request 1 has no result`},
		"does not hear channels before its answer, but messages and disconnects": {trace: `
			: open
			> {"id":1,"connect":{"name":"holdfast"}}
			< {"push":{"channel":"news","subscribe":{}}}\n{"push":{"channel":"news","pub":{"data":1}}}\n{"push":{"refresh":{}}}
			ignored 3
			< {"push":{"message":{"data":"hello"}}}
			message "" "hello"
			< {"push":{"disconnect":{"code":3001,"reason":"shutdown"}}}
			error receive: ReconnectNow (centrifugo 3001 "shutdown")`},
		"is answered by no heartbeat before it": {trace: `
			: open
			> {"id":1,"connect":{"name":"holdfast"}}
			< {}`},
		"ends with a socket that is gone": {trace: `
			: broken
			: open
			error write: WriteError: the pipe is broken`},
	})
}

func TestServersHeartbeat(t *testing.T) {
	rehearse(t, map[string]scene{
		"is answered": {trace: `
			< {}
			> {}
			< {}\n{}
			> {}
			> {}`},
		"is not answered if the server does not want it": {trace: `
			: open
			> {"id":1,"connect":{"name":"holdfast"}}
			< {"id":1,"connect":{"client":"c1","ping":25}}
			login heartbeat=25s
			< {}`},
		"is something empty, and nothing else": {trace: `
			< {"subscribe":{}}\n{"id":0,"publish":{}}\n{"error":{"code":100}}\n{"push":{}}
			ignored 4
			< {"future":1}
			> {}`},
		"is answered once with what is said next, if the socket was full": {trace: `
			: full
			< {}
			< {}
			: send tea 7 1
			error write: SlowConsumer: the socket is full
			: free
			: send tea 7 1
			> {}\n{"id":2,"publish":{"channel":"tea","data":1}}
			: send tea 8 2
			> {"id":3,"publish":{"channel":"tea","data":2}}`},
		"is answered with what is heard next, if nothing is said": {trace: `
			: full
			< {}
			: free
			< {"push":{"message":{"data":1}}}
			> {}
			message "" 1
			< {"push":{"message":{"data":2}}}
			message "" 2`},
		"ends what has no socket": {trace: `
			: full
			< {}
			: broken
			< {}
			error write: WriteError: the pipe is broken`},
		"goes its own way beside ours": {trace: `
			: beat
			> ping 1
			: beat
			> ping 2
			: bye
			close 1000 ""`},
	})
}

func TestRepliesShareAFrame(t *testing.T) {
	rehearse(t, map[string]scene{
		"in any order and company": {trace: `
			: join tea 1
			> {"id":2,"subscribe":{"channel":"tea","positioned":true,"recoverable":true}}
			: join cake 2
			> {"id":3,"subscribe":{"channel":"cake","positioned":true,"recoverable":true}}
			< {"id":3,"subscribe":{}}\n{}\n\n  {"push":{"channel":"cake","pub":{"data":"x"}}}\r\n{"id":2,"error":{"code":103,"message":"permission denied"}}\n
			room cake#2 Joined
			> {}
			pub cake 0 "x"
			room tea#1 Denied JoinRejected (centrifugo 103 "permission denied")`},
		"and those before a bad one count": {trace: `
			< {"push":{"message":{"data":1}}}\n{"push"
			message "" 1
			error receive: ProtocolError: a reply of 7 bytes is not one: unexpected end of JSON input`},
	})
}

func TestMessages(t *testing.T) {
	rehearse(t, map[string]scene{
		"of a room are published, and acknowledged": {trace: `
			: send tea 7 {"a": "<é>"}
			> {"id":2,"publish":{"channel":"tea","data":{"a":"\u003cé\u003e"}}}
			< {"id":2,"publish":{}}
			delivered 7
			< {"id":2,"publish":{}}
			ignored 1`},
		"of a room are refused": {trace: `
			: send tea 7 1
			> {"id":2,"publish":{"channel":"tea","data":1}}
			: send tea 8 2
			> {"id":3,"publish":{"channel":"tea","data":2}}
			< {"id":3,"publish":{}}
			delivered 8
			< {"id":2,"error":{"code":103,"message":"permission denied"},"publish":{}}
			rejected 7 Nack (centrifugo 103 "permission denied")`},
		"with a type are calls, and their result is delivered": {trace: `
			: call sum 7 [1,2]
			> {"id":2,"rpc":{"method":"sum","data":[1,2]}}
			< {"id":2,"rpc":{"data":3}}
			delivered 7
			message "sum" 3
			: call sum 8 []
			> {"id":3,"rpc":{"method":"sum","data":[]}}
			< {"id":3,"error":{"code":111,"message":"too many requests","temporary":true}}
			rejected 8 Nack (centrifugo 111 "too many requests")`},
		"without either are not answered by anybody": {trace: `
			: say - 7 {"x":1}
			> {"send":{"data":{"x":1}}}
			delivered 7`},
		"that the socket has no room for are not awaited": {trace: `
			: full
			: say - 7 1
			error write: SlowConsumer: the socket is full
			: send tea 8 1
			error write: SlowConsumer: the socket is full
			: free
			: send tea 8 1
			> {"id":2,"publish":{"channel":"tea","data":1}}`},
		"that are not JSON are not sent": {trace: `
			: send tea 7 hello
			error send: InvalidMessage: the message is not JSON in UTF-8
			: send tea 7 1 2
			error send: InvalidMessage: the message is not JSON in UTF-8
			: bytes tea 7 1
			error send: NotSupported: a message of Centrifugo's JSON protocol is JSON text; encode the bytes`},
		"that were answered by something else are in doubt": {trace: `
			: send tea 7 1
			> {"id":2,"publish":{"channel":"tea","data":1}}
			: call sum 8 1
			> {"id":3,"rpc":{"method":"sum","data":1}}
			< {"id":2,"rpc":{"data":1}}\n{"id":3,"publish":{}}
			ignored 2`},
	})
}

func TestAMessageThatIsNotUTF8IsNotSent(t *testing.T) {
	c := newCast(t, Options{}, transport.Opening{}).up()
	err := c.s.Send(c.link, 1, messages.Text("\"a\xff\"").In("tea"))
	if !errors.Is(err, messages.ReasonInvalidMessage) || len(c.link.Lines) > 0 {
		t.Errorf("it says %v, and %q was written", err, c.link.Lines)
	}
}

func TestRenewal(t *testing.T) {
	rehearse(t, map[string]scene{
		"is accepted": {trace: `
			: renew fresh
			> {"id":2,"refresh":{"token":"fresh"}}
			< {"id":2,"refresh":{"client":"c1","version":"6","expires":true,"ttl":60}}
			renewed 1m0s`},
		"is accepted for ever": {trace: `
			: renew fresh
			> {"id":2,"refresh":{"token":"fresh"}}
			< {"id":2,"refresh":{"ttl":60}}
			renewed 0s`},
		"is told by the server": {trace: `
			< {"push":{"refresh":{"expires":true,"ttl":60}}}
			renewed 1m0s`},
		"comes too late": {trace: `
			: renew fresh
			> {"id":2,"refresh":{"token":"fresh"}}
			< {"id":2,"error":{"code":109,"message":"token expired"}}
			error renew: CredExpired (centrifugo 109 "token expired")`},
		"is refused": {trace: `
			: renew fresh
			> {"id":2,"refresh":{"token":"fresh"}}
			< {"id":2,"error":{"code":103,"message":"permission denied"}}
			error renew: Forbidden (centrifugo 103 "permission denied")`},
		"is refused for now": {trace: `
			: renew fresh
			> {"id":2,"refresh":{"token":"fresh"}}
			< {"id":2,"error":{"code":100,"message":"internal","temporary":true}}
			: renew again
			> {"id":3,"refresh":{"token":"again"}}`},
		"takes the place of one that has no answer": {trace: `
			: renew one
			> {"id":2,"refresh":{"token":"one"}}
			: renew two
			> {"id":3,"refresh":{"token":"two"}}
			< {"id":2,"error":{"code":103}}
			ignored 1
			< {"id":3,"refresh":{}}
			renewed 0s`},
		"is answered by something else": {trace: `
			: renew fresh
			> {"id":2,"refresh":{"token":"fresh"}}
			< {"id":2,"sub_refresh":{}}
			error receive: ProtocolError: the answer to request 2 has no result`},
	})
}

// A connection may live for more commands than there are ids.
func TestIdsComeRoundWithoutTakingOneThatIsAwaited(t *testing.T) {
	c := newCast(t, Options{}, transport.Opening{}).up()
	c.s.last = math.MaxUint32 - 1
	c.s.await(1, request{kind: publishing, message: 6})
	c.s.last = math.MaxUint32 - 1
	c.do(": send tea 7 1")
	c.do(": verify a,b 1")
	c.do(`< {"id":4294967295,"publish":{}}`)
	c.do(`< {"id":1,"publish":{}}`)
	want := []string{
		`> {"id":4294967295,"publish":{"channel":"tea","data":1}}`,
		`> {"id":2,"presence":{"channel":"a"}}\n{"id":3,"presence":{"channel":"b"}}`,
		"delivered 7", "delivered 6",
	}
	same(t, c.link.Lines, want)
}

func TestOptionsThatWillNotDoAreReported(t *testing.T) {
	for name, c := range map[string]struct {
		data string
		ok   bool
	}{
		"none": {"", true}, "an object": {`{"a":1}`, true},
		"half of one": {`{"a":`, false}, "not UTF-8": {"\"\xff\"", false},
	} {
		t.Run(name, func(t *testing.T) {
			protocol := New(Options{Data: []byte(c.data)})
			err := protocol.(interface{ Check() error }).Check()
			if c.ok != (err == nil) || !c.ok && !errors.Is(err, messages.ReasonInvalidSpec) {
				t.Errorf("it says %v", err)
			}
		})
	}
}

func TestWhatTheProtocolCanDo(t *testing.T) {
	protocol := New(Options{})
	same(t, protocol.Traits(), transport.Traits{Acknowledges: true, Rooms: true, RoomIDBytes: 255, VerifyBatch: 32})
	same(t, protocol.Name(), "centrifugo")
}
