package api

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/seed14814784/holdfast/messages"
)

type ctx = context.Context

// call is a call of a Client, and what goes over the wire with it.
type call struct {
	do            func(ctx, *Client) (any, error)
	asked, answer string
	want          any
}

// none is a call that answers nothing.
func none(do func(ctx, *Client) error) func(ctx, *Client) (any, error) {
	return func(x ctx, c *Client) (any, error) { return nil, do(x, c) }
}

const (
	sending  = `POST /message/send {"channel_id":"room1","channel_type":2,"client_msg_no":"cmn-77","expire":60,"from_uid":"u1","header":{"no_persist":0,"red_dot":1,"sync_once":0},"payload":"aGk="}`
	asking   = `POST /channel/messagesync {"channel_id":"room1","channel_type":2,"end_message_seq":0,"limit":100,"login_uid":"u1","pull_mode":1,"start_message_seq":2}`
	history  = `{"start_message_seq":2,"end_message_seq":0,"more":0,"messages":[{"header":{"no_persist":0,"red_dot":1,"sync_once":0},"setting":128,"message_id":2123756887492005888,"message_idstr":"2123756887492005888","client_msg_no":"n","message_seq":2,"from_uid":"u2","channel_id":"room1","channel_type":2,"topic":"t","expire":60,"timestamp":1795177140,"payload":"aGk="}]}`
	history3 = `{"start_message_seq":2,"end_message_seq":0,"more":1,"messages":[{"header":{"no_persist":0,"red_dot":0,"sync_once":0},"setting":0,"message_id":2123756887492005889,"message_idstr":"2123756887492005889","client_msg_no":"","message_seq":2,"from_uid":"u2","channel_id":"room1","channel_type":2,"expire":0,"timestamp":0,"payload":""}]}`
)

var (
	room1    = Channel{ID: "room1", Type: 2}
	outgoing = Outgoing{Header: Header{RedDot: true}, From: "u1", Channel: room1, ClientMsgNo: "cmn-77", Expire: time.Minute, Payload: []byte("hi")}
	second   = Message{
		Header: Header{RedDot: true}, Setting: 128, ID: 2123756887492005888, Seq: 2, ClientMsgNo: "n", From: "u2",
		Channel: room1, Expire: time.Minute, At: time.Unix(1795177140, 0), Topic: "t", Payload: []byte("hi"),
	}
)

func (c call) run(t *testing.T) {
	t.Helper()
	client, desk := open(t, says(http.StatusOK, c.answer))
	got, err := c.do(t.Context(), client)
	if err != nil {
		t.Error(err)
	}
	same(t, "the question", desk.log(), []string{c.asked})
	same(t, "the answer", got, c.want)
}

// Every call asks as servers were seen to understand, and reads what they were seen to
// say.
func TestCallsAboutUsers(t *testing.T) {
	for name, c := range map[string]call{
		"a token": {none(func(x ctx, c *Client) error {
			return c.SetToken(x, Token{UID: "u1", Token: messages.NewSecret("tok-1"), Master: true})
		}), `POST /user/token {"device_flag":0,"device_level":1,"token":"tok-1","uid":"u1"}`, ok, nil},
		"all devices quit": {none(func(x ctx, c *Client) error {
			return c.QuitDevice(x, "u1", AllDevices)
		}), `POST /user/device_quit {"device_flag":-1,"uid":"u1"}`, ok, nil},
		"who is online": {func(x ctx, c *Client) (any, error) {
			return c.Online(x, "u1", "u2")
		}, `POST /user/onlinestatus ["u1","u2"]`, `[{"uid":"u1","device_flag":0,"online":1}]`, []Online{{"u1", 0, 1}}},
		"nobody is online": {func(x ctx, c *Client) (any, error) {
			return c.Online(x, "u2")
		}, `POST /user/onlinestatus ["u2"]`, `[]`, []Online{}},
		"a route": {func(x ctx, c *Client) (any, error) {
			return c.Route(x, "@u#1&2 ü")
		}, `GET /route?uid=%40u%231%262+%C3%BC`, `{"tcp_addr":"127.0.0.1:15100","ws_addr":"ws://127.0.0.1:15200","wss_addr":""}`, Route{"127.0.0.1:15100", "ws://127.0.0.1:15200", ""}},
		"connections of this user alone": {func(x ctx, c *Client) (any, error) {
			return c.Connections(x, "u1")
		}, `GET /connz?limit=1000&uid=u1`, `{"connections":[{"id":91,"uid":"u10"},{"id":92,"uid":"u1","ip":"127.0.0.1","port":4,"device":"App(主)","device_id":"d","version":4,"node_id":1}],"total":2}`, []Connection{{92, "u1", "App(主)", "d", 4, 1}}},
		"a kick": {none(func(x ctx, c *Client) error {
			return c.Kick(x, Connection{ID: 92, UID: "u1", Node: 1})
		}), `POST /conn/kick {"conn_id":92,"node_id":1,"uid":"u1"}`, ok, nil},
		"conversations": {func(x ctx, c *Client) (any, error) {
			return c.Conversations(x, "u1", 2)
		}, `POST /conversation/sync {"last_msg_seqs":"","msg_count":2,"uid":"u1","version":0}`,
			`[{"channel_id":"room1","channel_type":2,"unread":3,"timestamp":1795177140,"last_msg_seq":7,"last_client_msg_no":"n","readed_to_msg_seq":4,"version":1795177140000000000,"recents":[{"message_id":12,"message_seq":7},{"message_id":11,"message_seq":6}]}]`,
			[]Conversation{{
				Channel: room1, Unread: 3, LastSeq: 7, ReadSeq: 4, ClientMsgNo: "n", At: time.Unix(1795177140, 0), Version: 1795177140000000000,
				Recent: []Message{{ID: 11, Seq: 6}, {ID: 12, Seq: 7}},
			}}},
		"health": {none(func(x ctx, c *Client) error { return c.Health(x) }), `GET /health`, `{"status":"ok"}`, nil},
	} {
		t.Run(name, c.run)
	}
}

