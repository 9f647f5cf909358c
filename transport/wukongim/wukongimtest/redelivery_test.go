package wukongimtest

import (
	"testing"
	"testing/synctest"
	"time"
)

// The server looks every 30 seconds for what is older than 60.
func TestV2AMessageThatIsNotAcknowledgedComesAgain(t *testing.T) {
	in(t, V2, func(h *house, w way) {
		bob := w.online(h, h.Server, "bob")
		h.at(11500 * time.Millisecond)
		id, seq := h.Send("alice", "tea", 2, []byte("hello"))
		const recv = `RECV tea/2 seq=1 from=alice "hello" redDot`
		h.ends(bob, recv, 0)
		h.ends(bob, recv, 78500*time.Millisecond) // as it was seen
		same(h, []any{bob.last.MessageID, bob.last.MessageSeq}, []any{id, seq})
		for range 4 {
			bob.ping() // so that it is not idle
			bob.hears("PONG")
			h.ends(bob, recv, 60*time.Second)
		}
		bob.ping()
		bob.hears("PONG")
		same(h, bob.hearWithin(200*time.Second), quiet) // five times, and no more
		same(h, h.Conns("bob")[0].Unacked(), []int64{id})
	})
}

func TestV2AMessageThatIsAcknowledgedDoesNotComeAgain(t *testing.T) {
	in(t, V2, func(h *house, w way) {
		bob := w.online(h, h.Server, "bob")
		h.Send("alice", "tea", 2, []byte("hello"))
		bob.hears(`RECV tea/2 seq=1 from=alice "hello" redDot`)
		bob.acknowledge()
		same(h, bob.hearWithin(200*time.Second), quiet)
		same(h, h.Conns("bob")[0].Unacked(), []int64(nil))
	})
}

// The server goes by the flags: what says noPersist is of a message that it does not
// wait for.
func TestV2AnAcknowledgementWithWrongFlagsCountsForNothing(t *testing.T) {
	in(t, V2, func(h *house, w way) {
		bob := w.online(h, h.Server, "bob")
		h.at(500 * time.Millisecond)
		h.Send("alice", "tea", 2, []byte("hello"))
		bob.hears(`RECV tea/2 seq=1 from=alice "hello" redDot`)
		bob.last.Flags = 1
		bob.acknowledge()
		h.ends(bob, `RECV tea/2 seq=1 from=alice "hello" redDot`, 89500*time.Millisecond)
	})
}

func TestV2AMessageDoesNotComeAgainOnTheNextConnection(t *testing.T) {
	in(t, V2, func(h *house, w way) {
		bob := w.online(h, h.Server, "bob")
		h.Send("alice", "tea", 2, []byte("hello"))
		bob.hears(`RECV tea/2 seq=1 from=alice "hello" redDot`)
		_ = bob.Close()
		bob = w.online(h, h.Server, "bob")
		same(h, bob.hearWithin(200*time.Second), quiet)
	})
}

func TestV2WhatIsNotStoredDoesNotComeAgain(t *testing.T) {
	in(t, V2, func(h *house, w way) {
		bob := w.online(h, h.Server, "bob")
		h.post("/message/send", `{"header":{"no_persist":1},"from_uid":"alice","channel_id":"tea","channel_type":2,"payload":"aGVsbG8="}`)
		bob.hears(`RECV tea/2 seq=0 from=alice "hello" noPersist`)
		same(h, bob.hearWithin(200*time.Second), quiet)
	})
}

func TestV3NothingComesAgain(t *testing.T) {
	in(t, V3, func(h *house, w way) {
		bob := w.online(h, h.Server, "bob")
		h.Send("alice", "tea", 2, []byte("hello"))
		bob.hears(`RECV tea/2 seq=1 from=alice "hello" redDot`)
		same(h, bob.hearWithin(110*time.Second), quiet)
	})
}

func TestTheTestMaySendWhatIsNotAcknowledgedAgain(t *testing.T) {
	both(t, func(h *house, w way, _ Profile) {
		bob := w.online(h, h.Server, "bob")
		for _, text := range []string{"one", "two", "three"} {
			h.Send("alice", "tea", 2, []byte(text))
		}
		bob.hears(`RECV tea/2 seq=1 from=alice "one" redDot`, `RECV tea/2 seq=2 from=alice "two" redDot`)
		bob.acknowledge()
		bob.hears(`RECV tea/2 seq=3 from=alice "three" redDot`)
		synctest.Wait()
		h.Conns("bob")[0].Redeliver()
		bob.hears(`RECV tea/2 seq=1 from=alice "one" redDot`, `RECV tea/2 seq=3 from=alice "three" redDot`, quiet)
	})
}

func TestV2AZombieGetsNothingAgain(t *testing.T) {
	in(t, V2, func(h *house, w way) {
		old := w.online(h, h.Server, "bob")
		h.Send("alice", "tea", 2, []byte("hello"))
		old.hears(`RECV tea/2 seq=1 from=alice "hello" redDot`)
		zombie := h.conn("bob")
		w.online(h, h.Server, "bob")
		h.at(3 * time.Second)
		zombie.Redeliver()
		same(h, zombie.Unacked(), []int64(nil))
		same(h, old.hearWithin(200*time.Second), quiet)
	})
}

// The clock of the scans begins with the server.
func TestV2AfterARestartTheScansBeginAnew(t *testing.T) {
	in(t, V2, func(h *house, w way) {
		h.Kill()
		h.at(65 * time.Second)
		if err := h.Up(); err != nil {
			h.Fatal(err)
		}
		bob := w.online(h, h.Server, "bob")
		h.Send("alice", "tea", 2, []byte("hello"))
		bob.hears(`RECV tea/2 seq=1 from=alice "hello" redDot`)
		h.ends(bob, `RECV tea/2 seq=1 from=alice "hello" redDot`, 60*time.Second)
	})
}
