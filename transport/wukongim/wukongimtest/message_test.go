package wukongimtest

import (
	"reflect"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed14814784/holdfast/transport/wukongim/internal/wire"
)

func same(t testing.TB, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func flags(f wire.Flags) func(*wire.Send) { return func(p *wire.Send) { p.Flags = f } }

func number(text string) func(*wire.Send) { return func(p *wire.Send) { p.ClientMsgNo = text } }

func TestV2AMessageIsAnsweredWithItsFlagsAndThenDelivered(t *testing.T) {
	in(t, V2, func(h *house, w way) {
		alice, bob := w.online(h, h.Server, "alice"), w.online(h, h.Server, "bob")
		h.transcript.Clear()
		alice.send("tea", 2, "hello", flags(wire.RedDot|wire.DUP), number("n1"))
		alice.hears("SENDACK 1 seq=1 redDot dup")
		bob.hears(`RECV tea/2 seq=1 from=alice "hello" redDot`)
		if bob.last.MessageID != alice.ack.MessageID || bob.last.MessageID < 1<<53 || bob.last.ClientMsgNo != "n1" {
			h.Error(bob.last, alice.ack)
		}
		bob.acknowledge()
		synctest.Wait()
		acks := h.Acks()
		same(h, acks, []Ack{{UID: "bob", DeviceID: "d-bob", MessageID: bob.last.MessageID, Seq: 1, At: time.Now(), RedDot: true}})
		bob.send("alice", 1, "and you?") // the other way each has a channel id of its own
		bob.hears("SENDACK 1 seq=1 redDot")
		alice.hears(`RECV bob/1 seq=1 from=bob "and you?" redDot`)
		alice.send("bob", 1, "too")
		alice.hears("SENDACK 1 seq=2 redDot")
		bob.hears(`RECV alice/1 seq=2 from=alice "too" redDot`)
		h.told(`
			us>    alice SEND tea/2 "hello" redDot dup
			peer>  alice SENDACK 1 seq=1 redDot dup
			peer>  bob RECV tea/2 seq=1 from=alice "hello" redDot
			us>    bob RECVACK seq=1 redDot
			us>    bob SEND alice/1 "and you?" redDot
			peer>  bob SENDACK 1 seq=1 redDot
			peer>  alice RECV bob/1 seq=1 from=bob "and you?" redDot
			us>    alice SEND bob/1 "too" redDot
			peer>  alice SENDACK 1 seq=2 redDot
			peer>  bob RECV alice/1 seq=2 from=alice "too" redDot
		`)
		var texts []string
		for _, m := range h.Received("alice") {
			texts = append(texts, string(m.Payload))
		}
		same(h, texts, []string{"hello", "too"})
	})
}

func TestV3AMessageIsDeliveredAndThenAnsweredWithItsNumber(t *testing.T) {
	in(t, V3, func(h *house, w way) {
		alice, bob := w.online(h, h.Server, "alice"), w.online(h, h.Server, "bob", func(p *wire.Connect) { p.Version = 9 })
		same(h, []byte{alice.version, bob.version}, []byte{5, 6})
		h.transcript.Clear()
		began := time.Now()
		alice.send("tea", 2, "hello", flags(wire.RedDot|wire.DUP), number("n1"))
		alice.send("tea", 2, "again", number("n2")) // waits behind the first, which makes the channel
		alice.hears("SENDACK 1 seq=1")
		same(h, []any{time.Since(began), alice.ack.ClientMsgNo}, []any{520 * time.Millisecond, "n1"})
		alice.hears("SENDACK 1 seq=2")
		bob.hears(`RECV tea/2 seq=1 from=alice "hello" redDot`, `RECV tea/2 seq=2 from=alice "again" redDot`)
		bob.send("tea", 2, "now it is there")
		bob.hears("SENDACK 1 seq=3")
		same(h, time.Since(began), 520*time.Millisecond)
		h.told(`
			us>    alice SEND tea/2 "hello" redDot dup
			peer>  bob RECV tea/2 seq=1 from=alice "hello" redDot
			peer>  alice SENDACK 1 seq=1
			us>    alice SEND tea/2 "again" redDot
			peer>  bob RECV tea/2 seq=2 from=alice "again" redDot
			peer>  alice SENDACK 1 seq=2
			us>    bob SEND tea/2 "now it is there" redDot
			peer>  alice RECV tea/2 seq=3 from=bob "now it is there" redDot
			peer>  bob SENDACK 1 seq=3
		`)
	})
}

func TestTheAPISpeaksForAUser(t *testing.T) {
	in(t, V2, func(h *house, w way) {
		bob := w.online(h, h.Server, "bob")
		answer := h.post("/message/send", `{"header":{"red_dot":1},"from_uid":"alice","channel_id":"tea","channel_type":2,"client_msg_no":"n1","payload":"aGVsbG8="}`)
		bob.hears(`RECV tea/2 seq=1 from=alice "hello" redDot`)
		same(h, answer, `{"data":{"client_msg_no":"n1","message_id":2123754472571150336},"status":200}`)
		same(h, h.get("/channel/max_message_seq?channel_id=tea&channel_type=2"), `{"message_seq":1}`)
	})
}
