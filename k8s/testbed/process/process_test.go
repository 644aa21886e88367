package process

import (
	"maps"
	"testing"
)

func TestReaperLinesAddAndRemoveGroups(t *testing.T) {
	groups := map[int]bool{}
	for _, line := range []string{"+100", "+200", "-100", "", "+", "+0", "+1", "+-7", "+x"} {
		applyLine(groups, line)
	}
	if want := map[int]bool{200: true}; !maps.Equal(groups, want) {
		t.Errorf("groups = %v, want %v", groups, want)
	}
}
