package supervisor_test

import (
	"fmt"
	"time"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/supervisor"
)

// The delay is drawn evenly from 250 ms to a bound that doubles until it meets
// the cap.
func ExampleBackoff() {
	strategy := supervisor.Backoff{Base: time.Second, Cap: 5 * time.Second}
	for attempt, most := range []time.Duration{1 * time.Second, 2 * time.Second, 4 * time.Second, 5 * time.Second} {
		delay := strategy.Next(supervisor.Failure{Attempt: attempt + 1}).Delay
		fmt.Println("failure", attempt+1, "waits at most", most, delay >= 250*time.Millisecond && delay <= most)
	}
	// Output:
	// failure 1 waits at most 1s true
	// failure 2 waits at most 2s true
	// failure 3 waits at most 4s true
	// failure 4 waits at most 5s true
}

func ExampleFixed() {
	strategy := supervisor.Fixed{Interval: 5 * time.Second}
	fmt.Println(strategy.Next(supervisor.Failure{Attempt: 1}).Delay)
	fmt.Println(strategy.Next(supervisor.Failure{Attempt: 100}).Delay)
	// Output:
	// 5s
	// 5s
}

// A strategy is a function of what failed. This one does not wait for a server
// that says it restarts.
func ExampleStrategyFunc() {
	ordinary := supervisor.Fixed{Interval: 10 * time.Second}
	strategy := supervisor.StrategyFunc(func(f supervisor.Failure) supervisor.Verdict {
		if f.Reason.Wire.Code == 1012 && f.Attempt == 1 {
			return supervisor.Verdict{Delay: 500 * time.Millisecond}
		}
		return ordinary.Next(f)
	})
	restart := messages.Reason{Code: messages.ReasonPeerClose, Wire: messages.Wire{Scheme: "websocket", Code: 1012, Text: "restart"}}
	fmt.Println(strategy.Next(supervisor.Failure{Attempt: 1, Reason: restart}).Delay)
	fmt.Println(strategy.Next(supervisor.Failure{Attempt: 2, Reason: restart}).Delay)
	// Output:
	// 500ms
	// 10s
}

func ExampleMaxRetries() {
	strategy := supervisor.MaxRetries(3, supervisor.Fixed{Interval: time.Second})
	fmt.Println(strategy.Next(supervisor.Failure{Attempt: 3}).Delay)
	fmt.Println(strategy.Next(supervisor.Failure{Attempt: 4}).GiveUp)
	// Output:
	// 1s
	// 700 RetriesExhausted: all retries were used up
}

func ExampleSuspendAfter() {
	strategy := supervisor.SuspendAfter(3, supervisor.Backoff{})
	verdict := strategy.Next(supervisor.Failure{Attempt: 4})
	fmt.Println(verdict.Suspend, verdict.Delay >= 15*time.Second, verdict.Delay <= 45*time.Second)
	// Output: true true true
}

// The last wait is cut short, so that there is a try at the deadline itself.
func ExampleGiveUpAfter() {
	strategy := supervisor.GiveUpAfter(time.Minute, supervisor.Fixed{Interval: 25 * time.Second})
	for _, elapsed := range []time.Duration{0, 25 * time.Second, 50 * time.Second} {
		fmt.Println(strategy.Next(supervisor.Failure{Elapsed: elapsed}).Delay)
	}
	fmt.Println(strategy.Next(supervisor.Failure{Elapsed: time.Minute}).GiveUp)
	// Output:
	// 25s
	// 25s
	// 10s
	// 308 GiveUpDeadline: the channel was not up within the time it was given
}

func ExampleHonourRetryAfter() {
	strategy := supervisor.HonourRetryAfter(supervisor.Fixed{Interval: time.Second})
	busy := messages.Reason{Code: messages.ReasonTryLater, RetryAfter: time.Minute}
	delay := strategy.Next(supervisor.Failure{Attempt: 1, Reason: busy}).Delay
	fmt.Println(delay >= time.Minute, delay <= 72*time.Second)
	// Output: true true
}

// Strategies wrap one another, and what is wrong with any of them is reported
// at once. Opening a channel does this for its own.
func ExampleCheckStrategy() {
	fmt.Println(supervisor.CheckStrategy(supervisor.MaxRetries(5, supervisor.Fixed{Interval: -time.Second, Jitter: 3})))
	// Output:
	// strategy: InvalidSpec: Fixed.Interval is -1s; it must be above zero
	// strategy: InvalidSpec: Fixed.Jitter is 3; it is a part of the interval, from 0 to 1
}
