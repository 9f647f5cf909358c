package api

import (
	"context"
	"net/url"
	"strconv"
	"strings"

	"github.com/seed14814784/holdfast/messages"
)

// Channel names a channel. Of a person, the ID is the other one's uid.
type Channel struct {
	ID   string `json:"channel_id"`
	Type byte   `json:"channel_type"`
}

// CreateChannel makes a channel, or changes who is in an old one.
func (c *Client) CreateChannel(ctx context.Context, channel Channel, subscribers ...string) error {
	return c.members(ctx, "/channel", channel, "subscribers", subscribers)
}

// AddSubscribers lets users in.
func (c *Client) AddSubscribers(ctx context.Context, channel Channel, uids ...string) error {
	return c.members(ctx, "/channel/subscriber_add", channel, "subscribers", uids)
}

// RemoveSubscribers takes users out.
func (c *Client) RemoveSubscribers(ctx context.Context, channel Channel, uids ...string) error {
	return c.members(ctx, "/channel/subscriber_remove", channel, "subscribers", uids)
}

// Blacklist keeps users from sending.
func (c *Client) Blacklist(ctx context.Context, channel Channel, uids ...string) error {
	return c.members(ctx, "/channel/blacklist_add", channel, "uids", uids)
}

func (c *Client) members(ctx context.Context, path string, channel Channel, name string, uids []string) error {
	if uids == nil {
		uids = []string{}
	}
	return c.post(ctx, path, map[string]any{"channel_id": channel.ID, "channel_type": channel.Type, name: uids}, nil)
}

// Info is the state of a channel.
type Info struct {
	Ban     bool // nobody may send
	Disband bool // it is over
}

// SetInfo changes the state of a channel. Banning a user is the Ban of the channel of
// type 1 with the user's uid.
func (c *Client) SetInfo(ctx context.Context, channel Channel, info Info) error {
	return c.post(ctx, "/channel/info", map[string]any{
		"channel_id": channel.ID, "channel_type": channel.Type, "ban": bit(info.Ban), "disband": bit(info.Disband),
	}, nil)
}

func bit(is bool) int {
	if is {
		return 1
	}
	return 0
}

// DeleteChannel ends a channel, and forgets it.
func (c *Client) DeleteChannel(ctx context.Context, channel Channel) error {
	return c.post(ctx, "/channel/delete", channel, nil)
}

// MaxSeq is the sequence number of a channel's last message; 0: there is none. Only
// version 2 tells; see [Client.Latest].
func (c *Client) MaxSeq(ctx context.Context, uid string, channel Channel) (uint64, error) {
	var answer struct {
		Seq uint64 `json:"message_seq"`
	}
	err := c.get(ctx, "/channel/max_message_seq", url.Values{
		"channel_id": {channel.ID}, "channel_type": {strconv.Itoa(int(channel.Type))}, "login_uid": {uid},
	}, &answer)
	return answer.Seq, err
}

// Membership says whether a user is in a channel.
type Membership uint8

// The answers.
const (
	CannotTell    Membership = iota // the server has no answer to that
	Member                          // in
	NotMember                       // out
	NoSuchChannel                   // the channel is over
)

// Member asks whether a user is in a channel. Only version 3 knows: it shows a history
// to members only. Version 2 shows it to anybody, so an answer of it says nothing.
func (c *Client) Member(ctx context.Context, uid string, channel Channel) (Membership, error) {
	_, err := c.Messages(ctx, Query{UID: uid, Channel: channel, Limit: 1})
	reason, _ := messages.ReasonOf(err)
	switch words := reason.Wire.Text; {
	case err == nil:
		return CannotTell, nil
	case reason.Code != messages.ReasonNack:
		return CannotTell, err
	case strings.Contains(words, "membership required"):
		return NotMember, nil
	case strings.Contains(words, "disbanded"):
		return NoSuchChannel, nil
	}
	return CannotTell, err
}
