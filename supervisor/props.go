package supervisor

import (
	"log/slog"
	"slices"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/sirupsen/logrus"
	logrusslog "github.com/sirupsen/logrus/hooks/slog"

	"github.com/seed14814784/holdfast/messages"
)

// Open asks the supervisor actor for a channel; the answer is [Opened].
type Open struct{ Spec Spec }

// Opened answers Open: the channel's PID, or why there is none. The PID takes
// the commands of package messages for as long as the channel lives.
type Opened struct {
	ID      messages.ChannelID
	Channel *actor.PID
	Err     error
}

// IgnoreDeadLetterLogging keeps it out of the dead-letter log.
func (Open) IgnoreDeadLetterLogging() {}

// IgnoreDeadLetterLogging keeps it out of the dead-letter log.
func (Opened) IgnoreDeadLetterLogging() {}

// Props makes the supervisor actor of a fleet, for programs that live among
// actors: spawn it, send it [Open], send the commands of package messages to
// the PIDs that come back, and subscribe to the system's EventStream for the
// events. [messages.NetworkDown] and NetworkUp are taken by the supervisor, for
// all channels, as well as by each PID. Stopping the actor closes the fleet.
//
// One Props is one fleet: spawn it once. The system is the one that spawns it;
// WithSystem names it in advance.
func Props(system *actor.ActorSystem, opts ...Option) (*actor.Props, error) {
	o, err := collect(slices.Concat(opts, []Option{WithSystem(system)}))
	if err != nil {
		return nil, err
	}
	return newHouse(o).props(true), nil
}

// props makes the supervisor actor. With forward, events go to the system's
// EventStream as well, from a goroutine of their own: the stream runs its
// subscribers on whoever publishes, and an actor must not wait for those.
func (h *house) props(forward bool) *actor.Props {
	h.system = h.options.system
	if forward {
		stream := h.system.EventStream
		h.bus.join(&newListener("event stream", h.queue, &h.workers, h.observerPanicked, func(e messages.Event) { stream.Publish(e) }).observer, nil)
	}
	return actor.PropsFromProducer(
		func() actor.Actor {
			return &root{house: h, crashes: map[string][]time.Time{}}
		},
		actor.WithMailbox(actor.UnboundedLockfree()),
		actor.WithDispatcher(h.crew),
	)
}

// openFor answers an Open that came by the actors' door.
func (r *root) openFor(ctx actor.Context, m Open) {
	ch, err := r.open(m.Spec)
	if err != nil {
		ctx.Respond(Opened{ID: m.Spec.ID, Err: err})
		return
	}
	sender, root := ctx.Sender(), ctx.ActorSystem().Root
	if sender == nil {
		return
	}
	ch.whenSpawned(func(pid *actor.PID) {
		opened := Opened{ID: m.Spec.ID, Channel: pid}
		if pid == nil {
			opened.Err = r.refusal(m.Spec.ID)
		}
		root.Send(sender, opened)
	})
}

// SystemLogger makes an actor system write its own log lines to logrus:
//
//	system := actor.NewActorSystem(supervisor.SystemLogger(logrus.StandardLogger()))
//
// What protoactor calls Info it says for every lost connection; here that is
// Debug. The system that a fleet makes for itself has it.
func SystemLogger(logger *logrus.Logger) actor.ConfigOption {
	return actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger {
		return slog.New(logrusslog.NewHandler(logger, &logrusslog.HandlerOptions{LevelMapper: demote})).With("lib", "protoactor")
	})
}

func demote(level slog.Level) logrus.Level {
	switch {
	case level >= slog.LevelError:
		return logrus.ErrorLevel
	case level >= slog.LevelWarn:
		return logrus.WarnLevel
	}
	return logrus.DebugLevel
}
