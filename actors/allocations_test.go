//go:build !race

package actors

import (
	"testing"

	"github.com/seed14814784/holdfast/messages"
)

// What a message costs in allocations, from the socket to the handler and from the
// sender to the socket. With the race detector, pools lose what is put into them.
func TestAMessageCostsFewAllocations(t *testing.T) {
	for sentence, test := range map[string]struct {
		borrow bool
		do     func(t *testing.T, r *Record, c *idleConn)
		most   float64
	}{
		"none that is borrowed by the handler": {true, receive, 0},
		"one that is the handler's, its data":  {false, receive, 1},
		"one that is sent, its receipt":        {false, sendOne, 1},
	} {
		t.Run(sentence, func(t *testing.T) {
			observer := &counter{quiet: true}
			dialer := &idleDialer{}
			rules := benchRules(dialer, observer)
			rules.Borrow = test.borrow
			record := bench(rules, func(messages.Received) {})
			pid := Spawn(theatre.Root, record)
			theatre.Root.Send(pid, messages.Connect{})
			await(func() bool { return observer.ready.Load() == 1 })
			conn := dialer.last.Load()
			conn.silent.Store(true)
			got := testing.AllocsPerRun(2000, func() { test.do(t, record, conn) })
			if got > test.most {
				t.Errorf("%v allocations, want at most %v", got, test.most)
			}
			theatre.Root.Stop(pid)
			<-record.Ended()
		})
	}
}

func receive(t *testing.T, r *Record, c *idleConn) {
	before := r.inbox.count()
	c.inbound.Add(1)
	c.report()
	if r.inbox.count() != before+1 {
		t.Error("the message was not handled on the goroutine that reported it")
	}
}

var aMessage = messages.Binary(make([]byte, 128))

func sendOne(t *testing.T, r *Record, _ *idleConn) {
	receipt, err := r.Send(aMessage)
	if err != nil {
		t.Fatal(err)
	}
	if outcome, ok := receipt.Outcome(); !ok || outcome.Result != messages.ResultWritten {
		t.Error("the message was not written on the goroutine that sent it")
	}
}
