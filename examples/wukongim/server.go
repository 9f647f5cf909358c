package main

import (
	"context"
	"errors"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/transport/wukongim"
	"github.com/seed14814784/holdfast/transport/wukongim/api"
	"github.com/seed14814784/holdfast/transport/wukongim/wukongimtest"
)

// server is where the chat is: a fake one, or one that somebody runs.
type server struct {
	addr string
	api  *api.Client
	fake *wukongimtest.Server // nil: it is real
}

func newServer(addr, web string) (*server, error) {
	if (addr == "") != (web == "") {
		return nil, errors.New("a server takes both: -addr and -api")
	}
	if addr != "" {
		return &server{addr: addr, api: &api.Client{URL: web}}, nil
	}
	fake := wukongimtest.NewServer(wukongimtest.V2)
	return &server{addr: fake.TCP, api: &api.Client{URL: fake.API, HTTP: fake.Client()}, fake: fake}, nil
}

func (s *server) close() error {
	if s.fake == nil {
		return nil
	}
	return s.fake.Close()
}

// secret is the token of a user, as a service would keep it.
func secret(uid string) string { return "token-of-" + uid }

// prepare does what a service does for its users: tokens, and a group.
func (s *server) prepare(ctx context.Context, group string, uids ...string) error {
	for _, uid := range uids {
		if err := s.api.SetToken(ctx, api.Token{UID: uid, Token: messages.NewSecret(secret(uid)), Master: true}); err != nil {
			return err
		}
	}
	return s.api.CreateChannel(ctx, api.Channel{ID: group, Type: byte(wukongim.Group)}, uids...)
}

// trouble says what is about to happen.
func (s *server) trouble() string {
	if s.fake != nil {
		return "the server is restarted"
	}
	return "both dial again"
}

// down ends all connections. When the users have noticed, what they say waits.
func (s *server) down(ctx context.Context, users ...*user) error {
	if s.fake != nil {
		s.fake.Kill()
	}
	for _, u := range users {
		var err error
		if s.fake != nil {
			_, err = u.room.Wait(ctx, messages.RoomInterrupted)
		} else {
			err = u.channel.Redial(ctx, "the example wants to see it come back")
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// up lets them come back.
func (s *server) up() error {
	if s.fake != nil {
		return s.fake.Up()
	}
	return nil
}
