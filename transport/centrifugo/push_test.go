package centrifugo

import (
	"fmt"
	"testing"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/transport"
)

func TestPushes(t *testing.T) {
	const joined = `
		: join tea 1
		> {"id":2,"subscribe":{"channel":"tea","positioned":true,"recoverable":true}}
		< {"id":2,"subscribe":{}}
		room tea#1 Joined
		`
	rehearse(t, map[string]scene{
		"that say who comes and goes are not asked for": {trace: `
			< {"push":{"channel":"tea","join":{"info":{"user":"u","client":"c"}}}}
			< {"push":{"channel":"tea","leave":{"info":{"user":"u","client":"c"}}}}
			< {"push":{"connect":{"client":"c"}}}`},
		"that nobody knows are counted": {trace: `
			< {"push":{"channel":"tea","wave":{}}}
			ignored 1
			< {"push":{"channel":"","pub":{"data":1}}}\n{"push":{"id":7,"pub":{"data":1}}}\n{"push":{"subscribe":{}}}\n{"push":{"unsubscribe":{"code":2000}}}
			ignored 4
			< {"push":{"channel":"tea","pub":null}}
			ignored 1`},
		"of a message are delivered": {trace: `
			< {"push":{"message":{"data":{"a": 1}}}}
			message "" {"a": 1}`},
		"of publications belong to rooms, joined or not": {trace: joined + `< {"push":{"channel":"tea","pub":{"data":1,"offset":3,"tags":{"a":"b"}}}}
			pub tea 3 1
			< {"push":{"channel":"cake","pub":{"data":2}}}
			pub cake 0 2`},
		"may take us out of a room for good": {trace: joined + `< {"push":{"channel":"tea","unsubscribe":{"code":2000,"reason":"server unsubscribe"}}}
			room tea#1 Evicted KickedFromRoom (centrifugo 2000 "server unsubscribe")
			< {"push":{"channel":"tea","unsubscribe":{"code":2000,"reason":"server unsubscribe"}}}`},
		"may take us out of a room that is being joined": {trace: `
			: join tea 1
			> {"id":2,"subscribe":{"channel":"tea","positioned":true,"recoverable":true}}
			< {"push":{"channel":"tea","unsubscribe":{"code":2500,"reason":"insufficient state"}}}
			room tea#1 Detached HistoryLost (centrifugo 2500 "insufficient state")
			< {"id":2,"subscribe":{}}
			ignored 1`},
		"may take us out of a room while its token is renewed": {trace: joined + `: renewroom tea 1 new
			> {"id":3,"sub_refresh":{"channel":"tea","token":"new"}}
			< {"push":{"channel":"tea","unsubscribe":{"code":2501,"reason":"expired"}}}\n{"id":3,"sub_refresh":{}}
			room tea#1 Detached RoomTokenExpired (centrifugo 2501 "expired")
			ignored 1`},
		"may send us away": {trace: `
			< {"push":{"disconnect":{"code":3503,"reason":"force disconnect"}}}
			error receive: KickedByAdmin (centrifugo 3503 "force disconnect")`},
		"may make a subscription and end it": {trace: `
			< {"push":{"channel":"news","subscribe":{"recoverable":true,"epoch":"e1","offset":5}}}
			< {"push":{"channel":"news","pub":{"data":6,"offset":6}}}
			pub news 6 6 unasked
			< {"push":{"channel":"news","pub":{"data":6,"offset":6}}}
			ignored 1
			< {"push":{"channel":"news","pub":{"data":"x"}}}
			pub news 0 "x" unasked
			< {"push":{"channel":"news","unsubscribe":{"code":2000}}}
			< {"push":{"channel":"news","pub":{"data":7,"offset":7}}}
			pub news 7 7`},
		"make no subscription of a room that is joined": {trace: joined + `< {"push":{"channel":"tea","subscribe":{"recoverable":true,"epoch":"e1"}}}
			: leave tea 2
			> {"id":3,"unsubscribe":{"channel":"tea"}}
			< {"id":3,"unsubscribe":{}}
			room tea#2 Left
			< {"push":{"channel":"tea","pub":{"data":1,"offset":1}}}
			pub tea 1 1`},
		"make no subscription of a room that is joined later": {trace: `
			< {"push":{"channel":"tea","subscribe":{"recoverable":true,"epoch":"e1"}}}
			< {"push":{"channel":"tea","pub":{"data":1,"offset":1}}}
			pub tea 1 1 unasked
			: join tea 1
			> {"id":2,"subscribe":{"channel":"tea","positioned":true,"recoverable":true}}
			< {"push":{"channel":"tea","pub":{"data":2,"offset":2}}}
			pub tea 2 2
			< {"id":2,"subscribe":{}}
			room tea#1 Joined
			: leave tea 2
			> {"id":3,"unsubscribe":{"channel":"tea"}}
			< {"id":3,"unsubscribe":{}}
			room tea#2 Left
			< {"push":{"channel":"tea","pub":{"data":3,"offset":3}}}
			pub tea 3 3`},
	})
}

