package actors

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/seed14814784/holdfast/messages"
)

// The connection ends while the question is on its way to it, or is there
// already: messages to an actor that failed are never handled.
func TestPingOfALostConnectionIsAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, nil)
		s.connect()
		s.peer.last().fail(lost())
		reply, _ := s.ask(messages.Ping{}).(messages.Reply)
		if !errors.Is(reply.Err, messages.ReasonNotConnected) {
			t.Errorf("the answer is %v", reply)
		}
		s.expect(`0s Backoff ReadEOF`)
		s.after(time.Minute)
		s.end()
	})
}

// request sends a command as any actor would, and returns the answer.
func (s *stage) request(command any) any {
	s.t.Helper()
	answer, err := s.system.Root.RequestFuture(s.pid, command, time.Second).Result()
	if err != nil {
		s.t.Errorf("%T: %v", command, err)
	}
	synctest.Wait()
	return answer
}

func TestActorDoorAnswersEveryMessage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, nil)
		type answer struct {
			status messages.Status
			code   messages.Code
		}
		for _, step := range []struct {
			command any
			want    answer
		}{
			{messages.Ping{}, answer{messages.Idle, messages.ReasonNotConnected}},
			{messages.Renew{}, answer{messages.Idle, messages.ReasonNotConnected}},
			{messages.Connect{}, answer{messages.Queued, 0}},
			{messages.Connect{}, answer{messages.Ready, 0}},
			{messages.Renew{Token: messages.NewToken("t")}, answer{messages.Idle, messages.ReasonNotSupported}},
			{messages.NetworkDown{}, answer{messages.Ready, 0}},
			{messages.NetworkUp{}, answer{messages.Ready, 0}},
			{messages.Pause{}, answer{messages.Held, 0}},
			{messages.Connect{}, answer{messages.Held, messages.ReasonPaused}},
			{messages.Resume{}, answer{messages.Queued, 0}},
			{messages.Disconnect{Mode: messages.KeepRetrying}, answer{messages.Queued, 0}},
			{"rubbish", answer{messages.Queued, messages.ReasonNotSupported}},
			{messages.Disconnect{}, answer{messages.Closed, 0}},
			{messages.Redial{}, answer{messages.Closed, 0}},
			{messages.Drain{}, answer{messages.Closed, 0}},
			{messages.Send{Message: messages.Text("x")}, answer{messages.Closed, messages.ReasonNotConnected}},
		} {
			reply, ok := s.request(step.command).(messages.Reply)
			got := answer{status: reply.Status}
			if reply.Err != nil {
				reason, _ := messages.ReasonOf(reply.Err)
				got.code = reason.Code
			}
			if !ok || got != step.want {
				t.Errorf("%T was answered %+v, want %+v", step.command, got, step.want)
			}
		}
		s.end()
	})
}

func TestActorDoorSendsPingsAndTells(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, func(settings *Settings) { settings.Protocol = script{} })
		s.peer.answers = obliging
		s.request(messages.Connect{})
		accepted, _ := s.request(messages.Send{Message: messages.Text("one")}).(messages.Accepted)
		pong, _ := s.request(messages.Ping{}).(messages.Pong)
		renewed, _ := s.request(messages.Renew{Token: messages.NewToken("t")}).(messages.Reply)
		snapshot, _ := s.request(messages.GetStatus{}).(messages.Snapshot)
		if accepted.ID != 1 || pong.Epoch != 1 || renewed != (messages.Reply{Status: messages.Ready}) || snapshot.Status != messages.Ready || snapshot.Sent != 1 {
			t.Errorf("the answers are %+v, %+v, %+v, %+v", accepted, pong, renewed, snapshot)
		}
		s.expect(`
			0s Queued UserConnect
			0s Preparing
			0s Dialing
			0s Authenticating
			0s Ready
			0s updated CredentialRenewed
			0s peer got "one"
			0s peer got "RENEW t"
			0s #1 Written`)
		s.end()
	})
}

func TestNobodyIsAnsweredTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, nil)
		s.connect()
		answers := make(chan any, 8)
		asker := s.system.Root.Spawn(actor.PropsFromFunc(func(ctx actor.Context) {
			switch m := ctx.Message().(type) {
			case messages.Reply, messages.Pong:
				answers <- m
			}
		}))
		s.peer.set(func(p *peer) { p.deaf = true })
		s.system.Root.RequestWithCustomSender(s.pid, messages.Ping{}, asker)
		synctest.Wait()
		s.ask(messages.Disconnect{})
		s.after(time.Minute)
		s.end()
		if len(answers) != 1 {
			t.Errorf("%d answers came", len(answers))
		}
		s.system.Root.Stop(asker)
		time.Sleep(2 * time.Second)
	})
}

func TestSendIsRefusedBeforeConnectAndAfterTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, nil)
		idle := NewRecord(s.system, s.record.Settings, false)
		_, err := idle.Send(messages.Text("too early"))
		if !errors.Is(err, messages.ReasonNotConnected) {
			t.Errorf("before Connect: %v", err)
		}
		s.connect()
		s.peer.set(func(p *peer) {
			p.refuse = &messages.Error{Op: "dial", Reason: messages.Reason{Code: messages.ReasonForbidden}}
		})
		s.peer.last().fail(lost())
		s.after(time.Minute)
		_, err = s.record.Send(messages.Text("too late"))
		if wrong, ok := errors.AsType[*messages.Error](err); !ok || wrong.Reason.Code != messages.ReasonNotConnected || wrong.Reason.Detail == "" {
			t.Errorf("in Failed: %v", err)
		}
		s.end()
		_, err = s.record.Send(messages.Text("much too late"))
		if !errors.Is(err, messages.ReasonNoSuchChannel) {
			t.Errorf("after the end: %v", err)
		}
	})
}

// Whoever asked may have closed the channel for the answer. That is a crash, which
// costs the connection, and nobody else's answer.
func TestAQuestionThatCannotBeAnsweredDoesNotKeepALostConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, nil)
		s.connect()
		s.peer.set(func(p *peer) { p.deaf = true })
		nowhere, somewhere := make(chan any), make(chan any, 1)
		for _, answer := range []chan any{nowhere, somewhere} {
			s.tell(&Request{Command: messages.Ping{}, Answer: answer})
		}
		synctest.Wait()
		close(nowhere)
		s.peer.last().fail(lost())
		s.after(time.Minute)
		if len(somewhere) != 1 || s.status() != messages.Ready || s.record.Snapshot().Panics != 1 {
			t.Errorf("%d answers came; the channel is %s after %d panics", len(somewhere), s.status(), s.record.Snapshot().Panics)
		}
		s.end()
	})
}
