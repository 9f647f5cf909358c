package api

import (
	"context"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/seed14814784/holdfast/messages"
)

// Membership says whether a user is in a channel.
type Membership uint8

// The answers.
const (
	CannotTell    Membership = iota // the server has no answer to that
	Member                          // in
	NotMember                       // out, or there is no such channel
	NoSuchChannel                   // the channel is over
)

// String returns the answer's name, such as "NotMember".
func (m Membership) String() string {
	switch m {
	case CannotTell:
		return "CannotTell"
	case Member:
		return "Member"
	case NotMember:
		return "NotMember"
	case NoSuchChannel:
		return "NoSuchChannel"
	}
	return "Membership(" + strconv.Itoa(int(m)) + ")"
}

// unlisted are the types of channels that have others in than those who subscribed: the
// two persons, the visitor, those whom one message names, the agent.
var unlisted = map[byte]bool{1: true, 3: true, 8: true, 10: true, 11: true, 12: true}

// Member asks whether a user is in a channel.
//
// Version 2 lists the subscribers, all of them each time; when the list has more than 1
// MiB, nothing can be told. Version 3 has no list, and shows a history to members only,
// so it is asked for a message. Nothing is asked about the types of channels that have
// others in as well.
func (c *Client) Member(ctx context.Context, uid string, channel Channel) (Membership, error) {
	const path = "/cluster/channels"
	if err := channel.check(path); err != nil {
		return CannotTell, err
	}
	if err := checkUID(path, uid); err != nil {
		return CannotTell, err
	}
	if unlisted[channel.Type] {
		return CannotTell, nil
	}
	uids, err := c.Subscribers(ctx, channel)
	reason, _ := messages.ReasonOf(err)
	switch {
	case err == nil && slices.Contains(uids, uid):
		return Member, nil
	case err == nil:
		return NotMember, nil
	case reason.Code == messages.ReasonFrameTooLarge:
		return CannotTell, nil
	case reason.Code != messages.ReasonNotSupported:
		return CannotTell, err
	}
	_, err = c.Messages(ctx, Query{UID: uid, Channel: channel, Limit: 1})
	switch {
	case isOutside(err):
		return NotMember, nil
	case isOver(err):
		return NoSuchChannel, nil
	case err != nil, !listable(channel.ID): // it may be version 2, which shows a history to anybody
		return CannotTell, err
	}
	return Member, nil
}

// Subscribers lists who was let into a channel; nobody, if there is no such channel.
// Only version 2 tells, and not of a channel with a slash in its ID.
func (c *Client) Subscribers(ctx context.Context, channel Channel) (uids []string, err error) {
	path := "/cluster/channels/" + url.PathEscape(channel.ID) + "/" + strconv.Itoa(int(channel.Type)) + "/subscribers"
	if err := channel.check(path); err != nil {
		return nil, err
	}
	if !listable(channel.ID) {
		return nil, failed("/cluster/channels", messages.ReasonNotSupported, "the path of the call cannot name the channel %q", brief(channel.ID))
	}
	err = c.ask(ctx, get(path, nil), &uids)
	return uids, err
}

// listable reports whether an ID can be a part of a path.
func listable(id string) bool { return id != "." && id != ".." && !strings.Contains(id, "/") }

// isOutside reports whether version 3 refused a history to somebody who is not in.
func isOutside(err error) bool { return isNack(err, "membership required") }

// isUnused reports whether version 3 has no history of a channel, because nothing was
// ever said in it. It looks at who asks before.
func isUnused(err error) bool { return isNack(err, "channel not found") }

// isOver reports whether it refused one of a channel that was disbanded.
func isOver(err error) bool { return isNack(err, "channel disbanded") }

func isNack(err error, words string) bool {
	reason, _ := messages.ReasonOf(err)
	return reason.Code == messages.ReasonNack && strings.Contains(reason.Wire.Text, words)
}
