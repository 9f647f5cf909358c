// Rooms joins three rooms of a Centrifugo engine on loopback and goes with them
// through what an interruption can do: the server restarts; one room goes on where
// it stopped, one has lost a part of its history, one does not exist any more; and
// then somebody is kicked from a room. It prints the three moments of every
// interruption as they come:
//
//	T0  the connection under the room is not there
//	T1  it is back, and the server is asked whether we are still in
//	T2  the room is joined again, or it is over
//
// It is a module of its own, so that nobody who uses Holdfast downloads the
// engine. It ends by itself, with a line that begins with "ok:".
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/supervisor"
	"github.com/seed14814784/holdfast/transport/centrifugo"
)

func main() {
	if err := run(); err != nil {
		fmt.Println("failed:", err)
		os.Exit(1)
	}
}

// The rooms, named after what will happen to them.
const (
	tea   = "tea"   // goes on where it stopped; ann is kicked from it in the end
	news  = "news"  // loses a part of its history
	party = "party" // is over when ann comes back
)

// plan is where every room should have been, and what should have been heard.
var plan = map[messages.RoomID]struct{ been, heard string }{
	tea:   {"Joining Joined Interrupted Verifying Rejoining Joined/recovered Kicked", `"hello" "how do you do" "she will be back"`},
	news:  {"Joining Joined Interrupted Verifying Rejoining Joined/gap", `"1" gap "6"`},
	party: {"Joining Joined Interrupted Verifying Gone", ""},
}

func run() (err error) {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	engine, err := newEngine()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, engine.close()) }()
	fleet, err := supervisor.New(supervisor.WithStrategy(supervisor.Fixed{Interval: 100 * time.Millisecond}))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, fleet.Close(context.WithoutCancel(ctx))) }()
	seen := newTimeline()
	if err := fleet.Listen("timeline", seen.note); err != nil {
		return err
	}
	ann, err := fleet.Open(ctx, supervisor.Spec{
		ID:          "ann",
		Address:     engine.address(),
		Protocol:    centrifugo.New(centrifugo.Options{}),
		Credentials: supervisor.StaticToken("ann", "ann"),
		Handler:     seen.hear, // of all rooms that have none of their own
	})
	if err != nil {
		return err
	}
	s := &story{engine: engine, ann: ann, seen: seen, rooms: map[messages.RoomID]*supervisor.Room{}}
	if err := s.tell(ctx); err != nil {
		return err
	}
	fmt.Printf("\nok: %d rooms; one went on where it stopped, one with a gap, one is gone, and one member was kicked\n", len(plan))
	return nil
}
