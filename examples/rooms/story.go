package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/supervisor"
)

// story is what happens to the rooms, one chapter after the other.
type story struct {
	engine *engine
	ann    *supervisor.Channel
	seen   *timeline
	rooms  map[messages.RoomID]*supervisor.Room
}

// tell ends with the first chapter that does not end as it should.
func (s *story) tell(ctx context.Context) error {
	for _, chapter := range []struct {
		title string
		play  func(context.Context) error
	}{
		{"ann joins three rooms", s.join},
		{"the server stops; there is talk over tea, more news than are kept, and the party is over", s.away},
		{"the server starts", s.back},
		{"ann is kicked from tea, and the news go on", s.kicked},
	} {
		s.seen.say(chapter.title)
		if err := chapter.play(ctx); err != nil {
			return fmt.Errorf("%s: %w", chapter.title, err)
		}
	}
	if err := s.seen.compare(); err != nil {
		return err
	}
	s.seen.say("everything is drained")
	if err := s.ann.Drain(ctx); err != nil {
		return err
	}
	return s.seen.until(ctx, "the end was not told", func() bool { return s.seen.closed })
}

func (s *story) join(ctx context.Context) error {
	if _, err := s.ann.Wait(ctx); err != nil { // not needed: rooms may be joined before
		return err
	}
	for _, spec := range []supervisor.RoomSpec{
		{ID: tea, Priority: 1}, // is asked about first
		{ID: news, Policy: messages.RoomPolicy{OnGap: messages.CallOnGap}, Gap: s.seen.gap},
		{ID: party},
	} {
		room, err := s.ann.Join(ctx, spec)
		if err != nil {
			return err
		}
		if _, err := room.Wait(ctx); err != nil {
			return err
		}
		s.rooms[spec.ID] = room
	}
	if err := s.engine.publish(kept, tea, `"hello"`, `"how do you do"`); err != nil {
		return err
	}
	if err := s.engine.publish(kept, news, `"1"`); err != nil {
		return err
	}
	return s.seen.until(ctx, "messages are missing", func() bool { return s.seen.heard == 3 })
}

// away is T0. Of five news two are kept: the history cannot be gone on in from
// the one that ann heard.
func (s *story) away(ctx context.Context) error {
	if err := s.engine.stop(); err != nil {
		return err
	}
	s.engine.over.Store(true)
	if err := s.engine.publish(kept, tea, `"she will be back"`); err != nil {
		return err
	}
	if err := s.engine.publish(2, news, `"2"`, `"3"`, `"4"`, `"5"`); err != nil {
		return err
	}
	return s.seen.until(ctx, "rooms were not interrupted", func() bool { return s.seen.lost == len(plan) })
}

// back is T1 and T2.
func (s *story) back(ctx context.Context) error {
	if err := s.engine.start(); err != nil {
		return err
	}
	if err := s.seen.until(ctx, "the rooms did not settle", func() bool { return s.seen.settled.OK == 2 }); err != nil {
		return err
	}
	if _, err := s.rooms[party].Wait(ctx); !errors.Is(err, messages.ReasonRoomNotExist) {
		return fmt.Errorf("the party should be gone, but: %w", err)
	}
	return s.seen.until(ctx, "what was said while ann was away is missing", func() bool { return s.seen.heard == 4 })
}

func (s *story) kicked(ctx context.Context) error {
	if err := s.engine.kick("ann", tea); err != nil {
		return err
	}
	if _, err := s.rooms[tea].Wait(ctx, messages.RoomKicked); err != nil {
		return err
	}
	if _, err := s.rooms[tea].Send(ctx, messages.Text(`"may I come back?"`)); !errors.Is(err, messages.ReasonNotInRoom) {
		return fmt.Errorf("who was kicked should not be heard, but: %w", err)
	}
	if err := s.engine.publish(kept, news, `"6"`); err != nil {
		return err
	}
	return s.seen.until(ctx, "there are no more news", func() bool { return s.seen.heard == 5 && len(s.seen.been[tea]) == 7 })
}
