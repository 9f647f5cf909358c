package centrifugo

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/transport"
)

func TestJoin(t *testing.T) {
	rehearse(t, map[string]scene{
		"begins with what comes": {trace: `
			: join tea 1
			> {"id":2,"subscribe":{"channel":"tea","positioned":true,"recoverable":true}}
			< {"id":2,"subscribe":{"recoverable":true,"positioned":true,"epoch":"e1","offset":5}}
			room tea#1 Joined at e1/5
			< {"push":{"channel":"tea","pub":{"data":{"n":6},"offset":6}}}
			pub tea 6 {"n":6}`},
		"begins at the start of a history": {trace: `
			: join tea 1
			> {"id":2,"subscribe":{"channel":"tea","positioned":true,"recoverable":true}}
			< {"id":2,"subscribe":{"positioned":true,"epoch":"e1"}}
			room tea#1 Joined at e1/0`},
		"goes on where it stopped, in the order of the server": {trace: `
			: join tea 1 e1/5
			> {"id":2,"subscribe":{"channel":"tea","recover":true,"epoch":"e1","offset":5,"positioned":true,"recoverable":true}}
			< {"id":2,"subscribe":{"recoverable":true,"epoch":"e1","offset":7,"recovered":true,"was_recovering":true,"publications":[{"data":"six","offset":6,"info":{"user":"u"}},{"data":"seven","offset":7}]}}\n{"push":{"channel":"tea","pub":{"data":"eight","offset":8}}}
			room tea#1 Joined at e1/7 recovered [6 "six"] [7 "seven"]
			pub tea 8 "eight"`},
		"goes on with a gap": {trace: `
			: join tea 1 e1/5
			> {"id":2,"subscribe":{"channel":"tea","recover":true,"epoch":"e1","offset":5,"positioned":true,"recoverable":true}}
			< {"id":2,"subscribe":{"recoverable":true,"epoch":"e2","offset":2,"was_recovering":true}}
			room tea#1 Joined at e2/2`},
		"goes on at the highest offset there is": {trace: `
			: join tea 1 e1/18446744073709551615
			> {"id":2,"subscribe":{"channel":"tea","recover":true,"epoch":"e1","offset":18446744073709551615,"positioned":true,"recoverable":true}}
			< {"id":2,"subscribe":{"recoverable":true,"epoch":"e1","offset":18446744073709551615,"recovered":true}}
			room tea#1 Joined at e1/18446744073709551615 recovered`},
		"knows no position where the server keeps none": {trace: `
			: join tea 1
			> {"id":2,"subscribe":{"channel":"tea","positioned":true,"recoverable":true}}
			< {"id":2,"subscribe":{"epoch":"e1","offset":5}}
			room tea#1 Joined`},
		"does not ask for positions when told not to": {options: Options{NoRecovery: true}, trace: `
			: join tea 1 e1/5
			> {"id":2,"subscribe":{"channel":"tea"}}`},
		"presents a token of the room's own": {trace: `
			: join tea 1 secret
			> {"id":2,"subscribe":{"channel":"tea","token":"secret","positioned":true,"recoverable":true}}
			< {"id":2,"subscribe":{"expires":true,"ttl":30}}
			room tea#1 Joined ttl=30s`},
		"subscribes anew, with a gap, where the position cannot be recovered": {trace: `
			: join tea 1 e1/5
			> {"id":2,"subscribe":{"channel":"tea","recover":true,"epoch":"e1","offset":5,"positioned":true,"recoverable":true}}
			< {"id":2,"error":{"code":112,"message":"unrecoverable position"}}
			> {"id":3,"subscribe":{"channel":"tea","positioned":true,"recoverable":true}}
			< {"id":3,"subscribe":{"recoverable":true,"epoch":"e2","offset":9}}
			room tea#1 Joined at e2/9`},
		"is refused where no position was given and it cannot be recovered": {trace: `
			: join tea 1
			> {"id":2,"subscribe":{"channel":"tea","positioned":true,"recoverable":true}}
			< {"id":2,"error":{"code":112,"message":"unrecoverable position"}}
			room tea#1 Denied JoinRejected (centrifugo 112 "unrecoverable position")`},
		"leaves first what it is said to be in already": {trace: `
			: join tea 1 e1/5
			> {"id":2,"subscribe":{"channel":"tea","recover":true,"epoch":"e1","offset":5,"positioned":true,"recoverable":true}}
			< {"id":2,"error":{"code":105,"message":"already subscribed"}}
			> {"id":3,"unsubscribe":{"channel":"tea"}}\n{"id":4,"subscribe":{"channel":"tea","recover":true,"epoch":"e1","offset":5,"positioned":true,"recoverable":true}}
			< {"id":3,"unsubscribe":{}}\n{"id":4,"subscribe":{"recoverable":true,"epoch":"e1","offset":5,"recovered":true}}
			room tea#1 Joined at e1/5 recovered
			ignored 1`},
		"leaves first only once": {trace: `
			: join tea 1
			> {"id":2,"subscribe":{"channel":"tea","positioned":true,"recoverable":true}}
			< {"id":2,"error":{"code":105}}
			> {"id":3,"unsubscribe":{"channel":"tea"}}\n{"id":4,"subscribe":{"channel":"tea","positioned":true,"recoverable":true}}
			< {"id":4,"error":{"code":105,"message":"already subscribed"}}
			room tea#1 Denied JoinRejected (centrifugo 105 "already subscribed")`},
		"is put off when the socket is full": {trace: `
			: join tea 1 e1/5
			> {"id":2,"subscribe":{"channel":"tea","recover":true,"epoch":"e1","offset":5,"positioned":true,"recoverable":true}}
			: join cake 2 e1/5
			> {"id":3,"subscribe":{"channel":"cake","recover":true,"epoch":"e1","offset":5,"positioned":true,"recoverable":true}}
			: full
			: join pie 3
			error write: SlowConsumer: the socket is full
			< {"id":2,"error":{"code":112}}\n{"id":3,"error":{"code":105}}
			room tea#1 Retry SlowConsumer: the socket is full
			room cake#2 Retry SlowConsumer: the socket is full`},
		"ends with a socket that is gone": {trace: `
			: join tea 1 e1/5
			> {"id":2,"subscribe":{"channel":"tea","recover":true,"epoch":"e1","offset":5,"positioned":true,"recoverable":true}}
			: broken
			< {"id":2,"error":{"code":112}}
			error write: WriteError: the pipe is broken`},
		"is answered with the question that was asked last": {trace: `
			: join tea 1
			> {"id":2,"subscribe":{"channel":"tea","positioned":true,"recoverable":true}}
			: join tea 2
			> {"id":3,"subscribe":{"channel":"tea","positioned":true,"recoverable":true}}
			< {"id":2,"subscribe":{}}\n{"id":3,"subscribe":{}}
			room tea#2 Joined
			ignored 1`},
		"is asked again later if the answer is to something else": {trace: `
			: join cake 1
			> {"id":2,"subscribe":{"channel":"cake","positioned":true,"recoverable":true}}
			: join tea 2
			> {"id":3,"subscribe":{"channel":"tea","positioned":true,"recoverable":true}}
			< {"id":3,"presence":{"presence":{}}}
			room tea#2 Retry ProtocolError: the answer to request 3 has no result
			ignored 1
			< {"id":2,"subscribe":{}}
			room cake#1 Joined`},
	})
}

