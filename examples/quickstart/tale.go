package main

import (
	"context"
	"fmt"
	"time"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/supervisor"
)

var start = time.Now()

// say prints what is about to happen.
func say(what string) { fmt.Printf("\n%5.1fs -- %s\n", time.Since(start).Seconds(), what) }

// tell prints every change of status until the fleet is closed. The function it
// returns waits for that and gives the numbers of changes and of times that a
// channel came up.
func tell(fleet *supervisor.Fleet) func() (changes, ready int) {
	done := make(chan struct{})
	var changes, ready int
	go func() {
		defer close(done)
		for event := range fleet.Events(context.Background()) {
			e, ok := event.(messages.StatusChanged)
			if !ok {
				continue
			}
			fmt.Printf("%5.1fs %v\n", time.Since(start).Seconds(), e)
			changes++
			if e.Cur == messages.Ready {
				ready++
			}
		}
	}()
	return func() (int, int) {
		<-done
		return changes, ready
	}
}
