package supervisor

import (
	"fmt"
	"time"
)

// strategy composes what a specification says about retrying. From the inside
// out: when to try again, when to stop trying, whether to try at all, what the
// server asked for, and a guard around all of it.
func (s Spec) strategy(standard Strategy, report func(what string)) Strategy {
	chosen := s.Strategy
	if chosen == nil {
		chosen = standard
	}
	if s.MaxRetries > 0 {
		if s.Exhausted == Suspend {
			chosen = SuspendAfter(s.MaxRetries, chosen)
		} else {
			chosen = MaxRetries(s.MaxRetries, chosen)
		}
	}
	if s.GiveUpAfter > 0 && s.GiveUpAfter != Never {
		chosen = GiveUpAfter(s.GiveUpAfter, chosen)
	}
	return guard(HonourRetryAfter(s.Restart.wrap(chosen)), report)
}

// crashedStrategyDelay is how long a channel waits when its strategy crashed.
const crashedStrategyDelay = 30 * time.Second

// guard keeps a strategy that panics from crashing the channel that asked it: a
// channel that crashes asks its strategy, which would crash it again. The
// channel waits for a fixed time instead, and the panic is reported.
func guard(strategy Strategy, report func(what string)) Strategy {
	return StrategyFunc(func(f Failure) (v Verdict) {
		defer func() {
			if p := recover(); p != nil {
				report(fmt.Sprint(p))
				v = Verdict{Delay: crashedStrategyDelay}
			}
		}()
		return strategy.Next(f)
	})
}
