package wukongim

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/transport"
	"github.com/seed14814784/holdfast/transport/wukongim/api"
	"github.com/seed14814784/holdfast/transport/wukongim/wukongimtest"
)

// What a session asks is answered alike by both generations, as far as they can.
func TestTheAPISyncsWithBothGenerations(t *testing.T) {
	type answers struct {
		In, Out, Nowhere, Peer Membership
		Last, Strangers        uint64
		Said                   []string
		More                   bool
	}
	for profile, want := range map[wukongimtest.Profile]answers{
		wukongimtest.V2: {Member, NotMember, NotMember, CannotTell, 3, 0, []string{"2 alice two", "3 alice three"}, false},
		wukongimtest.V3: {Member, NotMember, NotMember, CannotTell, 3, 0, []string{"2 alice two", "3 alice three"}, false},
	} {
		t.Run(fmt.Sprint(profile), func(t *testing.T) {
			server := wukongimtest.NewServer(profile, wukongimtest.WithTest(t))
			server.AddChannel("tea", byte(Group), "alice", "bob")
			for _, text := range []string{"one", "two", "three"} {
				server.Send("alice", "tea", byte(Group), []byte(text))
			}
			syncer := API(&api.Client{URL: server.API, HTTP: server.Client()})
			member := func(uid string, channel Channel) Membership {
				answer, err := syncer.Member(t.Context(), uid, channel)
				if err != nil {
					t.Error(err)
				}
				return answer
			}
			tea, bob := Channel{Group, "tea"}, Channel{Person, "bob"}
			got := answers{In: member("bob", tea), Out: member("carol", tea), Nowhere: member("bob", Channel{Group, "coffee"}), Peer: member("alice", bob)}
			page, err := syncer.History(t.Context(), "bob", tea, 1, 10)
			for _, m := range page.Messages {
				got.Said = append(got.Said, fmt.Sprint(m.Seq, " ", m.From, " ", string(m.Payload)))
			}
			got.More = page.More
			var latest, strangers error
			got.Last, latest = syncer.Latest(t.Context(), "bob", tea)
			got.Strangers, strangers = syncer.Latest(t.Context(), "alice", bob)
			if !reflect.DeepEqual(got, want) || err != nil || latest != nil || strangers != nil {
				t.Errorf("it says\n%+v and should say\n%+v; %v, %v, %v", got, want, err, latest, strangers)
			}
		})
	}
}

// A session asks before it says that a room is joined, and again when it was away: the
// answer of a server that is down is not a no.
func TestAnAPIThatIsDownSaysNothingAboutMembers(t *testing.T) {
	server := wukongimtest.NewServer(wukongimtest.V2, wukongimtest.WithTest(t))
	syncer := API(&api.Client{URL: server.API, HTTP: server.Client(), Timeout: time.Minute})
	server.Kill()
	answer, err := syncer.Member(t.Context(), "bob", Channel{Group, "tea"})
	reason := transport.ReasonOf(err, messages.ReasonSyncFailed)
	if answer != CannotTell || err == nil || permanent(err) || reason.Class() != messages.ClassTransient {
		t.Error(answer, reason)
	}
}
