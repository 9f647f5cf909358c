package supervisor_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/sirupsen/logrus"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/supervisor"
	"github.com/seed14814784/holdfast/transport"
	"github.com/seed14814784/holdfast/transport/wstest"
)

// A service opens a channel once; it connects by itself and stays up.
func ExampleNew() {
	server := wstest.NewServer() // echoes
	defer server.Close()
	ctx := context.Background()

	fleet, err := supervisor.New()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer fleet.Close(ctx)
	answers := make(chan string)
	ch, err := fleet.Open(ctx, supervisor.Spec{
		ID:      "room-42",
		Address: transport.Static(server.URL),
		Handler: func(m messages.Received) { answers <- string(m.Data) },
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	receipt, err := ch.Send(ctx, messages.Text("hello")) // it leaves when the channel is up
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(<-answers)
	outcome, err := receipt.Wait(ctx)
	fmt.Println(outcome.Result, err)
	// Output:
	// hello
	// Written <nil>
}

// Everything that is wrong is named at once.
func ExampleNew_badOptions() {
	_, err := supervisor.New(
		supervisor.WithStrategy(supervisor.Fixed{Jitter: 2}),
		supervisor.WithObserverQueue(0),
	)
	fmt.Println(errors.Is(err, messages.ReasonInvalidSpec))
	fmt.Println(err)
	// Output:
	// true
	// new fleet: InvalidSpec: WithObserverQueue got 0; an observer needs room for at least one event
	// strategy: InvalidSpec: Fixed.Interval is 0s; it must be above zero
	// strategy: InvalidSpec: Fixed.Jitter is 2; it is a part of the interval, from 0 to 1
}

// A channel that is Manual does nothing until it is told to connect.
func ExampleFleet_Open() {
	ctx := context.Background()
	fleet, err := supervisor.New()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer fleet.Close(ctx)
	spec := supervisor.Spec{
		ID:      "room-42",
		Address: transport.Static("wss://chat.example/socket?token=secret"),
		Handler: supervisor.Discard,
		Manual:  true,
	}
	ch, err := fleet.Open(ctx, spec)
	fmt.Println(ch, err)

	again, err := fleet.Open(ctx, spec)
	fmt.Println(again == ch, err)

	spec.Address = transport.Static("wss://elsewhere.example/socket")
	_, err = fleet.Open(ctx, spec)
	fmt.Println(errors.Is(err, messages.ReasonConflict))

	_, err = ch.Send(ctx, messages.Text("too early"))
	fmt.Println(errors.Is(err, messages.ReasonNotConnected))
	// Output:
	// room-42 at wss://chat.example/socket?token=*** is Idle <nil>
	// true <nil>
	// true
	// true
}

// Events begins with a snapshot of every channel, and goes on with every change.
func ExampleFleet_Events() {
	server := wstest.NewServer(wstest.WithHandler(wstest.Refuse(403)))
	defer server.Close()
	ctx := context.Background()
	fleet, err := supervisor.New()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer fleet.Close(ctx)
	ch, err := fleet.Open(ctx, supervisor.Spec{ID: "a", Address: transport.Static(server.URL), Handler: supervisor.Discard, Manual: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	for event := range fleet.Events(ctx) {
		switch e := event.(type) {
		case messages.Snapshot:
			fmt.Println(e.Channel, "is", e.Status)
			if err := ch.Connect(ctx); err != nil {
				fmt.Println(err)
			}
		case messages.StatusChanged:
			fmt.Println(e.Prev, "->", e.Cur, e.Reason.Code.Action())
			if e.Cur.Ended() {
				return
			}
		}
	}
	// Output:
	// a is Idle
	// Idle -> Queued None
	// Queued -> Preparing None
	// Preparing -> Dialing None
	// Dialing -> Failed LogIn
}

// Wait is for one channel, and tells why it will not get there.
func ExampleChannel_Wait() {
	server := wstest.NewServer()
	server.Down()
	defer server.Close()
	ctx := context.Background()
	fleet, err := supervisor.New(supervisor.WithStrategy(supervisor.Fixed{Interval: 10 * time.Millisecond}))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer fleet.Close(ctx)
	ch, err := fleet.Open(ctx, supervisor.Spec{
		ID: "a", Address: transport.Static(server.URL), Handler: supervisor.Discard,
		MaxRetries: 2,
		Timeouts:   supervisor.Timeouts{MinInterval: time.Millisecond},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	snapshot, err := ch.Wait(ctx, messages.Ready)
	fmt.Println(snapshot.Status, errors.Is(err, messages.ReasonRetriesExhausted))
	// Output: Failed true
}

// Programs that live among actors spawn the supervisor in a system of their own.
func ExampleProps() {
	server := wstest.NewServer()
	defer server.Close()
	logger := logrus.New()
	logger.SetLevel(logrus.ErrorLevel)
	system := actor.NewActorSystem(supervisor.SystemLogger(logger))

	stopped := make(chan struct{})
	system.EventStream.Subscribe(func(event any) {
		switch e := event.(type) {
		case messages.StatusChanged:
			fmt.Println(e.Channel, e.Cur)
		case messages.Stopped:
			close(stopped)
		}
	})
	props, err := supervisor.Props(system, supervisor.WithLogger(logger))
	if err != nil {
		fmt.Println(err)
		return
	}
	fleet := system.Root.Spawn(props)
	answer, err := system.Root.RequestFuture(fleet, supervisor.Open{Spec: supervisor.Spec{
		ID: "a", Address: transport.Static(server.URL), Handler: supervisor.Discard, Manual: true,
	}}, time.Minute).Result()
	if err != nil {
		fmt.Println(err)
		return
	}
	pid := answer.(supervisor.Opened).Channel
	answer, err = system.Root.RequestFuture(pid, messages.GetStatus{}, time.Minute).Result()
	fmt.Println(answer.(messages.Snapshot).Status, err)
	system.Root.Stop(fleet)
	<-stopped
	// Output:
	// Idle <nil>
	// a Closed
}
