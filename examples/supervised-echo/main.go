// Supervised-echo goes through the actors' door: an actor of this program spawns
// the fleet's supervisor as its child, opens a channel by a message, sends
// messages to the channel's PID, and sees the events on the system's
// EventStream. The server drops the connection half-way; nothing here notices
// but the transcript.
package main

import (
	"fmt"
	"os"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/sirupsen/logrus"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/supervisor"
	"github.com/seed14814784/holdfast/transport"
	"github.com/seed14814784/holdfast/transport/wstest"
)

// rounds is how often a message goes to the server and back.
const rounds = 6

// echoer sends numbered messages, one when the one before has come back.
type echoer struct {
	url     string
	fleet   *actor.Props
	channel *actor.PID
	echoes  int
	done    chan<- int
}

// Receive handles one message.
func (e *echoer) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *actor.Started:
		self, root := ctx.Self(), ctx.ActorSystem().Root
		fleet := ctx.Spawn(e.fleet)
		ctx.Request(fleet, supervisor.Open{Spec: supervisor.Spec{
			ID:       "echo",
			Address:  transport.Static(e.url),
			Handler:  func(m messages.Received) { root.Send(self, m) },
			Strategy: supervisor.Fixed{Interval: 300 * time.Millisecond},
		}})
	case supervisor.Opened:
		if m.Err != nil {
			fmt.Println("opening:", m.Err)
			close(e.done)
			return
		}
		e.channel = m.Channel
		e.next(ctx)
	case messages.Received:
		fmt.Printf("echo    %s\n", m.Data)
		e.echoes++
		if e.echoes == rounds {
			ctx.Request(e.channel, messages.GetStatus{})
			return
		}
		e.next(ctx)
	case messages.Reply: // a send that was not accepted
		fmt.Println("send:", m.Err)
	case messages.Snapshot:
		fmt.Printf("status  %s after %d attempts\n", m.Status, m.Attempts)
		e.done <- e.echoes
	}
}

// next sends the next message. The channel answers with messages.Accepted.
func (e *echoer) next(ctx actor.Context) {
	ctx.Request(e.channel, messages.Send{Message: messages.Text(fmt.Sprint("number ", e.echoes+1))})
}

func main() {
	server := wstest.NewServer(wstest.WithHandler(halfWay(rounds / 2)))
	system := actor.NewActorSystem(supervisor.SystemLogger(logrus.StandardLogger()))
	props, err := supervisor.Props(system)
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	changes := system.EventStream.Subscribe(func(event any) {
		if e, ok := event.(messages.StatusChanged); ok {
			fmt.Printf("status  %v\n", e)
		}
	})
	done := make(chan int, 1)
	pid := system.Root.Spawn(actor.PropsFromProducer(func() actor.Actor {
		return &echoer{url: server.URL, fleet: props, done: done}
	}))

	echoes := 0
	select {
	case echoes = <-done:
	case <-time.After(15 * time.Second):
	}
	_ = system.Root.StopFuture(pid).Wait() // stops the fleet, and with it the channel
	system.EventStream.Unsubscribe(changes)
	if err := server.Close(); err != nil || echoes != rounds {
		fmt.Println("failed:", echoes, "echoes", err)
		os.Exit(1)
	}
	fmt.Printf("ok: %d echoes over two connections\n", echoes)
}

// halfWay is a server that echoes, but drops its first connection after some
// messages.
func halfWay(after int) wstest.Handler {
	return wstest.Sequence(func(c *wstest.Conn) {
		n := 0
		for m := range c.Messages() {
			c.WriteMessage(m)
			if n++; n == after {
				c.Drop()
			}
		}
	}, wstest.Echo())
}
