package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/supervisor"
	"github.com/seed14814784/holdfast/transport"
	"github.com/seed14814784/holdfast/transport/wukongim"
)

// user is somebody in the chat: a channel that is logged in, and the group as a room
// of it.
type user struct {
	name    string
	channel *supervisor.Channel
	room    *supervisor.Room
	words   chan string

	mu    sync.Mutex
	heard int
}

func newUser(ctx context.Context, fleet *supervisor.Fleet, s *server, name, group string) (*user, error) {
	u := &user{name: name, words: make(chan string, 100)}
	var err error
	u.channel, err = fleet.Open(ctx, supervisor.Spec{
		ID:          messages.ChannelID(name), // the uid
		Address:     transport.Static(s.addr),
		Credentials: supervisor.StaticToken(name, secret(name)),
		Handler:     u.listen, // of all that is said outside of rooms
	})
	if err != nil {
		return nil, err
	}
	u.room, err = u.channel.Join(ctx, messages.RoomSpec{ID: wukongim.Room(wukongim.Group, group), Handler: u.listen})
	if err != nil {
		return nil, err
	}
	_, err = u.room.Wait(ctx, messages.RoomJoined)
	return u, err
}

// listen is the handler: it prints what is said.
func (u *user) listen(m messages.Received) {
	said, _ := wukongim.Of(m)
	fmt.Printf("%5.1fs %s hears %s: %s\n", time.Since(start).Seconds(), u.name, said.From, m.Data)
	u.mu.Lock()
	u.heard++
	u.mu.Unlock()
	u.words <- string(m.Data)
}

func (u *user) count() int {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.heard
}

// say says something in the group. What it returns waits until the server has it.
func (u *user) say(ctx context.Context, text string) (taken func() error, err error) {
	receipt, err := u.room.Send(ctx, messages.Text(text))
	if err != nil {
		return nil, err
	}
	return func() error {
		outcome, err := receipt.Wait(ctx)
		if err == nil && outcome.Result != messages.ResultDelivered {
			err = fmt.Errorf("%s: %q is %s: %s", u.name, text, outcome.Result, outcome.Reason)
		}
		return err
	}, nil
}

// tell says something, and waits until the server has it.
func (u *user) tell(ctx context.Context, text string) error {
	taken, err := u.say(ctx, text)
	if err != nil {
		return err
	}
	return taken()
}

// hear waits for what the others say next.
func (u *user) hear(ctx context.Context, text string) error {
	select {
	case word := <-u.words:
		if word != text {
			return fmt.Errorf("%s heard %q and not %q", u.name, word, text)
		}
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%s did not hear %q", u.name, text)
	}
}