func TestLeave(t *testing.T) {
	rehearse(t, map[string]scene{
		"is answered": {trace: `
			: join tea 1
			> {"id":2,"subscribe":{"channel":"tea","positioned":true,"recoverable":true}}
			< {"id":2,"subscribe":{}}
			room tea#1 Joined
			: leave tea 2
			> {"id":3,"unsubscribe":{"channel":"tea"}}
			< {"id":3,"unsubscribe":{}}
			room tea#2 Left`},
		"of a room that this connection never joined is asked for too": {trace: `
			: leave tea 1
			> {"id":2,"unsubscribe":{"channel":"tea"}}
			< {"id":2,"unsubscribe":{}}
			room tea#1 Left`},
		"takes the place of a join": {trace: `
			: join tea 1
			> {"id":2,"subscribe":{"channel":"tea","positioned":true,"recoverable":true}}
			: leave tea 2
			> {"id":3,"unsubscribe":{"channel":"tea"}}
			< {"id":2,"subscribe":{}}\n{"id":3,"unsubscribe":{}}
			room tea#2 Left
			ignored 1`},
		"of a room that is not there is one": {trace: `
			: leave tea 1
			> {"id":2,"unsubscribe":{"channel":"tea"}}
			< {"id":2,"error":{"code":102,"message":"unknown channel"}}
			room tea#1 NotExist RoomNotExist (centrifugo 102 "unknown channel")`},
		"that is refused is left to its deadline": {trace: `
			: leave tea 1
			> {"id":2,"unsubscribe":{"channel":"tea"}}
			< {"id":2,"error":{"code":100,"message":"internal","temporary":true}}
			: leave tea 2
			> {"id":3,"unsubscribe":{"channel":"tea"}}
			< {"id":3,"publish":{}}
			ignored 1`},
		"is not told twice when the server takes us out meanwhile": {trace: `
			: join tea 1
			> {"id":2,"subscribe":{"channel":"tea","positioned":true,"recoverable":true}}
			< {"id":2,"subscribe":{}}
			room tea#1 Joined
			: leave tea 2
			> {"id":3,"unsubscribe":{"channel":"tea"}}
			< {"push":{"channel":"tea","unsubscribe":{"code":2000}}}
			< {"id":3,"unsubscribe":{}}
			room tea#2 Left`},
		"is put off when the socket is full": {trace: `
			: full
			: leave tea 1
			error write: SlowConsumer: the socket is full`},
	})
}

