package supervisor

import (
	"fmt"
	"runtime/debug"
	"time"

	"github.com/seed14814784/holdfast/messages"
)

// reporter is told what panicked in a channel.
type reporter func(channel messages.ChannelID, what string, stack []byte)

// strategy composes what a specification says about retrying. From the inside
// out: when to try again, how often, not counting what is tried offline, what the
// server asked for, until when, whether at all, and a guard around all of it. The
// deadline comes after the server's wish, so that a Retry-After cannot reach past
// it unnoticed.
func (s Spec) strategy(standard Strategy, random func() float64, offline func() bool, report reporter) Strategy {
	chosen := s.Strategy
	if chosen == nil {
		chosen = standard
	}
	chosen = seeded(chosen, random)
	if s.MaxRetries > 0 {
		if s.Exhausted == Suspend {
			chosen = SuspendAfter(s.MaxRetries, chosen)
		} else {
			chosen = MaxRetries(s.MaxRetries, chosen)
		}
	}
	chosen = HonourRetryAfter(unlessOffline(chosen, offline, s.Timeouts.ProbeAfter, random))
	if s.GiveUpAfter > 0 && s.GiveUpAfter != Never {
		chosen = GiveUpAfter(s.GiveUpAfter, chosen)
	}
	return guard(s.Restart.wrap(chosen), report)
}

// unlessOffline keeps a strategy from giving up while the fleet is told that there
// is no network. What a channel tries then only shows whether the hint is wrong;
// it goes on about as often as hints are doubted, until the hint is taken back and its
// attempts count from 0.
func unlessOffline(strategy Strategy, offline func() bool, doubt time.Duration, random func() float64) Strategy {
	return StrategyFunc(func(f Failure) Verdict {
		v := strategy.Next(f)
		if v.GiveUp != messages.ReasonOK && offline() {
			return Verdict{Delay: between(doubt/2, stretch(doubt, 1.5), random)} // not all of a fleet at once
		}
		return v
	})
}

// roomStrategy does the same for joins that were not granted.
func (s Spec) roomStrategy(random func() float64, report reporter) func(messages.RoomPolicy) Strategy {
	chosen := s.RoomStrategy
	if chosen == nil {
		chosen = Backoff{}
	}
	chosen = seeded(chosen, random)
	endless := guard(HonourRetryAfter(chosen), report)
	return func(policy messages.RoomPolicy) Strategy {
		if policy.MaxRetries == 0 {
			return endless // shared by all rooms that have nothing of their own
		}
		return guard(HonourRetryAfter(MaxRetries(policy.MaxRetries, chosen)), report)
	}
}

// seeded gives the fleet's source of chance to a strategy that draws from it.
func seeded(s Strategy, random func() float64) Strategy {
	switch s := s.(type) {
	case Backoff:
		s.random = &random
		return s
	case Fixed:
		s.random = &random
		return s
	}
	return s
}

// crashedStrategyDelay is how long a channel waits when its strategy crashed.
const crashedStrategyDelay = 30 * time.Second

// guard keeps a strategy that panics from crashing the channel that asked it: a
// channel that crashes asks its strategy, which would crash it again. The
// channel waits for a fixed time instead, and the panic is reported. One that leaves by
// runtime.Goexit does crash it: there is nobody left to wait.
func guard(strategy Strategy, report reporter) Strategy {
	return StrategyFunc(func(f Failure) (v Verdict) {
		decided := false
		defer func() {
			switch p := recover(); {
			case p != nil:
				report(f.Channel, fmt.Sprint("the restart strategy panicked: ", p), debug.Stack())
				v = Verdict{Delay: crashedStrategyDelay}
			case !decided:
				panic("the restart strategy left by Goexit")
			}
		}()
		v = strategy.Next(f)
		decided = true
		return v
	})
}
