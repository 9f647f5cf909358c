package wukongimtest

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed14814784/holdfast/transport/wukongim/internal/wire"
)

// conn is the server's side of the only connection of a user.
func (h *house) conn(uid string) *Conn {
	h.Helper()
	synctest.Wait()
	conns := h.Conns(uid)
	if len(conns) != 1 {
		h.Fatalf("%s has %d connections", uid, len(conns))
	}
	return conns[0]
}

func TestAConnectionIsCut(t *testing.T) {
	for want, cut := range map[string]func(*Conn){"eof": (*Conn).Drop, "reset": (*Conn).Reset} {
		t.Run(want, func(t *testing.T) {
			both(t, func(h *house, w way, _ Profile) {
				alice, bob := w.online(h, h.Server, "alice"), w.online(h, h.Server, "bob")
				h.transcript.Clear()
				cut(h.conn("alice"))
				alice.hears(want)
				bob.hears(quiet)
				h.told(`peer> alice ` + want)
				same(h, h.Online(), []string{"bob"})
			})
		})
	}
}

// What was said before an end arrives before it, at once or not.
func TestADropComesAfterWhatWasSaid(t *testing.T) {
	both(t, func(h *house, w way, _ Profile) {
		bob := w.online(h, h.Server, "bob")
		conn := h.conn("bob")
		for range 3 {
			h.Send("alice", "bob", 1, []byte("hello"))
		}
		conn.Drop()
		bob.hears(`RECV alice/1 seq=1 from=alice "hello" redDot`, `RECV alice/1 seq=2 from=alice "hello" redDot`, `RECV alice/1 seq=3 from=alice "hello" redDot`, "eof")
	})
}

func TestASilentServerTakesMessages(t *testing.T) {
	both(t, func(h *house, w way, _ Profile) {
		alice, bob := w.online(h, h.Server, "alice"), w.online(h, h.Server, "bob")
		h.conn("alice").Silence()
		alice.ping()
		alice.send("bob", 1, "hello")
		bob.hears(`RECV alice/1 seq=1 from=alice "hello" redDot`)
		alice.hears(quiet)
	})
}

func TestAHalfOpenConnectionHearsNothingAndDoesNotEnd(t *testing.T) {
	both(t, func(h *house, w way, _ Profile) {
		alice := w.online(h, h.Server, "alice")
		conn := h.conn("alice")
		conn.HalfOpen()
		alice.send("bob", 1, "hello")
		same(h, alice.hearWithin(24*time.Hour), quiet)
		same(h, h.Received(), []Message(nil))
		conn.Drop()
		alice.hears("eof")
	})
}

func TestTheTestSaysAnything(t *testing.T) {
	both(t, func(h *house, w way, _ Profile) {
		alice := w.online(h, h.Server, "alice")
		h.conn("alice").Disconnect(6, "elsewhere")
		alice.hears(`DISCONNECT 6 "elsewhere"`)
		alice.ping()
		alice.hears("PONG") // nothing else has happened
		if w.rpc {
			return
		}
		h.conn("alice").WriteRaw([]byte{byte(wire.TypePong) << 4, 0xf0, 1, 0})
		alice.hears("PONG")
		alice.hears("receive: ProtocolError: a frame has the reserved type 15")
	})
}

func TestSendacksAreLostAndHeld(t *testing.T) {
	both(t, func(h *house, w way, _ Profile) {
		alice := w.online(h, h.Server, "alice")
		conn := h.conn("alice")
		send := func(text string) { alice.send("bob", 1, text, flags(0)) }
		conn.DropSendacks(1)
		send("lost")
		alice.hears(quiet)
		conn.HoldSendacks()
		send("held")
		send("held as well")
		alice.hears(quiet)
		conn.ReleaseSendacks()
		alice.hears("SENDACK 1 seq=2", "SENDACK 1 seq=3")
		send("at once")
		alice.hears("SENDACK 1 seq=4")
		same(h, len(h.Received("alice")), 4)
	})
}

func TestARecvIsSkipped(t *testing.T) {
	both(t, func(h *house, w way, _ Profile) {
		bob := w.online(h, h.Server, "bob")
		h.conn("bob").SkipRecvs(2)
		for range 3 {
			h.Send("alice", "tea", 2, []byte("hello"))
		}
		bob.hears(`RECV tea/2 seq=3 from=alice "hello" redDot`)
		bob.acknowledge()
		same(h, bob.hearWithin(150*time.Second), quiet)
		same(h, h.history("bob", "tea", 2), []uint64{1, 2, 3})
	})
}

func TestARecvIsForgedAndComesAgainAsItShouldBe(t *testing.T) {
	for forgery, want := range map[Forgery]string{WrongKey: "forged", GarbledPayload: "garbled", PlainPayload: "forged"} {
		both(t, func(h *house, w way, _ Profile) {
			bob := w.online(h, h.Server, "bob")
			conn := h.conn("bob")
			conn.Forge(forgery)
			h.Send("alice", "tea", 2, []byte("hello"))
			if !w.rpc { // which is never signed
				bob.hears(want)
				same(h, bob.last.Setting.Has(wire.NoEncrypt), forgery == PlainPayload)
				conn.Redeliver()
			}
			bob.hears(`RECV tea/2 seq=1 from=alice "hello" redDot`)
		})
	}
}

func TestAnEndedConnectionTakesNoFaults(t *testing.T) {
	alone(t, V2, func(h *house) {
		alice := ways[0].online(h, h.Server, "alice")
		conn := h.conn("alice")
		_ = alice.Close()
		<-conn.Done()
		synctest.Wait()
		h.transcript.Clear()
		for _, fault := range []func(){
			conn.Drop, conn.Reset, conn.Silence, conn.HalfOpen, conn.HoldSendacks, conn.ReleaseSendacks, conn.Redeliver,
			func() { conn.Disconnect(12, "") }, func() { conn.WriteRaw([]byte("x")) }, func() { conn.Forge(WrongKey) },
		} {
			fault()
		}
		h.told("")
	})
}
