package actors

import (
	"fmt"
	"time"

	"github.com/seed14814784/holdfast/actors/lifecycle"
	"github.com/seed14814784/holdfast/messages"
)

// ending turns a child's failure into the event that the table has for it in
// the channel's status. What the reason's class means depends on how far the
// attempt had come: rejected credentials are refreshed while logging in, but an
// expiry when they were accepted before.
func (c *channel) ending(f failure) lifecycle.Event {
	if f.crash != nil {
		event := lifecycle.Event{Kind: lifecycle.Panic, Reason: messages.Because(messages.ReasonActorPanic, "%v", f.crash.Value)}
		if c.crashed(time.Now()) {
			event.GiveUp = messages.ReasonRestartIntensity
		}
		return event
	}
	reason := f.reason
	if c.state.Status == messages.Preparing && reason.Class() == messages.ClassStale && !f.token.IsZero() {
		c.let().token, c.refresh = f.token, true // the address would have none of it
	}
	if c.state.Status == messages.Closing { // the peer only answered; what led here is the reason
		reason = messages.Reason{Code: c.now.why().Code, Wire: f.reason.Wire, Detail: c.now.why().Detail}
	}
	event := lifecycle.Event{Kind: c.endingKind(f.reason), Reason: reason}
	if code := c.sessionEnded(f.reason); event.Kind == lifecycle.Lost && code != messages.ReasonOK {
		event.GiveUp, event.Reason = code, c.flapping(reason)
	}
	return event
}

func (c *channel) endingKind(reason messages.Reason) lifecycle.Kind {
	class := reason.Class()
	final := class.Final() && !(c.Insist && class != messages.ClassKicked)
	switch c.state.Status {
	case messages.Preparing:
		if final {
			return lifecycle.CredUnavailable
		}
		return lifecycle.PrepareFailed
	case messages.Dialing:
		switch {
		case class == messages.ClassStale:
			return lifecycle.CredStale
		case final:
			return lifecycle.HTTPForbidden
		}
		return lifecycle.DialFailed
	case messages.Authenticating:
		switch {
		case class == messages.ClassStale, reason.Code == messages.ReasonAuthSuspected && !c.state.Refreshed:
			return lifecycle.CredStale
		case class == messages.ClassSessionInvalid:
			return lifecycle.SessionInvalid
		case class == messages.ClassKicked:
			return lifecycle.Kick
		case final:
			return lifecycle.AuthFatal
		}
		return lifecycle.Lost
	case messages.Closing:
		return lifecycle.Lost // we are leaving anyway
	default: // Syncing, Ready, Draining: the others have no connection that could end
		return c.liveEnding(reason, class, final)
	}
}

// liveEnding is endingKind for a connection that was logged in.
func (c *channel) liveEnding(reason messages.Reason, class messages.Class, final bool) lifecycle.Kind {
	ready := c.state.Status == messages.Ready
	switch {
	case class == messages.ClassKicked:
		return lifecycle.Kick
	case final:
		return lifecycle.ServerFatal
	case class == messages.ClassStale && ready && c.refreshable():
		return lifecycle.CredExpired
	case class == messages.ClassStale && ready:
		return lifecycle.CredExpiredNoProvider
	case class == messages.ClassSessionInvalid && c.state.Status == messages.Syncing:
		return lifecycle.SessionInvalid
	case class == messages.ClassReconnectNow && ready:
		return lifecycle.RotateDue // free if stable, else counted
	case reason.Code == messages.ReasonPongTimeout || reason.Code == messages.ReasonIdleTimeout:
		return lifecycle.LivenessDue
	}
	return lifecycle.Lost
}

// PanicValue renders what an actor of this package panicked with.
func PanicValue(cause any) string {
	if c, ok := cause.(crash); ok {
		cause = c.Value
	}
	return fmt.Sprint(cause)
}

// PanicChannel is whose actor panicked; "" if it was not a channel's.
func PanicChannel(cause any) messages.ChannelID {
	if c, ok := cause.(crash); ok {
		return c.Channel
	}
	return ""
}

// PanicStack is the stack of such a panic, or "".
func PanicStack(cause any) string {
	if c, ok := cause.(crash); ok {
		return string(c.Stack)
	}
	return ""
}
