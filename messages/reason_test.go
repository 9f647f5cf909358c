package messages_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/seed14814784/holdfast/messages"
)

func TestEveryCodeHasANameAMeaningAndAClassThatFitsItsHundred(t *testing.T) {
	names := map[string]messages.Code{}
	for _, c := range messages.Codes() {
		if strings.HasPrefix(c.String(), "Code(") || !strings.Contains(c.Error(), ": ") {
			t.Errorf("%d has no name or no meaning: %s", c, c.Error())
		}
		if other, taken := names[c.String()]; taken {
			t.Errorf("%d and %d are both called %s", c, other, c)
		}
		names[c.String()] = c
		if c/100 == 6 && !c.Class().Final() {
			t.Errorf("%s: what a server says in the 600s is final, but its class is %s", c, c.Class())
		}
		if c/100 == 5 && c.Class().Final() {
			t.Errorf("%s: what a server says in the 500s is retried, but its class is %s", c, c.Class())
		}
		if c.Class().Final() && c.Action() == messages.ActionWait {
			t.Errorf("%s is final, but advises to wait", c)
		}
	}
	if len(names) < 100 {
		t.Errorf("the catalogue has only %d codes", len(names))
	}
}

func TestErrorsAreAskedByCodeAndGiveTheirReason(t *testing.T) {
	err := fmt.Errorf("around: %w", &messages.Error{
		Op: "send", Channel: "c", Err: io.EOF,
		Reason: messages.Because(messages.ReasonOutboxFull, "%d messages wait", 3),
	})
	if !errors.Is(err, messages.ReasonOutboxFull) || !errors.Is(err, io.EOF) || errors.Is(err, messages.ReasonTooLarge) {
		t.Error("errors.Is does not see the code, or sees another")
	}
	reason, ok := messages.ReasonOf(err)
	if want := messages.Because(messages.ReasonOutboxFull, "3 messages wait"); !ok || reason != want {
		t.Errorf("the reason is %+v", reason)
	}
	if got, want := err.Error(), `around: send "c": OutboxFull: 3 messages wait: EOF`; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if _, ok := messages.ReasonOf(io.EOF); ok {
		t.Error("an error without a reason has one")
	}
}

func TestSecretsDoNotPrint(t *testing.T) {
	command := messages.Renew{Token: messages.NewToken("hunter2")}
	text, err := command.Token.Secret.MarshalText()
	if err != nil {
		t.Fatal(err)
	}
	for _, printed := range []string{
		fmt.Sprint(command), fmt.Sprintf("%+v", command), fmt.Sprintf("%#v", command),
		fmt.Sprintf("%s %q %x", command.Token, command.Token, command.Token), string(text),
	} {
		if strings.Contains(printed, "hunter2") || strings.Contains(printed, "68756e74657232") {
			t.Errorf("the secret is in %q", printed)
		}
	}
	if command.Token.Secret.Reveal() != "hunter2" {
		t.Error("the secret is lost")
	}
}

func TestEveryStatusHasANameAndAPhase(t *testing.T) {
	phases := map[messages.Phase][]messages.Status{}
	for _, s := range messages.Statuses() {
		if strings.Contains(s.String(), "(") {
			t.Errorf("status %d has no name", s)
		}
		phases[s.Phase()] = append(phases[s.Phase()], s)
	}
	want := map[messages.Phase][]messages.Status{
		messages.PhaseDown:       {messages.Idle},
		messages.PhaseConnecting: {messages.Queued, messages.Preparing, messages.Dialing, messages.Authenticating, messages.Syncing},
		messages.PhaseUp:         {messages.Ready},
		messages.PhaseWaiting:    {messages.Backoff, messages.Suspended, messages.Held},
		messages.PhaseLeaving:    {messages.Draining, messages.Closing},
		messages.PhaseEnded:      {messages.Closed, messages.Kicked, messages.Failed},
	}
	if fmt.Sprint(phases) != fmt.Sprint(want) {
		t.Errorf("got %v, want %v", phases, want)
	}
}

func ExampleStatusChanged_String() {
	fmt.Println(messages.StatusChanged{
		Channel: "feed-7", Prev: messages.Ready, Cur: messages.Kicked,
		Reason: messages.Reason{
			Code: messages.ReasonKickedOtherDevice,
			Wire: messages.Wire{Scheme: "websocket", Code: 4001, Text: "replaced"},
		},
		Action: messages.ActionTakeOver,
	})
	// Output: feed-7 Ready -> Kicked reason=KickedOtherDevice (websocket 4001 "replaced") action=TakeOver
}

func ExampleCode() {
	err := error(&messages.Error{Op: "send", Channel: "c", Reason: messages.Reason{Code: messages.ReasonNotConnected}})
	fmt.Println(errors.Is(err, messages.ReasonNotConnected))
	fmt.Println(err)
	// Output:
	// true
	// send "c": NotConnected: the channel is not connected and not about to be
}
