package actors

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/seed14814784/holdfast/messages"
)

// A fleet's actors share two Props. Each channel finds its own record by its name: when
// it starts, and when it starts anew; and nothing waits for those who are gone.
func TestChannelsOfOneNurseryFindTheirRecords(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		system := actor.NewActorSystem()
		defer system.Shutdown()
		rules := benchRules(&idleDialer{}, &counter{})
		records, pids := make([]*Record, 20), make([]*actor.PID, 20)
		for i := range records {
			records[i] = NewRecord(system, Settings{Channel: messages.ChannelID(rune('a' + i)), Rules: rules}, false)
			pids[i] = Spawn(system.Root, records[i])
		}
		status := func(i int) messages.ChannelID {
			answer := make(chan any, 1)
			system.Root.Send(pids[i], &Request{Command: messages.GetStatus{}, Answer: answer})
			return (<-answer).(messages.Snapshot).Channel
		}
		for _, crash := range []bool{false, true} {
			for i := range records {
				if crash {
					nowhere := make(chan any)
					close(nowhere)
					system.Root.Send(pids[i], &Request{Command: messages.GetStatus{}, Answer: nowhere})
				}
				synctest.Wait()
				if got := status(i); got != records[i].Channel {
					t.Errorf("%q took the record of %q", records[i].Channel, got)
				}
			}
		}
		if n := len(rules.Workers.nursery.waiting); n > 0 {
			t.Errorf("%d records wait for nobody", n)
		}
		for i := range records {
			system.Root.Stop(pids[i])
			<-records[i].Ended()
		}
	})
}

// A parent may learn of a crash after somebody else has stopped the channel.
func TestNothingWaitsForAChannelThatHasEndedToStartAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		system, rules := theatre, benchRules(&idleDialer{}, &counter{})
		record := NewRecord(system, Settings{Channel: "a", Rules: rules}, false)
		pid := Spawn(system.Root, record)
		process, _ := system.ProcessRegistry.GetLocal(pid.Id)
		system.Root.Stop(pid)
		<-record.Ended()
		synctest.Wait()
		process.SendSystemMessage(pid, &actor.Restart{}) // it was on its way
		time.Sleep(2 * time.Second)                      // dead letters fade
		synctest.Wait()
		if n := len(rules.Workers.nursery.waiting); n > 0 {
			t.Errorf("%d records wait for nobody", n)
		}
	})
}
