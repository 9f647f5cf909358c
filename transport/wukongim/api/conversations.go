package api

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/seed14814784/holdfast/messages"
)

// Conversation is a channel that a user has messages in.
type Conversation struct {
	Channel     Channel
	Unread      int
	LastSeq     uint64 // of the last message
	ReadSeq     uint64 // up to where it was read
	ClientMsgNo string // of the last message
	At          time.Time
	Version     int64
	Recent      []Message // the last ones, the oldest first
}

// Conversations lists those of a user, as many as the server keeps and 8 MiB at most,
// with so many messages of each. Only version 2 tells.
func (c *Client) Conversations(ctx context.Context, uid string, recent int) ([]Conversation, error) {
	const path = "/conversation/sync"
	if err := checkUID(path, uid); err != nil {
		return nil, err
	}
	if recent < 0 {
		return nil, failed(path, messages.ReasonInvalidSpec, "%d messages of each conversation cannot be had", recent)
	}
	ask := post(path, map[string]any{"uid": uid, "version": 0, "last_msg_seqs": "", "msg_count": recent})
	ask.limit = maxHistory
	var answer []struct {
		Channel
		Unread      int       `json:"unread"`
		LastSeq     uint64    `json:"last_msg_seq"`
		ReadSeq     uint64    `json:"readed_to_msg_seq"`
		ClientMsgNo string    `json:"last_client_msg_no"`
		Timestamp   int64     `json:"timestamp"`
		Version     int64     `json:"version"`
		Recent      []Message `json:"recents"`
	}
	if err := c.ask(ctx, ask, &answer); err != nil {
		return nil, err
	}
	found := make([]Conversation, 0, len(answer))
	for _, said := range answer {
		slices.SortStableFunc(said.Recent, func(a, b Message) int { return cmp.Compare(a.Seq, b.Seq) })
		found = append(found, Conversation{
			Channel: said.Channel, Unread: said.Unread, LastSeq: said.LastSeq, ReadSeq: said.ReadSeq,
			ClientMsgNo: said.ClientMsgNo, At: time.Unix(said.Timestamp, 0), Version: said.Version, Recent: said.Recent,
		})
	}
	return found, nil
}
