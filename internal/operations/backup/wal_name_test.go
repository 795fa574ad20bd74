package backup

import (
	"testing"
	"time"
)

func TestNamesOfWAL(t *testing.T) {
	const folder = "wal/7300000000000000001/"
	for name, want := range map[string]bool{
		folder + "000000010000000000000003": true, folder + "000000010000000000000003.partial": true, folder + "00000002.history": true,
		stateName("7300000000000000001", 1): true, stateName("7300000000000000001", 1) + "-" + time.Now().UTC().Format(stateStamp): true,
		folder + "dump.sql": false, folder: false, "wal/dump": false, "wal/x/000000010000000000000003": false, folder + "state-copy": false, folder + "000000010000000000000003.sql": false,
	} {
		if isWAL(name) != want {
			t.Errorf("%s: %v", name, !want)
		}
	}
}
