package api

import (
	"context"
	"encoding/json"
	"strconv"
	"time"

	"github.com/seed14814784/holdfast/messages"
)

// maxPage is the most messages of one page.
const maxPage = 1_000

// Header are the flags of a message.
type Header struct {
	NoPersist flag `json:"no_persist"`
	RedDot    flag `json:"red_dot"`
	SyncOnce  flag `json:"sync_once"`
}

// flag is a bool that is written as 0 or 1.
type flag bool

// MarshalJSON writes 0 or 1.
func (f flag) MarshalJSON() ([]byte, error) {
	return strconv.AppendInt(nil, int64(bit(bool(f))), 10), nil
}

// UnmarshalJSON reads 0, 1, or a bool.
func (f *flag) UnmarshalJSON(text []byte) error {
	*f = string(text) != "0" && string(text) != "false" && string(text) != "null"
	return nil
}

// Message is one message of a channel.
type Message struct {
	Header      Header
	Setting     byte
	ID          int64
	Seq         uint64
	ClientMsgNo string
	From        string
	Channel     Channel
	Expire      time.Duration // 0: never
	At          time.Time     // the server's clock; zero if it does not say
	Topic       string
	Payload     []byte
}

// UnmarshalJSON reads a message. Its id has more digits than a number of JavaScript,
// so servers give it as a string as well.
func (m *Message) UnmarshalJSON(text []byte) error {
	var said struct {
		Header      Header      `json:"header"`
		Setting     byte        `json:"setting"`
		ID          json.Number `json:"message_id"`
		IDText      string      `json:"message_idstr"`
		Seq         uint64      `json:"message_seq"`
		ClientMsgNo string      `json:"client_msg_no"`
		From        string      `json:"from_uid"`
		ChannelID   string      `json:"channel_id"`
		ChannelType byte        `json:"channel_type"`
		Expire      uint32      `json:"expire"`
		Timestamp   int64       `json:"timestamp"`
		Topic       string      `json:"topic"`
		Payload     []byte      `json:"payload"`
	}
	if err := json.Unmarshal(text, &said); err != nil {
		return err
	}
	number := said.ID.String()
	if said.IDText != "" {
		number = said.IDText
	}
	id, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		return err
	}
	*m = Message{
		Header: said.Header, Setting: said.Setting, ID: id, Seq: said.Seq, ClientMsgNo: said.ClientMsgNo, From: said.From,
		Channel: Channel{said.ChannelID, said.ChannelType}, Expire: time.Duration(said.Expire) * time.Second,
		Topic: said.Topic, Payload: said.Payload,
	}
	if said.Timestamp != 0 {
		m.At = time.Unix(said.Timestamp, 0)
	}
	return nil
}

// Query says which messages of a channel are wanted.
type Query struct {
	UID     string // who asks
	Channel Channel
	After   uint64 // the sequence number before the first one
	Limit   int    // how many at most; 0 is 100
	Latest  bool   // the last ones instead, whatever After is
}

// Page is a part of a channel's history, the oldest message first.
type Page struct {
	Messages []Message
	More     bool
}

// Messages reads a channel's history.
func (c *Client) Messages(ctx context.Context, q Query) (Page, error) {
	const path = "/channel/messagesync"
	switch {
	case q.UID == "" || q.Channel.ID == "" || q.Channel.Type == 0:
		return Page{}, failed(path, messages.ReasonInvalidSpec, "a query needs a UID and a channel with a type")
	case q.Limit < 0 || q.Limit > maxPage:
		return Page{}, failed(path, messages.ReasonInvalidSpec, "Query.Limit is %d; it may be %d, and 0 means 100", q.Limit, maxPage)
	case q.Limit == 0:
		q.Limit = 100
	}
	start, mode := q.After+1, 1
	if q.Latest {
		start, mode = 0, 0
	}
	var answer struct {
		More     flag      `json:"more"`
		Messages []Message `json:"messages"`
	}
	err := c.post(ctx, path, map[string]any{
		"login_uid": q.UID, "channel_id": q.Channel.ID, "channel_type": q.Channel.Type,
		"start_message_seq": start, "end_message_seq": 0, "limit": q.Limit, "pull_mode": mode,
	}, &answer)
	return Page{answer.Messages, bool(answer.More)}, err
}

// Latest is the sequence number of a channel's last message; 0: there is none.
func (c *Client) Latest(ctx context.Context, uid string, channel Channel) (seq uint64, err error) {
	page, err := c.Messages(ctx, Query{UID: uid, Channel: channel, Limit: 1, Latest: true})
	for _, m := range page.Messages {
		seq = max(seq, m.Seq)
	}
	return seq, err
}

// Outgoing is a message that the server sends in somebody's name.
type Outgoing struct {
	Header      Header
	From        string
	Channel     Channel
	ClientMsgNo string
	Payload     []byte
}

// Send sends a message, and tells its id.
func (c *Client) Send(ctx context.Context, m Outgoing) (id int64, err error) {
	var answer struct {
		ID   json.Number `json:"message_id"`
		Data struct {
			ID json.Number `json:"message_id"`
		} `json:"data"`
	}
	err = c.post(ctx, "/message/send", map[string]any{
		"header": m.Header, "from_uid": m.From, "channel_id": m.Channel.ID, "channel_type": m.Channel.Type,
		"client_msg_no": m.ClientMsgNo, "payload": m.Payload,
	}, &answer)
	if err != nil {
		return 0, err
	}
	for _, number := range []json.Number{answer.Data.ID, answer.ID} {
		if id, err := number.Int64(); err == nil {
			return id, nil
		}
	}
	return 0, failed("/message/send", messages.ReasonProtocolError, "the answer has no message_id")
}
