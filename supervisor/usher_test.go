package supervisor

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/seed14814784/holdfast/messages"
)

// The supervisor waits for all of its channels, although it has none of them for a child.
func TestTheSupervisorEndsAfterItsLastChannel(t *testing.T) {
	inCompany(t, func(c *company) {
		var pids []*actor.PID
		for n := range 50 {
			pids = append(pids, c.open(c.spec(messages.ChannelID(fmt.Sprint(n)))))
		}
		c.system.Root.Stop(pids[0]) // somebody who has its PID ends a channel
		synctest.Wait()
		var letters []string
		subscription := c.system.EventStream.Subscribe(func(event any) {
			if letter, ok := event.(*actor.DeadLetterEvent); ok {
				letters = append(letters, fmt.Sprintf("%T to %s", letter.Message, letter.PID.Id))
			}
		})
		if err := c.system.Root.StopFuture(c.manager).Wait(); err != nil {
			t.Fatal(err)
		}
		for _, pid := range pids {
			if _, there := c.system.ProcessRegistry.GetLocal(pid.Id); there {
				t.Errorf("%s is there, and its supervisor is not", pid.Id)
			}
		}
		synctest.Wait()
		c.system.EventStream.Unsubscribe(subscription)
		if len(letters) > 0 {
			t.Errorf("dead letters: %v", letters)
		}
	})
}

// owner is an actor whose child is the supervisor.
type owner struct {
	props *actor.Props
	child *actor.PID
}

type restart struct{}

func (o *owner) Receive(ctx actor.Context) {
	switch ctx.Message().(type) {
	case *actor.Started:
		o.child = ctx.Spawn(o.props)
	case restart:
		ctx.(actor.Supervisor).RestartChildren(o.child)
	}
}

// One that is started anew by its parent ends its channels, and takes others.
func TestASupervisorThatIsRestartedHasAnUsherAgain(t *testing.T) {
	inCompany(t, func(c *company) {
		props, err := Props(c.system, WithDialer(c.dialer()))
		if err != nil {
			t.Fatal(err)
		}
		o := &owner{props: props}
		parent := c.system.Root.Spawn(actor.PropsFromProducer(func() actor.Actor { return o }))
		synctest.Wait()
		c.system.Root.Stop(c.manager)
		c.manager = o.child
		for round := range 3 {
			id := messages.ChannelID(fmt.Sprint("channel ", round))
			c.open(c.spec(id))
			time.Sleep(time.Second)
			if n := c.server.Open(); n != 1 {
				t.Errorf("%d connections were there in round %d", n, round)
			}
			c.system.Root.Send(parent, restart{})
			time.Sleep(time.Second)
			if n := c.server.Open(); n != 0 {
				t.Errorf("%d connections were left in round %d", n, round)
			}
		}
		if err := c.system.Root.StopFuture(parent).Wait(); err != nil {
			t.Error(err)
		}
	})
}
