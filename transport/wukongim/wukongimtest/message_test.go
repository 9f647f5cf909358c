package wukongimtest

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"
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

func TestWhoMayNotSendIsToldWhy(t *testing.T) {
	both(t, func(h *house, w way, profile Profile) {
		alice, bob := w.online(h, h.Server, "alice"), w.online(h, h.Server, "bob")
		carol := w.online(h, h.Server, "carol")
		h.AddChannel("banned", 2, "alice", "bob")
		h.AddChannel("gone", 4, "alice", "bob")
		h.AddChannel("deleted", 9, "alice", "bob")
		for path, body := range map[string]string{
			"/channel/blacklist_add":     `{"channel_id":"tea","channel_type":2,"uids":["alice"]}`,
			"/channel/info":              `{"channel_id":"banned","channel_type":2,"ban":1}`,
			"/channel":                   `{"channel_id":"gone","channel_type":4,"disband":1}`,
			"/channel/delete":            `{"channel_id":"deleted","channel_type":9}`,
			"/channel/subscriber_add":    `{"channel_id":"new","channel_type":2,"subscribers":["alice","bob"]}`,
			"/channel/subscriber_remove": `{"channel_id":"tea","channel_type":2,"subscribers":["bob"]}`,
		} {
			same(h, h.post(path, body), `{"status":200}`)
		}
		h.post("/channel/blacklist_add", `{"channel_id":"bob","channel_type":1,"uids":["carol"]}`)
		missing := map[Profile]string{V2: "3", V3: "5"}[profile]
		answers := func(c *client, to string, kind byte, want string) {
			h.Helper()
			c.send(to, kind, "hello", flags(0))
			c.hears("SENDACK " + want)
		}
		answers(alice, "tea", 2, "4 seq=0")
		answers(bob, "tea", 2, "3 seq=0")
		answers(carol, "tea", 2, "3 seq=0")
		answers(alice, "nowhere", 2, missing+" seq=0")
		answers(alice, "deleted", 9, missing+" seq=0")
		answers(alice, "banned", 2, "19 seq=0")
		answers(alice, "gone", 4, "24 seq=0")
		answers(carol, "bob", 1, "4 seq=0")
		answers(bob, "new", 2, "1 seq=1")
		alice.hears(`RECV new/2 seq=1 from=bob "hello"`)
		h.post("/channel/blacklist_remove", `{"channel_id":"tea","channel_type":2,"uids":["alice"]}`)
		answers(alice, "tea", 2, "1 seq=1")
	})
}

func TestTheSameNumberAgain(t *testing.T) {
	both(t, func(h *house, w way, profile Profile) {
		alice, bob := w.online(h, h.Server, "alice"), w.online(h, h.Server, "bob")
		alice.send("tea", 2, "hello", flags(0), number("n1"))
		alice.hears("SENDACK 1 seq=1")
		first := alice.ack.MessageID
		bob.hears(`RECV tea/2 seq=1 from=alice "hello"`)
		if profile == V3 {
			_ = alice.Close()
			alice = w.online(h, h.Server, "alice", deviceID("another")) // it is the same to another connection
			alice.send("tea", 2, "hello", flags(wire.DUP), number("n1"))
			alice.hears("SENDACK 1 seq=1")
			same(h, alice.ack.MessageID, first)
			alice.send("tea", 2, "something else", number("n1"))
			alice.hears("SENDACK 15 seq=0")
			bob.hears(quiet)
			same(h, len(h.Received()), 1)
			return
		}
		alice.send("tea", 2, "hello", flags(wire.DUP), number("n1"))
		alice.hears("SENDACK 1 seq=2 dup")
		if alice.ack.MessageID == first {
			h.Error("it has the same id")
		}
		bob.hears(`RECV tea/2 seq=2 from=alice "hello"`)
	})
}

