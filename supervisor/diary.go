package supervisor

import (
	"math/bits"

	"github.com/sirupsen/logrus"

	"github.com/seed14814784/holdfast/messages"
)

// diary writes events as log lines. A channel in trouble repeats itself; of
// equal lines only the 1st, 2nd, 4th, 8th and so on are written, with their
// number, until the channel has been stable again. It is used by one listener.
//
// The numbers on the wire are the peer's choice, and could be many: beyond
// maxLines, lines of one status count as equal.
type diary struct {
	log     *logrus.Entry
	repeats map[messages.ChannelID]map[line]uint
}

// line is what makes two log lines of a channel equal.
type line struct {
	status messages.Status
	code   messages.Code
	wire   int
}

// maxLines bounds what is remembered of one channel.
const maxLines = 64

func newDiary(log *logrus.Entry) *diary {
	return &diary{log: log, repeats: map[messages.ChannelID]map[line]uint{}}
}

func (d *diary) note(event messages.Event) {
	switch e := event.(type) {
	case messages.StatusChanged:
		d.changed(e)
	case messages.Stopped:
		delete(d.repeats, e.Channel)
		d.log.WithField("channel", string(e.Channel)).Debug("channel gone")
	case messages.EndpointChanged:
		entry := d.log.WithFields(logrus.Fields{"endpoint": e.Endpoint, "waiting": e.Waiting})
		if e.Open {
			entry.Warn("endpoint is down, only probes are let through")
		} else {
			entry.Info("endpoint is back")
		}
	case messages.GateChanged:
		d.gateChanged(e)
	case messages.RoomChanged:
		d.roomChanged(e)
	case messages.Finding:
		d.log.WithFields(logrus.Fields{"channel": string(e.Channel), "reason": e.Reason.Code.String(), "advice": e.Advice}).Warn("look at this: " + e.Reason.String())
	case messages.TokenWillExpire:
		d.log.WithFields(logrus.Fields{"channel": string(e.Channel), "expires": e.Expires}).Debug("the login ends soon")
	case messages.Missed:
		d.log.WithField("count", e.Count).Warn("log lines were left out")
	}
}

// gateChanged writes of a pause what its channels do not: they are many.
func (d *diary) gateChanged(e messages.GateChanged) {
	fields := logrus.Fields{"waiting": e.Waiting, "reason": e.Reason.Code.String()}
	if e.Endpoint != "" {
		fields["endpoint"] = e.Endpoint
	}
	if e.Paused {
		d.log.WithFields(fields).Warn("dials are paused: " + e.Reason.String())
	} else {
		d.log.WithFields(fields).Info("dials go on")
	}
}

// roomChanged writes of the rooms that end unasked. What ends with the channel is
// in the channel's own line.
func (d *diary) roomChanged(e messages.RoomChanged) {
	switch e.Cur {
	case messages.RoomLost, messages.RoomGone, messages.RoomKicked, messages.RoomFailed:
	default:
		return
	}
	if e.Reason.Code == messages.ReasonConnTerminal {
		return
	}
	d.log.WithFields(logrus.Fields{
		"channel": string(e.Channel), "room": string(e.Room), "status": e.Cur.String(), "reason": e.Reason.Code.String(),
	}).Warn("room is " + e.Cur.String() + ": " + e.Reason.String())
}

func (d *diary) changed(e messages.StatusChanged) {
	level := severity(e)
	if !d.log.Logger.IsLevelEnabled(level) {
		return
	}
	if e.Prev == messages.Ready && e.Attempt == 0 {
		delete(d.repeats, e.Channel) // it had been stable: what comes now is news
	}
	count := d.count(e)
	if bits.OnesCount(count) != 1 {
		return
	}
	fields := logrus.Fields{"channel": string(e.Channel), "status": e.Cur.String(), "from": e.Prev.String(), "epoch": uint64(e.Epoch)}
	if e.Reason.Code != messages.ReasonOK {
		fields["reason"] = e.Reason.Code.String()
	}
	if e.Attempt > 0 {
		fields["attempt"] = e.Attempt
	}
	if e.RetryIn > 0 {
		fields["retry_in"] = e.RetryIn.String()
	}
	if e.Action != messages.ActionNone {
		fields["action"] = e.Action.String()
	}
	if e.Node != "" {
		fields["node"] = e.Node
	}
	if count > 1 {
		fields["times"] = count
	}
	text := "channel is " + e.Cur.String()
	if !e.Reason.IsZero() {
		text += ": " + e.Reason.String()
	}
	d.log.WithFields(fields).Log(level, text)
}

func (d *diary) count(e messages.StatusChanged) uint {
	lines := d.repeats[e.Channel]
	if lines == nil {
		lines = map[line]uint{}
		d.repeats[e.Channel] = lines
	}
	l := line{e.Cur, e.Reason.Code, e.Reason.Wire.Code}
	if lines[l] == 0 && len(lines) >= maxLines {
		l = line{status: e.Cur}
	}
	lines[l]++
	return lines[l]
}

// severity is how loud a change is: what ends a channel is an error, what
// interrupts it a warning, the steps of an attempt are for debugging.
func severity(e messages.StatusChanged) logrus.Level {
	switch e.Cur {
	case messages.Kicked, messages.Failed:
		return logrus.ErrorLevel
	case messages.Backoff, messages.Suspended:
		if e.Reason.Class() == messages.ClassStarved {
			return logrus.DebugLevel // the gate's pause is in a line of its own
		}
		if e.Planned {
			return logrus.InfoLevel
		}
		return logrus.WarnLevel
	case messages.Ready:
		if e.Degraded {
			return logrus.WarnLevel
		}
		return logrus.InfoLevel
	case messages.Held, messages.Closed:
		return logrus.InfoLevel
	default:
		return logrus.DebugLevel
	}
}
