package wukongimtest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/seed14814784/holdfast/transport/wukongim/internal/wire"
)

func TestTheAPIComplainsAboutWhatIsMissing(t *testing.T) {
	both(t, func(h *house, w way, _ Profile) {
		if w != ways[0] {
			return
		}
		for _, c := range []struct{ path, body, want string }{
			{"/user/token", `{"uid":"","token":"t"}`, `400 {"msg":"uid不能为空！","status":400}`},
			{"/user/token", `{"uid":"alice"}`, `400 {"msg":"token不能为空！","status":400}`},
			{"/channel", `{"channel_type":2}`, `400 {"msg":"频道ID不能为空！","status":400}`},
			{"/channel", `{"channel_id":"x"}`, `400 {"msg":"频道类型不能为0！","status":400}`},
			{"/channel", `{"channel_id":"x","channel_type":1}`, `400 {"msg":"不支持个人频道！","status":400}`},
			{"/message/send", `{"channel_id":"x","channel_type":2}`, `400 {"msg":"payload不能为空！","status":400}`},
			{"/channel/messagesync", `{"channel_id":"x","channel_type":2}`, `400 {"msg":"login_uid不能为空！","status":400}`},
			{"/nothing", `{}`, `404 404 page not found`},
		} {
			same(h, h.post(c.path, c.body), c.want)
		}
		for path := range commonRoutes {
			if path, post := strings.CutPrefix(path, "POST "); post {
				if got := h.post(path, `{"uid":`); !strings.HasPrefix(got, `400 {"msg":"数据格式有误！`) {
					h.Errorf("%s: %s", path, got)
				}
			}
		}
	})
}

func TestTheAPISaysWhoIsOnline(t *testing.T) {
	both(t, func(h *house, w way, _ Profile) {
		h.SetToken("alice", 1, "token-alice", 0)
		same(h, h.post("/user/onlinestatus", `["alice","bob"]`), `[]`)
		alice := w.online(h, h.Server, "alice")
		w.online(h, h.Server, "alice", func(p *wire.Connect) { p.Device = 1 })
		w.online(h, h.Server, "alice", func(p *wire.Connect) { p.Device, p.DeviceID = 1, "another" })
		same(h, h.post("/user/onlinestatus", `["alice","nobody"]`), `[{"uid":"alice","device_flag":0,"online":1},{"uid":"alice","device_flag":1,"online":1}]`)
		_ = alice.Close()
		h.at(time.Second)
		same(h, h.post("/user/onlinestatus", `["alice"]`), `[{"uid":"alice","device_flag":1,"online":1}]`)
	})
}

func TestAHistoryIsReadBothWays(t *testing.T) {
	alone(t, V2, func(h *house) {
		for i := range 9 {
			h.Send("bob", "tea", 2, []byte{'0' + byte(i+1)})
		}
		read := func(start, end, limit, mode int) string {
			text := h.post("/channel/messagesync", fmt.Sprintf(`{"login_uid":"alice","channel_id":"tea","channel_type":2,"start_message_seq":%d,"end_message_seq":%d,"limit":%d,"pull_mode":%d}`, start, end, limit, mode))
			got := ""
			for _, m := range h.messages(text) {
				got += string(m.Payload)
			}
			if strings.Contains(text, `"more":1`) {
				got += "+"
			}
			return got
		}
		same(h, map[string]string{
			"upward":                  read(1, 0, 100, 1),
			"upward from the third":   read(3, 0, 100, 1),
			"upward, three of them":   read(3, 0, 3, 1),
			"upward to the sixth":     read(3, 6, 100, 1),
			"beyond the end":          read(10, 0, 100, 1),
			"downward":                read(0, 0, 100, 0),
			"the last one":            read(0, 0, 1, 0),
			"downward from the sixth": read(6, 0, 2, 0),
			"downward to the fourth":  read(6, 4, 100, 0),
		}, map[string]string{
			"upward":                  "123456789",
			"upward from the third":   "3456789",
			"upward, three of them":   "345+",
			"upward to the sixth":     "345",
			"beyond the end":          "",
			"downward":                "123456789",
			"the last one":            "9+",
			"downward from the sixth": "56+",
			"downward to the fourth":  "56",
		})
	})
}

func TestAMessageOfAHistoryIsWholeAndItsChannelIsTheReaders(t *testing.T) {
	for profile, at := range map[Profile]int64{V2: 946684801, V3: 0} { // V3 does not say when
		alone(t, profile, func(h *house) {
			h.at(time.Second)
			id, _ := h.Send("alice", "bob", 1, []byte("hello"))
			for uid, peer := range map[string]string{"alice": "bob", "bob": "alice"} {
				got := h.post("/channel/messagesync", fmt.Sprintf(`{"login_uid":%q,"channel_id":%q,"channel_type":1,"start_message_seq":1,"limit":10,"pull_mode":1}`, uid, peer))
				same(h, got, fmt.Sprintf(`{"end_message_seq":0,"messages":[{"header":{"no_persist":0,"red_dot":1,"sync_once":0},"setting":0,"message_id":%d,"message_idstr":"%d","client_msg_no":"","message_seq":1,"from_uid":"alice","channel_id":%q,"channel_type":1,"expire":0,"timestamp":%d,"payload":"aGVsbG8="}],"more":0,"start_message_seq":1}`, id, id, peer, at))
			}
		})
	}
}

