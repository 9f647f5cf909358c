package actors

import (
	"errors"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed14814784/holdfast/messages"
)

func TestFirstHeartbeatComesAtARandomPartOfTheInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		draws := []float64{0.2, 0.5, 1, 0} // the second is for the rotation
		var drawn atomic.Int32
		s := newStage(t, func(settings *Settings) {
			settings.Protocol = script{login: true, beats: true}
			settings.Random = func() float64 { return draws[min(int(drawn.Add(1)), len(draws))-1] }
		})
		s.peer.answers = obliging
		s.connect()
		s.after(60 * time.Second)
		s.expect(`
			5s peer got "BEAT"
			32.5s peer got "BEAT"   // 25 s and 10 % more
			55s peer got "BEAT"     // 25 s and 10 % less`)
		s.end()
	})
}

func TestSilenceEndsTheConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, nil)
		s.connect()
		s.peer.set(func(p *peer) { p.deaf = true })
		s.after(37 * time.Second)
		s.expect(`
			35s Backoff PongTimeout
			37s Queued
			37s Preparing
			37s Dialing
			37s Authenticating
			37s Ready`)
		s.end()
	})
}

func TestAnyInboundIsProofOfLife(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, nil)
		s.connect()
		s.peer.set(func(p *peer) { p.deaf = true })
		for range 4 {
			s.after(30 * time.Second)
			s.peer.last().send("hello")
		}
		s.after(34 * time.Second)
		s.expect(`
			30s heard "hello"
			1m0s heard "hello"
			1m30s heard "hello"
			2m0s heard "hello"`)
		s.end()
	})
}

func TestHalfOpenSocketIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, nil)
		s.connect()
		s.peer.last().freeze()
		s.after(35 * time.Second)
		s.expect(`35s Backoff PongTimeout`)
		s.after(time.Minute)
		s.end()
	})
}

// This process did not run for an hour: that nothing was heard proves nothing.
// The bubble cannot sleep for one actor alone, so the timer is set as it would
// have been an hour ago.
func TestProcessThatSleptAsksBeforeItCondemns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c *connection
		s := newStage(t, func(settings *Settings) {
			settings.Protocol = script{opened: func(opened *connection) { c = opened }}
		})
		s.connect()
		s.after(time.Second)
		c.keepalive.alarm.at = c.keepalive.alarm.at.add(-time.Hour)
		c.keepalive.heardAt = c.keepalive.heardAt.add(-time.Hour)
		s.record.conn.tell(&pulse{})
		s.after(time.Minute)
		s.expect(``)
		if len(s.pongs) == 0 || s.pongs[0].At != s.start.Add(time.Second) {
			t.Errorf("the peer was asked at %v", s.pongs)
		}
		c.keepalive.alarm.at = c.keepalive.alarm.at.add(-time.Hour)
		s.peer.set(func(p *peer) { p.deaf = true })
		s.record.conn.tell(&pulse{})
		s.after(time.Minute)
		s.expect(`1m11s Backoff PongTimeout
			1m12s Queued
			1m12s Preparing
			1m12s Dialing
			1m12s Authenticating
			1m12s Ready
			1m47s Backoff PongTimeout
			1m49s Queued
			1m49s Preparing
			1m49s Dialing
			1m49s Authenticating
			1m49s Ready`)
		s.end()
	})
}

func TestPingReportsRTT(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, func(settings *Settings) { settings.Protocol = script{login: true, beats: true} })
		s.peer.answers = func(so *socket, text string) {
			if text != "BEAT" {
				obliging(so, text)
				return
			}
			time.AfterFunc(40*time.Millisecond, func() { so.send("HEARTBEAT") })
		}
		s.connect()
		answer := make(chan any, 1)
		s.tell(&Request{Command: messages.Ping{}, Answer: answer})
		s.after(time.Second)
		pong, _ := (<-answer).(messages.Pong)
		want := messages.Pong{Channel: "c", Epoch: 1, RTT: 40 * time.Millisecond, At: s.start.Add(40 * time.Millisecond)}
		if pong != want || s.record.Snapshot().RTT != want.RTT {
			t.Errorf("the answer is %+v, the snapshot says %s", pong, s.record.Snapshot().RTT)
		}
		s.end()
	})
}

// The peer answers each ping after 40 ms, and somebody asks every 10 ms.
func TestPingsFasterThanTheRoundTripShareOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, func(settings *Settings) { settings.Protocol = script{} })
		s.connect()
		s.peer.set(func(p *peer) { p.deaf = true })
		answers := make(chan any, 8)
		for _, payload := range []string{"1", "2"} {
			for range cap(answers) / 2 {
				s.tell(&Request{Command: messages.Ping{}, Answer: answers})
				s.after(10 * time.Millisecond)
			}
			s.peer.last().pong(payload)
			synctest.Wait()
		}
		var waits []time.Duration
		for range len(answers) {
			pong, _ := (<-answers).(messages.Pong)
			waits = append(waits, pong.RTT)
		}
		if want := slices.Repeat([]time.Duration{40 * time.Millisecond}, cap(answers)); !slices.Equal(waits, want) {
			t.Errorf("the round trips took %v", waits)
		}
		s.end()
	})
}

