package wukongim

import (
	"context"

	"github.com/seed14814784/holdfast/transport/wukongim/api"
)

// API is the Syncer of a server's HTTP API.
func API(client *api.Client) Syncer { return apiSyncer{client} }

type apiSyncer struct{ client *api.Client }

// Check reports a client that will not do.
func (s apiSyncer) Check() error { return s.client.Check() }

func named(channel Channel) api.Channel { return api.Channel{ID: channel.ID, Type: byte(channel.Type)} }

func (s apiSyncer) History(ctx context.Context, uid string, channel Channel, after uint64, limit int) (History, error) {
	page, err := s.client.Messages(ctx, api.Query{UID: uid, Channel: named(channel), After: after, Limit: limit})
	history := History{Messages: make([]Said, len(page.Messages)), More: page.More}
	for i, m := range page.Messages {
		history.Messages[i] = Said{Message{
			ID: m.ID, Seq: m.Seq, From: m.From, Channel: channel, ClientMsgNo: m.ClientMsgNo, At: m.At,
			NoPersist: bool(m.Header.NoPersist), SyncOnce: bool(m.Header.SyncOnce), RedDot: bool(m.Header.RedDot),
			Receipt: m.Setting&0x80 != 0, Topic: m.Topic, Expire: m.Expire,
		}, m.Payload}
	}
	return history, err
}

func (s apiSyncer) Latest(ctx context.Context, uid string, channel Channel) (uint64, error) {
	return s.client.Latest(ctx, uid, named(channel))
}

func (s apiSyncer) Member(ctx context.Context, uid string, channel Channel) (Membership, error) {
	answer, err := s.client.Member(ctx, uid, named(channel))
	return Membership(answer), err // the same answers, in the same order
}