func TestWhoMayReadAHistory(t *testing.T) {
	const (
		empty   = `{"end_message_seq":0,"messages":[],"more":0,"start_message_seq":0}`
		outside = `400 {"msg":"internal/message: valid channel membership required","status":400}`
		unused  = `400 {"msg":"internal/message: channel not found: channel: channel not found: {tea 2}","status":400}`
		over    = `400 {"msg":"internal/message: channel disbanded","status":400}`
	)
	for profile, want := range map[Profile][]string{
		V2: {empty, empty, empty, empty, empty},
		V3: {unused, outside, outside, over, outside},
	} {
		alone(t, profile, func(h *house) {
			ask := func(uid, channel string, kind int) string {
				return h.post("/channel/messagesync", fmt.Sprintf(`{"login_uid":%q,"channel_id":%q,"channel_type":%d}`, uid, channel, kind))
			}
			got := []string{ask("alice", "tea", 2), ask("carol", "tea", 2), ask("alice", "bob", 1)}
			h.post("/channel/info", `{"channel_id":"tea","channel_type":2,"disband":1}`)
			same(h, append(got, ask("alice", "tea", 2), ask("carol", "tea", 2)), want)
		})
	}
}

func TestOnlyV2ListsSubscribers(t *testing.T) {
	for profile, want := range map[Profile][]string{
		V2: {`["alice","bob","carol"]`, `[]`, "404 404 page not found"},
		V3: {"404 404 page not found", "404 404 page not found", "404 404 page not found"},
	} {
		alone(t, profile, func(h *house) {
			h.AddChannel("a b", 4, "alice", "bob", "carol")
			same(h, []string{
				h.get("/cluster/channels/a%20b/4/subscribers"), h.get("/cluster/channels/a%20b/2/subscribers"), h.get("/cluster/channels/a%2Fb/2/subscribers"),
			}, want)
		})
	}
}

func TestV3AnswersAMessageOfTheAPIWithItsNumbers(t *testing.T) {
	alone(t, V3, func(h *house) {
		began := time.Now()
		send := func(payload string) string {
			return h.post("/message/send", `{"from_uid":"alice","channel_id":"tea","channel_type":2,"client_msg_no":"n1","payload":"`+payload+`"}`)
		}
		same(h, send("aGVsbG8="), `{"message_id":2123754472571150336,"message_seq":1,"reason":1}`)
		same(h, time.Since(began), 520*time.Millisecond)
		same(h, send("aGVsbG8="), `{"message_id":2123754472571150336,"message_seq":1,"reason":1}`)
		same(h, send("dGhlcmU="), `{"message_id":0,"message_seq":0,"reason":15}`)
	})
}

func TestTheAddressesAreToldAndTheHealth(t *testing.T) {
	for profile, paths := range map[Profile][]string{V2: {"/health"}, V3: {"/healthz", "/readyz"}} {
		alone(t, profile, func(h *house) {
			same(h, h.get("/route?uid=alice"), `{"tcp_addr":"wukong.example:5100","ws_addr":"ws://wukong.example:5200","wss_addr":""}`)
			for _, path := range paths {
				same(h, h.get(path), `{"status":"ok"}`)
			}
		})
	}
}

func TestTheNumbersOfTheServerAreTold(t *testing.T) {
	alone(t, V2, func(h *house) {
		ways[0].online(h, h.Server, "alice")
		if got := h.get("/varz"); !strings.Contains(got, `"connections":1`) || !strings.Contains(got, `"in_msgs":0`) {
			h.Error(got)
		}
	})
	alone(t, V3, func(h *house) {
		ways[0].online(h, h.Server, "alice")
		same(h, h.get("/metrics"), "# TYPE wukongim_connections gauge\nwukongim_connections 1")
	})
}

func TestConnectionsAreListed(t *testing.T) {
	alone(t, V2, func(h *house) {
		c := ways[1].online(h, h.Server, "alice")
		ways[0].online(h, h.Server, "bob")
		h.at(time.Second)
		c.ping()
		c.hears("PONG")
		h.at(3 * time.Second)
		rows := h.connections(h.get("/connz?uid=alice"))
		if len(rows) != 1 || time.Since(rows[0].Last) != 2*time.Second {
			h.Fatal(rows)
		}
		rows[0].Last = time.Time{}
		same(h, rows[0], connRow{
			ID: 1, UID: "alice", IP: "client", Port: 1, Uptime: "3s", Idle: "2s", InPackets: 2, OutPackets: 2,
			Device: "App(主)", DeviceID: "d-alice", Version: 5, Node: 1,
		})
		same(h, len(h.connections(h.get("/connz?limit=1"))), 1)
		same(h, len(h.connections(h.get("/connz"))), 2)
	})
}

func TestConversationsAreListedTheLatestFirst(t *testing.T) {
	alone(t, V2, func(h *house) {
		h.Send("bob", "tea", 2, []byte("one"))
		h.Send("alice", "tea", 2, []byte("two"))
		h.at(time.Second)
		h.Send("bob", "alice", 1, []byte("three"))
		h.Send("bob", "carol", 1, []byte("not hers"))
		text := h.post("/conversation/sync", `{"uid":"alice","version":0,"last_msg_seqs":"","msg_count":1}`)
		var got []string
		for part := range strings.SplitSeq(text, `"recents"`) {
			if at := strings.LastIndex(part, `{"channel_id"`); at >= 0 && strings.Contains(part[at:], "unread") {
				got = append(got, part[at:strings.LastIndex(part, `"version"`)])
			}
		}
		same(h, got, []string{
			`{"channel_id":"bob","channel_type":1,"unread":1,"timestamp":946684801,"last_msg_seq":1,"last_client_msg_no":"",`,
			`{"channel_id":"tea","channel_type":2,"unread":1,"timestamp":946684800,"last_msg_seq":2,"last_client_msg_no":"",`,
		})
		if strings.Count(text, `"payload"`) != 2 || !strings.Contains(text, `"payload":"dHdv"`) {
			h.Error(text)
		}
	})
}
