package api

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/seed14814784/holdfast/messages"
)

// Outgoing is a message that the server sends in somebody's name.
type Outgoing struct {
	Header      Header
	From        string // version 2: "" is the system
	Channel     Channel
	ClientMsgNo string        // version 3 takes a message with the same one only once
	Expire      time.Duration // in whole seconds; 0: never
	Payload     []byte
}

// String tells where the message goes, and nothing that it says.
func (m Outgoing) String() string {
	return fmt.Sprintf("message %q from %q to %s, %d bytes", m.ClientMsgNo, m.From, m.Channel, len(m.Payload))
}

// GoString hides the same from %#v.
func (m Outgoing) GoString() string { return "api.Outgoing(" + m.String() + ")" }

// Send sends a message, and tells its id; version 3 has 0 for one that is not stored.
// When the answer is lost, the message may have been sent. One that the server takes
// and then refuses is ReasonNack, with the scheme "wukongim" and the reason's number in
// Wire; only version 3 tells.
func (c *Client) Send(ctx context.Context, m Outgoing) (id int64, err error) {
	const path = "/message/send"
	if err := m.Channel.check(path); err != nil {
		return 0, err
	}
	if m.Expire < 0 {
		return 0, failed(path, messages.ReasonInvalidSpec, "Outgoing.Expire is %s; 0 means never", m.Expire)
	}
	ask := post(path, map[string]any{
		"header": m.Header, "from_uid": m.From, "channel_id": m.Channel.ID, "channel_type": m.Channel.Type,
		"client_msg_no": m.ClientMsgNo, "expire": int64(m.Expire / time.Second), "payload": m.Payload,
	})
	ask.once = true
	var answer struct {
		ID     json.Number `json:"message_id"`
		Reason *int        `json:"reason"`
		Data   struct {
			ID json.Number `json:"message_id"`
		} `json:"data"`
	}
	if err := c.ask(ctx, ask, &answer); err != nil {
		return 0, err
	}
	const success = 1
	if answer.Reason != nil && *answer.Reason != success {
		return 0, &messages.Error{Op: path, Reason: messages.Reason{
			Code: messages.ReasonNack, Wire: messages.Wire{Scheme: "wukongim", Code: *answer.Reason}, Detail: "the server refuses the message",
		}}
	}
	for _, number := range []json.Number{answer.Data.ID, answer.ID} {
		if id, err := parseID(number.String()); err == nil {
			return id, nil
		}
	}
	return 0, failed(path, messages.ReasonProtocolError, "the answer has no message_id")
}
