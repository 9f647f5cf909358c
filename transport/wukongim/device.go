package wukongim

import "fmt"

// DeviceFlag is the kind of device that a login is for. Logins of one uid with the
// same flag replace each other, if the level of their token is [Master].
type DeviceFlag byte

// The kinds of devices.
const (
	App    DeviceFlag = 0
	Web    DeviceFlag = 1
	PC     DeviceFlag = 2
	System DeviceFlag = 99
)

// String returns the flag's name, such as "Web".
func (f DeviceFlag) String() string {
	switch f {
	case App:
		return "App"
	case Web:
		return "Web"
	case PC:
		return "PC"
	case System:
		return "System"
	}
	return fmt.Sprintf("DeviceFlag(%d)", byte(f))
}

// DeviceLevel says whether a login takes the place of others. It belongs to the token
// and is set with it; a login cannot choose it.
type DeviceLevel byte

// The levels.
const (
	Slave  DeviceLevel = 0 // stays next to others
	Master DeviceLevel = 1 // one per flag
)

// String returns "Slave" or "Master".
func (l DeviceLevel) String() string {
	switch l {
	case Slave:
		return "Slave"
	case Master:
		return "Master"
	}
	return fmt.Sprintf("DeviceLevel(%d)", byte(l))
}