func TestServerSideSubscriptionsOfTheLogin(t *testing.T) {
	remembers := func(subs map[string]messages.Position) transport.Opening {
		return transport.Opening{Memory: &memory{client: "c0", subs: subs}}
	}
	news := func() transport.Opening {
		return remembers(map[string]messages.Position{"news": {Epoch: "e1", Offset: 5}})
	}
	rehearse(t, map[string]scene{
		"are remembered, and what they say is delivered": {trace: `
			: open
			> {"id":1,"connect":{"name":"holdfast"}}
			< {"id":1,"connect":{"client":"c1","subs":{"news":{"recoverable":true,"epoch":"e1","offset":5},"":{}}}}
			login heartbeat=0s
			ignored 1
			< {"push":{"channel":"news","pub":{"data":6,"offset":6}}}
			pub news 6 6 unasked`},
		"go on where they stopped": {opening: news(), trace: `
			: open
			> {"id":1,"connect":{"subs":{"news":{"recover":true,"epoch":"e1","offset":5}},"name":"holdfast"}}
			< {"id":1,"connect":{"client":"c1","subs":{"news":{"recoverable":true,"epoch":"e1","offset":7,"recovered":true,"publications":[{"data":5,"offset":5},{"data":6,"offset":6},{"data":7,"offset":7}]}}}}
			login heartbeat=0s resumed
			pub news 6 6 unasked
			pub news 7 7 unasked
			< {"push":{"channel":"news","pub":{"data":7,"offset":7}}}
			ignored 1
			< {"push":{"channel":"news","pub":{"data":8,"offset":8}}}
			pub news 8 8 unasked`},
		"go on with a gap": {opening: news(), trace: `
			: open
			> {"id":1,"connect":{"subs":{"news":{"recover":true,"epoch":"e1","offset":5}},"name":"holdfast"}}
			< {"id":1,"connect":{"client":"c1","subs":{"news":{"recoverable":true,"epoch":"e2","offset":2,"publications":[{"data":1,"offset":1},{"data":2,"offset":2}]}}}}
			login heartbeat=0s gap
			pub news 1 1 unasked
			pub news 2 2 unasked
			< {"push":{"channel":"news","pub":{"data":3,"offset":3}}}
			pub news 3 3 unasked`},
		"are told apart": {opening: remembers(map[string]messages.Position{"a": {Epoch: "e", Offset: 1}, "b": {Epoch: "e", Offset: 1}, "c": {}}), trace: `
			: open
			> {"id":1,"connect":{"subs":{"a":{"recover":true,"epoch":"e","offset":1},"b":{"recover":true,"epoch":"e","offset":1}},"name":"holdfast"}}
			< {"id":1,"connect":{"client":"c1","subs":{"b":{"recoverable":true,"epoch":"e","offset":2,"recovered":true,"publications":[{"data":2,"offset":2}]},"a":{"recoverable":true,"epoch":"e","offset":2,"recovered":true,"publications":[{"data":2,"offset":2}]},"c":{}}}}
			login heartbeat=0s gap
			pub a 2 2 unasked
			pub b 2 2 unasked`},
		"that the server does not make any more are forgotten": {opening: news(), trace: `
			: open
			> {"id":1,"connect":{"subs":{"news":{"recover":true,"epoch":"e1","offset":5}},"name":"holdfast"}}
			< {"id":1,"connect":{"client":"c1"}}
			login heartbeat=0s resumed
			< {"push":{"channel":"news","pub":{"data":9,"offset":9}}}
			pub news 9 9`},
	})
}

func TestTheNextSessionGoesOnWithWhatTheLastOneHeard(t *testing.T) {
	first := newCast(t, Options{}, transport.Opening{}).up()
	first.do(`< {"push":{"channel":"news","subscribe":{"recoverable":true,"epoch":"e1","offset":5}}}`)
	first.do(`< {"push":{"channel":"news","pub":{"data":6,"offset":6}}}`)
	next := newCast(t, Options{}, transport.Opening{Memory: first.link.Kept})
	next.do(": open")
	next.do(`< {"id":1,"connect":{"client":"c2","subs":{"news":{"recoverable":true,"epoch":"e1","offset":6,"recovered":true}}}}`)
	next.do(": verify tea 1")
	next.do(`< {"id":2,"presence":{"presence":{"c1":{}}}}`)
	same(t, next.link.Lines, []string{
		`> {"id":1,"connect":{"subs":{"news":{"recover":true,"epoch":"e1","offset":6}},"name":"holdfast"}}`,
		"login heartbeat=0s resumed",
		`> {"id":2,"presence":{"channel":"tea"}}`,
		`> {"id":3,"subscribe":{"channel":"tea","positioned":true,"recoverable":true}}`,
	})
}

func TestAServerCannotMakeSubscriptionsWithoutEnd(t *testing.T) {
	c := newCast(t, Options{}, transport.Opening{}).up()
	for i := range maxSubs {
		c.do(fmt.Sprintf(`< {"push":{"channel":"%d","subscribe":{}}}`, i))
	}
	same(t, c.link.Lines, []string(nil))
	c.do(`< {"push":{"channel":"0","subscribe":{}}}`)
	same(t, c.link.Lines, []string(nil))
	c.do(`< {"push":{"channel":"x","subscribe":{}}}`)
	same(t, c.link.Lines, []string{"error receive: ProtocolError: the server has made more than 65536 subscriptions by itself"})
	same(t, len(c.s.memory.subs), maxSubs)
}