func TestVerify(t *testing.T) {
	ann := transport.Opening{Token: messages.Token{User: "ann", Secret: messages.NewSecret("s")}}
	again := transport.Opening{Memory: &memory{client: "c0", subs: map[string]messages.Position{}}}
	rehearse(t, map[string]scene{
		"asks who is present, in one frame, and subscribes where we are": {opening: again, trace: `
			: verify tea,cake,pie,jam 1 e1/5
			> {"id":2,"presence":{"channel":"tea"}}\n{"id":3,"presence":{"channel":"cake"}}\n{"id":4,"presence":{"channel":"pie"}}\n{"id":5,"presence":{"channel":"jam"}}
			< {"id":2,"presence":{"presence":{"x":{"client":"x","user":""},"c0":{"client":"c0","user":""}}}}
			> {"id":6,"subscribe":{"channel":"tea","recover":true,"epoch":"e1","offset":5,"positioned":true,"recoverable":true}}
			< {"id":3,"presence":{}}
			room cake#2 NotIn RoomHeartbeatTimeout: the server does not count us in
			< {"id":4,"error":{"code":108,"message":"not available"}}
			room pie#3 NotIn RoomHeartbeatTimeout (centrifugo 108 "not available"): the server does not say who is in
			< {"id":5,"error":{"code":102,"message":"unknown channel"}}
			room jam#4 NotExist RoomNotExist (centrifugo 102 "unknown channel")
			< {"id":6,"subscribe":{"recoverable":true,"epoch":"e1","offset":5,"recovered":true}}
			room tea#1 Joined at e1/5 recovered`},
		"knows us as a user too": {opening: ann, trace: `
			: verify tea 1
			> {"id":2,"presence":{"channel":"tea"}}
			< {"id":2,"presence":{"presence":{"x":{"client":"x","user":"ann"}}}}
			> {"id":3,"subscribe":{"channel":"tea","positioned":true,"recoverable":true}}`},
		"does not take somebody without a name for us": {trace: `
			: verify tea 1
			> {"id":2,"presence":{"channel":"tea"}}
			< {"id":2,"presence":{"presence":{"":{"user":""},"c2":{}}}}
			room tea#1 NotIn RoomHeartbeatTimeout: the server does not count us in`},
		"does not ask when told not to": {options: Options{NoPresence: true}, trace: `
			: verify tea,cake 1
			room tea#1 NotIn RoomHeartbeatTimeout: presence is not asked for
			room cake#2 NotIn RoomHeartbeatTimeout: presence is not asked for`},
		"does not take a server that is busy for one that forgot us": {trace: `
			: verify tea,cake 1
			> {"id":2,"presence":{"channel":"tea"}}\n{"id":3,"presence":{"channel":"cake"}}
			< {"id":2,"error":{"code":111,"message":"too many requests","temporary":true}}
			room tea#1 Retry RateLimited (centrifugo 111 "too many requests")
			< {"id":3,"error":{"code":100,"message":"internal","temporary":true}}
			room cake#2 Retry JoinRejected (centrifugo 100 "internal")`},
		"is asked again later if the answer is to something else": {trace: `
			: verify tea 1
			> {"id":2,"presence":{"channel":"tea"}}
			< {"id":2,"subscribe":{}}
			room tea#1 Retry ProtocolError: the answer to request 2 has no result
			ignored 1`},
		"is put off when the socket is full": {opening: ann, trace: `
			: verify tea 1
			> {"id":2,"presence":{"channel":"tea"}}
			: full
			< {"id":2,"presence":{"presence":{"x":{"user":"ann"}}}}
			room tea#1 Retry SlowConsumer: the socket is full
			: verify tea 2
			error write: SlowConsumer: the socket is full`},
		"does not bring back a room that is being left": {opening: ann, trace: `
			: verify tea 1
			> {"id":2,"presence":{"channel":"tea"}}
			: leave tea 2
			> {"id":3,"unsubscribe":{"channel":"tea"}}
			< {"id":2,"presence":{"presence":{"x":{"user":"ann"}}}}
			ignored 1
			< {"id":3,"unsubscribe":{}}
			room tea#2 Left`},
		"forgets a room that we are not in": {trace: `
			: verify tea 1
			> {"id":2,"presence":{"channel":"tea"}}
			< {"id":2,"presence":{"presence":{}}}
			room tea#1 NotIn RoomHeartbeatTimeout: the server does not count us in
			< {"push":{"channel":"tea","unsubscribe":{"code":2000}}}`},
	})
}

