package supervisor

import (
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/seed14814784/holdfast/actors/lifecycle"
	"github.com/seed14814784/holdfast/messages"
)

// A restart strategy answers a [Failure] with a [Verdict]: when to try again,
// or that it is over. Strategies are functions that wrap functions.
type (
	// Failure is what a strategy is asked about.
	Failure = lifecycle.Failure
	// Verdict is its answer.
	Verdict = lifecycle.Verdict
	// Strategy decides after every failure of a channel.
	Strategy = lifecycle.Strategy
	// StrategyFunc is a function that is a Strategy.
	StrategyFunc = lifecycle.StrategyFunc
)

// wrapper is a strategy around another one.
type wrapper struct {
	Strategy
	inner Strategy
	wrong string // what is wrong with its own parameter; "" if nothing
}

func (w wrapper) check() error {
	var errs []error
	if w.wrong != "" {
		errs = append(errs, strategyError("%s", w.wrong))
	}
	return errors.Join(append(errs, CheckStrategy(w.inner))...)
}

func wrap(inner Strategy, wrong string, next func(Failure) Verdict) Strategy {
	return wrapper{StrategyFunc(next), inner, wrong}
}

// CheckStrategy reports everything that is wrong with a strategy and the ones
// it wraps: negative durations, a jitter above 1, a floor above its cap, a nil
// inside. Functions are taken as they are.
func CheckStrategy(s Strategy) error {
	if isNil(s) {
		return strategyError("a strategy is nil; use supervisor.Backoff{}")
	}
	switch s := s.(type) {
	case wrapper:
		return s.check()
	case interface{ Check() error }:
		return s.Check()
	}
	return nil
}

// isNil also finds a nil function or pointer in an interface that is not nil.
func isNil(part any) bool {
	switch v := reflect.ValueOf(part); v.Kind() {
	case reflect.Invalid:
		return true
	case reflect.Func, reflect.Pointer:
		return v.IsNil()
	default:
		return false
	}
}

func strategyError(format string, args ...any) error {
	return &messages.Error{Op: "strategy", Reason: messages.Because(messages.ReasonInvalidSpec, format, args...)}
}

// MaxRetries lets a channel try n times in a row without being stable, then
// ends it with ReasonRetriesExhausted. n <= 0 is for ever.
func MaxRetries(n int, inner Strategy) Strategy {
	return wrap(inner, "", func(f Failure) Verdict {
		if n > 0 && f.Attempt > n {
			return Verdict{GiveUp: messages.ReasonRetriesExhausted}
		}
		return inner.Next(f)
	})
}

// SuspendAfter lets a channel try n times in a row without being stable, then
// puts it into Suspended: continuity is given up, retries go on at the inner
// strategy's slow pace. n <= 0 is never.
func SuspendAfter(n int, inner Strategy) Strategy {
	return wrap(inner, "", func(f Failure) Verdict {
		if n <= 0 || f.Attempt <= n {
			return inner.Next(f)
		}
		f.Suspended = true
		v := inner.Next(f)
		v.Suspend = true
		return v
	})
}

// GiveUpAfter ends a channel that was not up for d with ReasonGiveUpDeadline.
// The last wait is cut short so that there is one more try at the deadline, and
// the end comes no later than that try takes. If the peer asked us not to come
// back before the deadline, there is nothing to wait for and the end is now.
// d = 0 is never.
//
// It is asked after each failure, like every strategy. Spec.GiveUpAfter also ends
// a channel that queues at an endpoint whose breaker is open, on time.
func GiveUpAfter(d time.Duration, inner Strategy) Strategy {
	wrong := ""
	if d < 0 {
		wrong = fmt.Sprintf("GiveUpAfter got %s; a duration must not be negative", d)
	}
	return wrap(inner, wrong, func(f Failure) Verdict {
		if d <= 0 {
			return inner.Next(f)
		}
		if f.Elapsed >= d || f.Reason.RetryAfter >= d-f.Elapsed {
			return Verdict{GiveUp: messages.ReasonGiveUpDeadline}
		}
		v := inner.Next(f)
		v.Delay = min(v.Delay, d-f.Elapsed)
		return v
	})
}

// HonourRetryAfter makes the peer's Retry-After a floor for the delay, spread
// upward by up to a fifth so that those who were told the same time do not come
// together. It wins over any cap. Every fleet wraps every strategy in it.
func HonourRetryAfter(inner Strategy) Strategy { return honourRetryAfter(inner, random) }

func honourRetryAfter(inner Strategy, random func() float64) Strategy {
	return wrap(inner, "", func(f Failure) Verdict {
		v := inner.Next(f)
		v.Delay = max(v.Delay, 0)
		if asked := f.Reason.RetryAfter; asked > 0 && v.GiveUp == messages.ReasonOK {
			v.Delay = max(v.Delay, asked, stretch(asked, 1+random()/5)) // the product is rounded, also down
		}
		return v
	})
}

// Restart is which endings of a connection are followed by another one.
type Restart uint8

const (
	// Transient retries, unless the ending's class is final: refused for good,
	// kicked, banned. It is the default.
	Transient Restart = iota
	// Permanent retries after final endings too, kicks excepted.
	Permanent
	// Temporary never retries: the first ending is the channel's, with its own
	// reason.
	Temporary
)

// String returns the restart type's name.
func (r Restart) String() string {
	switch r {
	case Transient:
		return "Transient"
	case Permanent:
		return "Permanent"
	case Temporary:
		return "Temporary"
	}
	return fmt.Sprintf("Restart(%d)", uint8(r))
}

// commands is the hundred of the reasons for what the user asked for.
const commands = 100

// wrap makes a strategy of the restart type. What was planned, and what the
// user asked for, is no ending: a Temporary channel comes back from that.
func (r Restart) wrap(inner Strategy) Strategy {
	if r != Temporary {
		return inner
	}
	return wrap(inner, "", func(f Failure) Verdict {
		if f.Planned || f.Reason.Code/commands == 1 {
			return inner.Next(f)
		}
		if f.Reason.Code == messages.ReasonOK { // else the zero Verdict would retry at once
			return Verdict{GiveUp: messages.ReasonRetriesExhausted}
		}
		return Verdict{GiveUp: f.Reason.Code}
	})
}
