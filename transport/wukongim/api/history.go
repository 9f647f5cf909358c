package api

import (
	"cmp"
	"context"
	"net/url"
	"slices"
	"strconv"

	"github.com/seed14814784/holdfast/messages"
)

const (
	defaultPage = 100
	maxPage     = 1_000 // the most messages of one page
)

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

// Messages reads a page of a channel's history. It has fewer messages than were asked
// for when those would be more than 8 MiB.
//
// Version 3 shows a history to members only, and refuses with ReasonNack; two persons
// who never spoke to each other have an empty one.
func (c *Client) Messages(ctx context.Context, q Query) (Page, error) {
	const path = "/channel/messagesync"
	if err := q.Channel.check(path); err != nil {
		return Page{}, err
	}
	if err := checkUID(path, q.UID); err != nil {
		return Page{}, err
	}
	if q.Limit < 0 || q.Limit > maxPage {
		return Page{}, failed(path, messages.ReasonInvalidSpec, "Query.Limit is %d; it may be %d, and 0 means %d", q.Limit, maxPage, defaultPage)
	}
	start, mode := q.After+1, 1
	if q.Latest {
		start, mode = 0, 0
	}
	for limit := cmp.Or(q.Limit, defaultPage); ; limit /= 2 {
		var answer struct {
			More     flag      `json:"more"`
			Messages []Message `json:"messages"`
		}
		ask := post(path, map[string]any{
			"login_uid": q.UID, "channel_id": q.Channel.ID, "channel_type": q.Channel.Type,
			"start_message_seq": start, "end_message_seq": 0, "limit": limit, "pull_mode": mode,
		})
		ask.limit = maxHistory
		err := c.ask(ctx, ask, &answer)
		switch reason, _ := messages.ReasonOf(err); {
		case reason.Code == messages.ReasonFrameTooLarge && limit > 1:
			continue
		case q.Channel.Type == 1 && start <= 1 && isOutside(err): // it knows no conversation of the two
			return Page{}, nil
		case isUnused(err):
			return Page{}, nil
		case err != nil:
			return Page{}, err
		}
		slices.SortStableFunc(answer.Messages, func(a, b Message) int { return cmp.Compare(a.Seq, b.Seq) })
		return Page{answer.Messages, bool(answer.More)}, nil
	}
}

// Latest is the sequence number of a channel's last message; 0: there is none.
func (c *Client) Latest(ctx context.Context, uid string, channel Channel) (seq uint64, err error) {
	page, err := c.Messages(ctx, Query{UID: uid, Channel: channel, Limit: 1, Latest: true})
	for _, m := range page.Messages {
		seq = max(seq, m.Seq)
	}
	return seq, err
}

// MaxSeq is the sequence number of a channel's last message; 0: there is none. Only
// version 2 tells; see [Client.Latest].
func (c *Client) MaxSeq(ctx context.Context, uid string, channel Channel) (uint64, error) {
	const path = "/channel/max_message_seq"
	if err := channel.check(path); err != nil {
		return 0, err
	}
	var answer struct {
		Seq *uint64 `json:"message_seq"`
	}
	err := c.ask(ctx, get(path, url.Values{
		"channel_id": {channel.ID}, "channel_type": {strconv.Itoa(int(channel.Type))}, "login_uid": {uid},
	}), &answer)
	switch {
	case err != nil:
		return 0, err
	case answer.Seq == nil:
		return 0, failed(path, messages.ReasonProtocolError, "the answer has no message_seq")
	}
	return *answer.Seq, nil
}