func TestARoomsToken(t *testing.T) {
	const joined = `
		: join tea 1 old
		> {"id":2,"subscribe":{"channel":"tea","token":"old","positioned":true,"recoverable":true}}
		< {"id":2,"subscribe":{"expires":true,"ttl":30}}
		room tea#1 Joined ttl=30s
		`
	rehearse(t, map[string]scene{
		"is renewed": {trace: joined + `: renewroom tea 1 new
			> {"id":3,"sub_refresh":{"channel":"tea","token":"new"}}
			< {"id":3,"sub_refresh":{"expires":true,"ttl":60}}
			room tea#1 Renewed ttl=1m0s`},
		"is renewed by the last that was presented": {trace: joined + `: renewroom tea 1 new
			> {"id":3,"sub_refresh":{"channel":"tea","token":"new"}}
			: renewroom tea 1 newer
			> {"id":4,"sub_refresh":{"channel":"tea","token":"newer"}}
			< {"id":3,"sub_refresh":{}}\n{"id":4,"sub_refresh":{}}
			room tea#1 Renewed
			ignored 1`},
		"that is no good ends with the one before it": {trace: joined + `: renewroom tea 1 new
			> {"id":3,"sub_refresh":{"channel":"tea","token":"new"}}
			< {"id":3,"error":{"code":109,"message":"token expired"}}
			< {"push":{"channel":"tea","unsubscribe":{"code":2501,"reason":"subscription expired"}}}
			room tea#1 Detached RoomTokenExpired (centrifugo 2501 "subscription expired")`},
		"is not renewed in a room that was left": {trace: joined + `: leave tea 2
			> {"id":3,"unsubscribe":{"channel":"tea"}}
			: renewroom tea 1 new`},
		"is not awaited in a room that is left": {trace: joined + `: renewroom tea 1 new
			> {"id":3,"sub_refresh":{"channel":"tea","token":"new"}}
			: leave tea 2
			> {"id":4,"unsubscribe":{"channel":"tea"}}
			< {"id":3,"sub_refresh":{}}
			ignored 1`},
		"is not renewed when the socket is full": {trace: joined + `: full
			: renewroom tea 1 new`},
		"is not renewed by the answer to something else": {trace: joined + `: renewroom tea 1 new
			> {"id":3,"sub_refresh":{"channel":"tea","token":"new"}}
			< {"id":3,"refresh":{}}
			ignored 1`},
	})
}

func TestANameThatNoChannelCanHaveIsRefusedByItself(t *testing.T) {
	for name, id := range map[string]messages.RoomID{
		"empty": "", "256 bytes": messages.RoomID(strings.Repeat("x", 256)), "not UTF-8": "a\xff",
	} {
		t.Run(name, func(t *testing.T) {
			c := newCast(t, Options{}, transport.Opening{}).up()
			join := transport.JoinRequest{Ticket: transport.Ticket{Room: id, Number: 1}}
			if err := c.s.Join(c.link, join); !errors.Is(err, messages.ReasonInvalidSpec) {
				t.Errorf("a join says %v", err)
			}
			if err := c.s.Leave(c.link, join.Ticket); !errors.Is(err, messages.ReasonInvalidSpec) {
				t.Errorf("a leave says %v", err)
			}
			tea := transport.JoinRequest{Ticket: transport.Ticket{Room: "tea", Number: 2}}
			if err := c.s.Verify(c.link, []transport.JoinRequest{join, tea}); err != nil {
				t.Errorf("a verify says %v", err)
			}
			if len(c.link.Lines) != 2 || !strings.Contains(c.link.Lines[0], "#1 Denied InvalidSpec") || c.link.Lines[1] != `> {"id":2,"presence":{"channel":"tea"}}` {
				t.Errorf("it went %q", c.link.Lines)
			}
		})
	}
	c := newCast(t, Options{}, transport.Opening{}).up()
	longest := transport.Ticket{Room: messages.RoomID(strings.Repeat("x", 255)), Number: 1}
	if err := c.s.Join(c.link, transport.JoinRequest{Ticket: longest}); err != nil {
		t.Errorf("the longest says %v", err)
	}
}

func TestAWholeBatchOfTheLongestNamesFitsIntoAFrameThatCentrifugoTakes(t *testing.T) {
	c := newCast(t, Options{}, transport.Opening{}).up()
	c.s.last = 1<<32 - 100 // the longest ids
	joins := make([]transport.JoinRequest, c.s.Traits().VerifyBatch)
	for i := range joins {
		joins[i].Room = messages.RoomID(fmt.Sprintf("%02d", i) + strings.Repeat("\x01", maxRoomBytes-2))
	}
	if err := c.s.Verify(c.link, joins); err != nil {
		t.Fatal(err)
	}
	if n := len(c.link.Lines[0]); n > 64<<10 {
		t.Errorf("the frame has %d bytes", n)
	}
}
