package wukongim

import (
	"strconv"
	"time"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/transport"
	"github.com/seed14814784/holdfast/transport/wukongim/internal/wire"
)

// Open logs in.
func (s *session) Open(link transport.Link) error {
	if err := checkUID(s.uid); err != nil {
		return unusable(err)
	}
	if s.token.Secret == (messages.Secret{}) && !s.Anonymous {
		return &messages.Error{Op: "login", Reason: messages.Because(messages.ReasonCredUnavailable,
			"there is no token for the uid %q: give the channel Credentials or its target a Token, or set Options.Anonymous", s.uid)}
	}
	keys, err := wire.NewKeyPair()
	if err != nil {
		return err
	}
	s.keys, s.opened = keys, time.Now()
	frame, err := s.tongue.login(&wire.Connect{
		Version: s.Version, Device: byte(s.Device), DeviceID: s.device, UID: s.uid, Token: s.token.Secret,
		At: s.opened.UnixMilli(), Key: keys.Public(),
	})
	if err != nil {
		return unusable(err)
	}
	link.Keep(s.memory)
	return link.Write(frame)
}

// unusable is an error about what we log in with: another attempt would not help.
func unusable(err error) error {
	reason, _ := messages.ReasonOf(err)
	return &messages.Error{Op: "login", Reason: messages.Because(messages.ReasonCredUnavailable, "%s", reason.Detail), Err: err}
}

// connack takes the answer to the login.
func (s *session) connack(link transport.Link, p wire.Connack) error {
	if s.up {
		return malformed("a second CONNACK came")
	}
	s.memory.silent = 0
	if reason := ReasonCode(p.Reason).login(); reason.Code != messages.ReasonOK {
		return &messages.Error{Op: "login", Reason: reason}
	}
	version, err := s.negotiated(p.ServerVersion)
	if err != nil {
		return err
	}
	cipher, err := s.keys.Agree(p.Key, p.Salt)
	if err != nil {
		return err
	}
	s.tongue.agreed(version, cipher)
	s.up = true
	if version >= wire.VersionWide || s.memory.drops {
		s.deduplicates(link)
	}
	s.resume()
	login := transport.Login{Heartbeat: s.Options.Heartbeat, Sync: s.Syncer != nil}
	if p.Node != 0 {
		login.Node = strconv.FormatUint(p.Node, 10)
	}
	link.LoggedIn(login)
	if login.Sync {
		s.catchUp(link)
	}
	return nil
}

// negotiated is the version that holds from here on. A server says which, unless we
// offered one from before servers did.
func (s *session) negotiated(said byte) (byte, error) {
	switch {
	case said == 0 && s.Version < wire.VersionNode:
		return s.Version, nil
	case said >= wire.VersionExpire && said <= s.Version:
		return said, nil
	}
	return 0, &messages.Error{Op: "login", Reason: messages.Because(messages.ReasonUnsupportedVersion,
		"the server answers version %d to an offer of %d; 3 to 6 are spoken here", said, s.Version)}
}