func TestCallsAboutChannels(t *testing.T) {
	for name, c := range map[string]call{
		"a channel": {none(func(x ctx, c *Client) error {
			return c.CreateChannel(x, room1, "u1", "u2")
		}), `POST /channel {"channel_id":"room1","channel_type":2,"subscribers":["u1","u2"]}`, ok, nil},
		"one more subscriber": {none(func(x ctx, c *Client) error {
			return c.AddSubscribers(x, room1, "u3")
		}), `POST /channel/subscriber_add {"channel_id":"room1","channel_type":2,"subscribers":["u3"]}`, ok, nil},
		"one subscriber less": {none(func(x ctx, c *Client) error {
			return c.RemoveSubscribers(x, room1, "u3")
		}), `POST /channel/subscriber_remove {"channel_id":"room1","channel_type":2,"subscribers":["u3"]}`, ok, nil},
		"nobody more": {none(func(x ctx, c *Client) error {
			return c.AddSubscribers(x, room1)
		}), `POST /channel/subscriber_add {"channel_id":"room1","channel_type":2,"subscribers":[]}`, ok, nil},
		"a blacklist": {none(func(x ctx, c *Client) error {
			return c.Blacklist(x, room1, "u1")
		}), `POST /channel/blacklist_add {"channel_id":"room1","channel_type":2,"uids":["u1"]}`, ok, nil},
		"a ban": {none(func(x ctx, c *Client) error {
			return c.SetInfo(x, room1, Info{Ban: true})
		}), `POST /channel/info {"ban":1,"channel_id":"room1","channel_type":2,"disband":0}`, ok, nil},
		"a disbanding": {none(func(x ctx, c *Client) error {
			return c.SetInfo(x, room1, Info{Disband: true})
		}), `POST /channel/info {"ban":0,"channel_id":"room1","channel_type":2,"disband":1}`, ok, nil},
		"an end": {none(func(x ctx, c *Client) error {
			return c.DeleteChannel(x, room1)
		}), `POST /channel/delete {"channel_id":"room1","channel_type":2}`, ok, nil},
		"subscribers": {func(x ctx, c *Client) (any, error) {
			return c.Subscribers(x, Channel{"a b?#&%ü", 2})
		}, `GET /cluster/channels/a%20b%3F%23&%25%C3%BC/2/subscribers`, `["u1","u2"]`, []string{"u1", "u2"}},
		"the last number": {func(x ctx, c *Client) (any, error) {
			return c.MaxSeq(x, "u1", room1)
		}, `GET /channel/max_message_seq?channel_id=room1&channel_type=2&login_uid=u1`, `{"message_seq":7}`, uint64(7)},
	} {
		t.Run(name, c.run)
	}
}

func TestCallsAboutMessages(t *testing.T) {
	send := func(x ctx, c *Client) (any, error) { return c.Send(x, outgoing) }
	read := func(x ctx, c *Client) (any, error) { return c.Messages(x, Query{UID: "u1", Channel: room1, After: 1}) }
	latest := func(x ctx, c *Client) (any, error) { return c.Latest(x, "u1", room1) }
	last := strings.NewReplacer(`"limit":100`, `"limit":1`, `"pull_mode":1`, `"pull_mode":0`, `"start_message_seq":2`, `"start_message_seq":0`).Replace(asking)
	for name, c := range map[string]call{
		"a message of version 2":                 {send, sending, `{"data":{"client_msg_no":"cmn-77","message_id":2123756887492005888},"status":200}`, int64(2123756887492005888)},
		"a message of version 3":                 {send, sending, `{"message_id":2123756887492005889,"message_seq":1,"reason":1}`, int64(2123756887492005889)},
		"a message that version 3 does not keep": {send, sending, `{"message_id":0,"message_seq":0,"reason":1}`, int64(0)},
		"a history of version 2":                 {read, asking, history, Page{Messages: []Message{second}}},
		"a history of version 3":                 {read, asking, history3, Page{More: true, Messages: []Message{{ID: 2123756887492005889, Seq: 2, From: "u2", Channel: room1, Payload: []byte{}}}}},
		"a history in another order":             {read, asking, `{"messages":[{"message_id":3,"message_seq":3},{"message_id":2,"message_seq":2}]}`, Page{Messages: []Message{{ID: 2, Seq: 2}, {ID: 3, Seq: 3}}}},
		"an id without a sign":                   {read, asking, `{"messages":[{"message_id":-1,"message_idstr":"18446744073709551615"}]}`, Page{Messages: []Message{{ID: -1}}}},
		"an id that JavaScript has rounded":      {read, asking, `{"messages":[{"message_id":2.123756887492006e18,"message_idstr":"2123756887492005888"}]}`, Page{Messages: []Message{{ID: 2123756887492005888}}}},
		"the last number":                        {latest, last, history, uint64(2)},
		"an empty history":                       {latest, last, `{"start_message_seq":0,"end_message_seq":0,"more":0,"messages":[]}`, uint64(0)},
		"no history":                             {latest, last, `{"start_message_seq":0,"end_message_seq":0,"more":0,"messages":null}`, uint64(0)},
	} {
		t.Run(name, c.run)
	}
}