func TestWhatIsNotStored(t *testing.T) {
	both(t, func(h *house, w way, profile Profile) {
		alice, bob := w.online(h, h.Server, "alice"), w.online(h, h.Server, "bob")
		send := func(f wire.Flags, want, heard string) {
			h.Helper()
			alice.send("tea", 2, "hello", flags(f))
			alice.hears("SENDACK " + want)
			bob.hears(heard)
		}
		if profile == V3 {
			send(wire.NoPersist, "1 seq=0", quiet)
			same(h, alice.ack.MessageID, int64(0))
			send(wire.SyncOnce, "1 seq=1", quiet)
			send(wire.SyncOnce, "1 seq=2", quiet)
			send(0, "1 seq=1", `RECV tea/2 seq=1 from=alice "hello"`)
		} else {
			send(wire.NoPersist, "1 seq=0 noPersist", `RECV tea/2 seq=0 from=alice "hello" noPersist`)
			same(h, alice.ack.MessageID, bob.last.MessageID)
			send(wire.SyncOnce, "1 seq=1 syncOnce", `RECV tea/2 seq=1 from=alice "hello" syncOnce`)
			send(0, "1 seq=1", `RECV tea/2 seq=1 from=alice "hello"`)
		}
		same(h, h.history("alice", "tea", 2), []uint64{1})
	})
}

func TestTopicAndExpiry(t *testing.T) {
	both(t, func(h *house, w way, profile Profile) {
		alice, bob := w.online(h, h.Server, "alice"), w.online(h, h.Server, "bob")
		alice.send("tea", 2, "hello", func(p *wire.Send) { p.Setting, p.Topic, p.Expire = wire.Topic|wire.Receipt, "weather", 60 })
		bob.hears(`RECV tea/2 seq=1 from=alice "hello" redDot`)
		type fields struct {
			setting wire.Setting
			topic   string
			expire  uint32
		}
		want := map[Profile]fields{V2: {wire.Topic | wire.Receipt, "weather", 60}, V3: {}}[profile]
		same(h, fields{bob.last.Setting, bob.last.Topic, bob.last.Expire}, want)
	})
}

func TestAMessageThatDoesNotVerify(t *testing.T) {
	for sentence, spoil := range map[string]func(*wire.Send){
		"a wrong key":       func(p *wire.Send) { p.MsgKey[0] ^= 1 },
		"no key":            func(p *wire.Send) { p.MsgKey = nil },
		"a changed payload": func(p *wire.Send) { p.Payload[0] ^= 1 },
		"a changed channel": func(p *wire.Send) { p.ChannelID = "carol" },
	} {
		t.Run(sentence, func(t *testing.T) {
			both(t, func(h *house, w way, profile Profile) {
				if w.rpc {
					return // never signed
				}
				alice := w.online(h, h.Server, "alice")
				frame, err := alice.cipher.AppendSend(nil, alice.version, &wire.Send{ClientSeq: 7, ChannelID: "bob", ChannelType: 1, Payload: []byte("hello")})
				if err != nil {
					h.Fatal(err)
				}
				var d wire.Decoder
				whole, _, _, _ := d.Next(frame)
				p, err := whole.Send(alice.version)
				if err != nil {
					h.Fatal(err)
				}
				spoil(&p)
				alice.packet(&p)
				if profile == V3 {
					alice.hears(w.closing(V3))
				} else {
					alice.hears("SENDACK 9 seq=0")
					same(h, alice.ack.ClientSeq, uint32(7))
					alice.ping()
					alice.hears("PONG")
				}
				same(h, h.Received(), []Message(nil))
			})
		})
	}
}

func TestAMessageThatIsNotEncrypted(t *testing.T) {
	both(t, func(h *house, w way, profile Profile) {
		if w.rpc {
			return // never encrypted
		}
		alice, bob := w.online(h, h.Server, "alice"), w.online(h, h.Server, "bob")
		alice.send("bob", 1, "plain", flags(0), func(p *wire.Send) { p.Setting = wire.NoEncrypt })
		if profile == V3 {
			alice.hears("SENDACK 1 seq=1")
			bob.hears(`RECV alice/1 seq=1 from=alice "plain"`)
			return
		}
		alice.hears("SENDACK 9 seq=0")
		bob.hears(quiet)
	})
}