func TestPingDoesNotWaitForALostHeartbeat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, func(settings *Settings) { settings.Protocol = script{} })
		s.connect()
		s.peer.set(func(p *peer) { p.deaf = true })
		lost := s.ask(messages.Ping{})
		s.peer.set(func(p *peer) { p.deaf = false })
		s.after(9 * time.Second)
		young := s.ask(messages.Ping{})
		s.after(time.Second)
		old := s.ask(messages.Ping{})
		if _, ok := old.(messages.Pong); lost != nil || young != nil || !ok {
			t.Errorf("the answers are %v, %v and %v", lost, young, old)
		}
		s.end()
	})
}

func TestPingsBeyondTheBoundAreRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, nil)
		s.connect()
		s.peer.set(func(p *peer) { p.deaf = true })
		answers := make(chan any, maxAskers+1)
		for range maxAskers {
			s.tell(&Request{Command: messages.Ping{}, Answer: answers})
		}
		synctest.Wait()
		reply, _ := s.ask(messages.Ping{}).(messages.Reply)
		if !errors.Is(reply.Err, messages.ReasonMailboxOverflow) || len(answers) != 0 {
			t.Errorf("the answer is %v, %d others came", reply, len(answers))
		}
		s.after(time.Minute)
		for range maxAskers {
			if reply, _ := (<-answers).(messages.Reply); !errors.Is(reply.Err, messages.ReasonNotConnected) {
				t.Fatalf("the answer is %v", reply)
			}
		}
		s.end()
	})
}

func TestPingsAreRefusedWhileInboundWaitsForTheHandler(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := make(chan struct{})
		s := newStage(t, slowly(gate))
		s.connect()
		s.peer.set(func(p *peer) { p.deaf = true })
		early := make(chan any, 1)
		s.tell(&Request{Command: messages.Ping{}, Answer: early})
		s.after(time.Second)
		if len(early) != 0 {
			t.Errorf("the answer is %v", <-early)
		}
		s.peer.set(func(p *peer) { p.deaf = false })
		for range 20 {
			s.peer.last().send("hello")
		}
		synctest.Wait()
		late := s.ask(messages.Ping{})
		for _, answer := range []any{<-early, late} {
			if reply, _ := answer.(messages.Reply); !errors.Is(reply.Err, messages.ReasonSlowConsumer) {
				t.Errorf("the answer is %v", answer)
			}
		}
		close(gate)
		s.after(10 * time.Second) // the first heartbeat got lost
		if pong, ok := s.ask(messages.Ping{}).(messages.Pong); !ok {
			t.Errorf("the answer is %v", pong)
		}
		s.end()
	})
}

func TestOneWayHeartbeatsProveNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, func(settings *Settings) {
			settings.Protocol = script{beats: true}
			settings.Keepalive.OneWay = true
		})
		s.connect()
		s.after(65 * time.Second)
		s.expect(`
			12.5s peer got "BEAT"
			37.5s peer got "BEAT"
			1m2.5s peer got "BEAT"`)
		s.end()
	})
}

// The peer reads slowly, and talks.
func TestHeartbeatThatFindsNoRoomIsLeftOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, func(settings *Settings) { settings.Protocol = script{beats: true} })
		s.connect()
		s.peer.last().clog(true)
		for range 2 {
			s.after(30 * time.Second)
			s.peer.last().send("hello")
			s.peer.last().send("HEARTBEAT") // answers none of ours
		}
		reply, _ := s.ask(messages.Ping{}).(messages.Reply)
		if !errors.Is(reply.Err, messages.ReasonSlowConsumer) || len(s.pongs) != 0 {
			t.Errorf("the answer is %v, the pongs are %v", reply, s.pongs)
		}
		s.peer.last().clog(false)
		s.after(3 * time.Second)
		s.expect(`
			30s heard "hello"
			1m0s heard "hello"
			1m2.5s peer got "BEAT"`)
		s.end()
	})
}

func TestNoHeartbeatFollowsTheGoodbye(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, nil)
		s.connect()
		s.peer.set(func(p *peer) { p.mute = true })
		s.after(12 * time.Second) // the heartbeat is due half a second later
		s.ask(messages.Disconnect{})
		s.after(time.Minute)
		s.expect(`
			12s Closing UserDisconnect
			17s Closed CloseTimeout`)
		s.end()
	})
}

// Heartbeats wait for each other, but not for longer than a part of their interval,
// however patient the channel is with the answers.
func TestHeartbeatsOfAShortIntervalAreNotLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, func(settings *Settings) {
			settings.Protocol = script{login: true, beats: true}
			settings.Keepalive.Interval = 100 * time.Millisecond
		})
		s.peer.answers = obliging
		s.connect()
		s.after(10 * time.Second)
		if n := len(s.peer.last().received()); n < 97 {
			t.Errorf("%d heartbeats were sent in ten seconds", n)
		}
		s.end()
	})
}

// Heartbeats go on, so a dead peer is noticed.
func TestADeadPeerIsNoticedAlthoughASessionLeavesByGoexitOverAHeartbeat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, func(settings *Settings) {
			settings.Protocol = script{leaving: func(what string) {
				if what == "HEARTBEAT" {
					runtime.Goexit()
				}
			}}
		})
		s.connect()
		s.after(36 * time.Second)
		s.expect(`35s Backoff IdleTimeout`)
		s.end()
	})
}
