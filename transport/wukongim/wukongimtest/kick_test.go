package wukongimtest

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/seed14814784/holdfast/transport/wukongim/internal/wire"
)

func TestV2AKickIsWordsBeforeTheNewLoginAndLeavesAZombie(t *testing.T) {
	in(t, V2, func(h *house, w way) {
		bob := w.online(h, h.Server, "bob")
		old := w.online(h, h.Server, "alice", deviceID("old"))
		h.transcript.Clear()
		w.online(h, h.Server, "alice", deviceID("new"))
		h.told(`
			us>    alice CONNECT v5 device=0 "new"
			peer>  alice DISCONNECT 12 "login in other device"
			peer>  alice CONNACK 1 v5
		`)
		old.hears(`DISCONNECT 12 "login in other device"`)
		old.ping()
		old.hears("PONG") // for two seconds it is not a zombie yet
		h.zombie(old, bob)
	})
}

// zombie checks that the connection is one, from two seconds on.
func (h *house) zombie(old, bob *client) {
	h.Helper()
	h.at(2 * time.Second)
	old.ping()
	old.hears(quiet)
	old.send("bob", 1, "from the grave")
	old.hears(quiet)
	bob.hears(`RECV alice/1 seq=1 from=alice "from the grave" redDot`)
	bob.send("alice", 1, "are you there?")
	bob.hears("SENDACK 1 seq=2 redDot")
	old.hears(quiet)
	h.ends(old, "eof", 270*time.Second-time.Since(h.began))
}

func TestV2TheSameDeviceIsReplacedWithoutAWord(t *testing.T) {
	in(t, V2, func(h *house, w way) {
		bob := w.online(h, h.Server, "bob")
		old := w.online(h, h.Server, "alice")
		h.transcript.Clear()
		fresh := w.online(h, h.Server, "alice")
		h.told(`
			us>    alice CONNECT v5 device=0 "d-alice"
			peer>  alice CONNACK 1 v5
		`)
		same(h, []int{len(h.Conns("alice")), h.MaxOpen("alice"), h.Open()}, []int{2, 2, 3})
		same(h, h.Online(), []string{"alice", "bob"})
		h.zombie(old, bob)
		fresh.hears(`RECV bob/1 seq=1 from=alice "from the grave"`, `RECV bob/1 seq=2 from=bob "are you there?" redDot`)
	})
}

func TestV2SlavesStayNextToEachOther(t *testing.T) {
	in(t, V2, func(h *house, w way) {
		h.SetToken("alice", 1, "token-alice", 0)
		web := func(p *wire.Connect) { p.Device = 1 }
		one := w.online(h, h.Server, "alice", web, deviceID("one"))
		two := w.online(h, h.Server, "alice", web, deviceID("two"))
		app := w.online(h, h.Server, "alice") // a master of another flag
		h.at(10 * time.Second)
		for _, c := range []*client{one, two, app} {
			c.ping()
			c.hears("PONG")
		}
		same(h, []int{len(h.Conns()), h.MaxOpen()}, []int{3, 1})
	})
}

func TestV3EverybodyStaysAndTheSameDeviceIsClosed(t *testing.T) {
	in(t, V3, func(h *house, w way) {
		one := w.online(h, h.Server, "alice", deviceID("one"))
		two := w.online(h, h.Server, "alice", deviceID("two"))
		w.online(h, h.Server, "alice", deviceID("one"))
		h.ends(one, w.closing(V3), 0)
		two.ping()
		two.hears("PONG")
		same(h, len(h.Conns("alice")), 2)
	})
}

func TestADeviceQuits(t *testing.T) {
	both(t, func(h *house, w way, profile Profile) {
		bob, alice := w.online(h, h.Server, "bob"), w.online(h, h.Server, "alice")
		same(h, h.post("/user/device_quit", `{"uid":"nobody","device_flag":0}`), `{"status":200}`)
		same(h, h.post("/user/device_quit", `{"uid":"alice","device_flag":1}`), `{"status":200}`) // she has none
		same(h, h.post("/user/device_quit", `{"uid":"alice","device_flag":-1}`), `{"status":200}`)
		if profile == V3 {
			h.ends(alice, w.closing(V3), 2*time.Second)
			w.online(h, h.Server, "alice")
			return
		}
		h.ends(alice, `DISCONNECT 12 ""`, 150*time.Millisecond)
		h.ends(w.login(h, h.Server, "alice", token("")), "eof", 6*time.Second)
		alice.ping()
		alice.hears(quiet)
		bob.ping()
		bob.hears("PONG")
		h.ends(alice, "eof", 270*time.Second+150*time.Millisecond-time.Since(h.began))
	})
}

