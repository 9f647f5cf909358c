package wukongim

import "fmt"

// ChannelType is the kind of a channel. It is a part of the channel's name: the group
// 7 and the live channel 7 have nothing in common.
type ChannelType byte

// The kinds of channels.
const (
	Person          ChannelType = 1 // two users; its id is the other one's uid
	Group           ChannelType = 2
	CustomerService ChannelType = 3
	Community       ChannelType = 4
	CommunityTopic  ChannelType = 5
	Info            ChannelType = 6
	Data            ChannelType = 7
	Temp            ChannelType = 8
	Live            ChannelType = 9
	Visitors        ChannelType = 10
	Agent           ChannelType = 11
	AgentGroup      ChannelType = 12
)

var channelTypeNames = [...]string{
	Person: "Person", Group: "Group", CustomerService: "CustomerService", Community: "Community",
	CommunityTopic: "CommunityTopic", Info: "Info", Data: "Data", Temp: "Temp", Live: "Live",
	Visitors: "Visitors", Agent: "Agent", AgentGroup: "AgentGroup",
}

// String returns the type's name, such as "Group".
func (t ChannelType) String() string {
	if t > 0 && int(t) < len(channelTypeNames) {
		return channelTypeNames[t]
	}
	return fmt.Sprintf("ChannelType(%d)", byte(t))
}