func TestOnesOwnMessageReachesOnesOtherDevices(t *testing.T) {
	both(t, func(h *house, w way, profile Profile) {
		h.SetToken("alice", 1, "token-alice", 1)
		app := w.online(h, h.Server, "alice")
		web := w.online(h, h.Server, "alice", func(p *wire.Connect) { p.Device = 1 })
		dot := map[Profile]string{V2: "", V3: " redDot"}[profile]
		app.send("bob", 1, "hello")
		web.hears(`RECV bob/1 seq=1 from=alice "hello"` + dot)
		app.send("tea", 2, "hello")
		web.hears(`RECV tea/2 seq=1 from=alice "hello"` + dot)
		app.send("alice", 1, "to myself")
		web.hears(`RECV alice/1 seq=1 from=alice "to myself"`+dot, quiet)
	})
}

func TestMessagesInARowAreAnsweredInOrder(t *testing.T) {
	both(t, func(h *house, w way, profile Profile) {
		alice, bob := w.online(h, h.Server, "alice"), w.online(h, h.Server, "bob")
		for i := range 5 {
			alice.send("tea", 2, strconv.Itoa(i), flags(0))
		}
		for i := range 5 {
			alice.hears(fmt.Sprintf("SENDACK 1 seq=%d", i+1))
			bob.hears(fmt.Sprintf(`RECV tea/2 seq=%d from=alice "%d"`, i+1, i))
		}
	})
}

func TestWhoWasAwayPullsWhatWasMissed(t *testing.T) {
	both(t, func(h *house, w way, _ Profile) {
		alice := w.online(h, h.Server, "alice")
		alice.send("tea", 2, "hello")
		alice.send("bob", 1, "hello")
		h.at(3 * time.Second)
		bob := w.online(h, h.Server, "bob")
		bob.hears(quiet)
		same(h, [][]uint64{h.history("bob", "tea", 2), h.history("bob", "alice", 1)}, [][]uint64{{1}, {1}})
	})
}

// history is the sequence numbers of a channel, as its user gets them.
func (h *house) history(uid, channelID string, kind byte) (seqs []uint64) {
	h.Helper()
	for _, m := range h.messages(h.post("/channel/messagesync", fmt.Sprintf(`{"login_uid":%q,"channel_id":%q,"channel_type":%d,"pull_mode":1}`, uid, channelID, kind))) {
		seqs = append(seqs, m.Seq)
	}
	return seqs
}

func (h *house) messages(text string) []messageRow {
	h.Helper()
	var all struct {
		Messages []messageRow `json:"messages"`
	}
	if err := json.Unmarshal([]byte(text), &all); err != nil {
		h.Fatal(text, err)
	}
	return all.Messages
}

func TestAMessageOfFortyThousandBytesPasses(t *testing.T) {
	both(t, func(h *house, w way, _ Profile) {
		alice, bob := w.online(h, h.Server, "alice"), w.online(h, h.Server, "bob")
		alice.send("bob", 1, strings.Repeat("x", 40_000))
		bob.hears(`RECV alice/1 seq=1 from=alice "` + strings.Repeat("x", described) + `"... 40000 bytes redDot`)
		same(h, string(bob.last.Payload), strings.Repeat("x", 40_000))
	})
}

// Versions below 5 have fields for a stream where the setting says so.
func TestAStreamIsDeliveredAsAMessage(t *testing.T) {
	in(t, V2, func(h *house, w way) {
		old := func(p *wire.Connect) { p.Version = 4 }
		alice, bob := w.online(h, h.Server, "alice", old), w.online(h, h.Server, "bob", old)
		alice.send("tea", 2, "hello", func(p *wire.Send) { p.Setting, p.StreamNo = wire.Stream|wire.Receipt, "stream" })
		bob.hears(`RECV tea/2 seq=1 from=alice "hello" redDot`)
		same(h, bob.last.Setting, wire.Receipt)
	})
}
