package api

import (
	"context"
	"fmt"

	"github.com/seed14814784/holdfast/messages"
)

// Channel names a channel. Of a person, the ID is the other one's uid.
type Channel struct {
	ID   string `json:"channel_id"`
	Type byte   `json:"channel_type"`
}

// String returns the type and the ID, such as "2/g1".
func (c Channel) String() string { return fmt.Sprintf("%d/%s", c.Type, c.ID) }

// check says why nothing can be asked about a channel.
func (c Channel) check(op string) error {
	if c.ID == "" || c.Type == 0 {
		return failed(op, messages.ReasonInvalidSpec, "the channel is %q; it needs an ID, and a type from 1", brief(c.String()))
	}
	return nil
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
	if err := channel.check(path); err != nil {
		return err
	}
	if uids == nil {
		uids = []string{}
	}
	return c.ask(ctx, post(path, map[string]any{"channel_id": channel.ID, "channel_type": channel.Type, name: uids}), nil)
}

// Info is the state of a channel.
type Info struct {
	Ban     bool // nobody may send
	Disband bool // it is over
}

// SetInfo changes the state of a channel. Banning a user is the Ban of the channel of
// type 1 with the user's uid.
func (c *Client) SetInfo(ctx context.Context, channel Channel, info Info) error {
	const path = "/channel/info"
	if err := channel.check(path); err != nil {
		return err
	}
	return c.ask(ctx, post(path, map[string]any{
		"channel_id": channel.ID, "channel_type": channel.Type, "ban": flag(info.Ban), "disband": flag(info.Disband),
	}), nil)
}

// DeleteChannel ends a channel, and forgets it.
func (c *Client) DeleteChannel(ctx context.Context, channel Channel) error {
	const path = "/channel/delete"
	if err := channel.check(path); err != nil {
		return err
	}
	return c.ask(ctx, post(path, channel), nil)
}