func TestANewTokenEndsWhoIsOnline(t *testing.T) {
	both(t, func(h *house, w way, profile Profile) {
		alice := w.online(h, h.Server, "alice")
		same(h, h.post("/user/token", `{"uid":"alice","token":"slave","device_flag":0,"device_level":0}`), `{"status":200}`)
		alice.hears(quiet)
		same(h, h.post("/user/token", `{"uid":"alice","token":"new","device_flag":0,"device_level":1}`), `{"status":200}`)
		if profile == V3 {
			h.ends(alice, w.closing(V3), 10*time.Second)
		} else {
			h.ends(alice, `DISCONNECT 12 "账号在其他设备上登录"`, 0)
		}
		w.online(h, h.Server, "alice", token("new"))
	})
}

func TestV2AnAdministratorKicksAConnection(t *testing.T) {
	in(t, V2, func(h *house, w way) {
		alice := w.online(h, h.Server, "alice")
		id := h.connections(h.get("/connz?uid=alice"))[0].ID
		same(h, h.post("/conn/kick", fmt.Sprintf(`{"uid":"alice","conn_id":%d,"node_id":1}`, id+1)), `{"status":200}`)
		alice.hears(quiet)
		same(h, h.post("/conn/kick", fmt.Sprintf(`{"uid":"alice","conn_id":%d,"node_id":1}`, id)), `{"status":200}`)
		alice.hears(`DISCONNECT 12 "server kick"`)
		h.at(4 * time.Second)
		alice.ping()
		alice.hears(quiet)
		same(h, []any{h.Conns()[0].Zombie(), h.Online(), h.connections(h.get("/connz"))}, []any{true, []string(nil), []connRow{}})
	})
}

func TestV2AConnectionIsForgottenWithoutAWord(t *testing.T) {
	in(t, V2, func(h *house, w way) {
		alice := w.online(h, h.Server, "alice")
		id := h.connections(h.get("/connz?limit=5"))[0].ID
		same(h, h.post("/conn/remove", fmt.Sprintf(`{"uid":"alice","conn_id":%d}`, id)), `{"status":200}`)
		alice.ping()
		alice.hears(quiet)
		h.ends(alice, "eof", 270*time.Second-aWhile)
	})
}

func TestV3HasNoRoutesForConnections(t *testing.T) {
	alone(t, V3, func(h *house) {
		for _, path := range []string{"/conn/kick", "/conn/remove", "/conversation/sync"} {
			same(h, h.post(path, `{}`), "404 404 page not found")
		}
		for _, path := range []string{"/connz", "/varz", "/health", "/channel/max_message_seq"} {
			same(h, h.get(path), "404 404 page not found")
		}
	})
}

func (h *house) connections(text string) []connRow {
	h.Helper()
	var all struct {
		Connections []connRow `json:"connections"`
	}
	if err := json.Unmarshal([]byte(text), &all); err != nil {
		h.Fatal(text, err)
	}
	return all.Connections
}

func TestAnIdleConnectionEndsAndAPingIsNotIdle(t *testing.T) {
	both(t, func(h *house, w way, profile Profile) {
		c := w.online(h, h.Server, "alice")
		h.at(100 * time.Second)
		c.ping()
		c.hears("PONG")
		h.ends(c, w.closing(profile), map[Profile]time.Duration{V2: 270 * time.Second, V3: 180 * time.Second}[profile])
	})
}

func TestV2WhoLostItsPlaceIsNotKickedAgain(t *testing.T) {
	in(t, V2, func(h *house, w way) {
		old := w.online(h, h.Server, "alice", deviceID("old"))
		w.online(h, h.Server, "alice", deviceID("new"))
		old.hears(`DISCONNECT 12 "login in other device"`)
		h.Quit("alice", 0)
		w.login(h, h.Server, "alice", deviceID("newer"))
		old.hears(quiet)
		same(h, h.Conns("alice")[0].Zombie(), false)
		h.at(2 * time.Second)
		same(h, h.Conns("alice")[0].Zombie(), true)
	})
}
