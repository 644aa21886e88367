package runner

import (
	"fmt"
	"strings"
	"testing"

	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"dev.partita/testbed/controlplane"
)

func TestEveryPodGetsItsOwnAddressUntilNoneIsLeft(t *testing.T) {
	taken := map[string]int{}
	seen := map[int]bool{}
	for index := range lastHost - firstHost + 1 {
		name := fmt.Sprintf("default/pod-%d", index)
		host, err := chooseHost(name, taken)
		if err != nil {
			t.Fatal(err)
		}
		if host < firstHost || host > lastHost || seen[host] {
			t.Fatalf("pod %d got %d", index, host)
		}
		seen[host], taken[name] = true, host
	}
	if _, err := chooseHost("default/one-more", taken); err == nil {
		t.Error("one address too many")
	}
}

func TestAddressIsDerivedFromTheName(t *testing.T) {
	first, _ := chooseHost("default/db-0", nil)
	second, _ := chooseHost("default/db-0", map[string]int{"default/other": first%lastHost + 1})
	if first != second {
		t.Errorf("%d and %d", first, second)
	}
}

func TestAddressesOutliveARestart(t *testing.T) {
	directory := &controlplane.Directory{Root: t.TempDir()}
	book, claim, err := openAddressBook(directory)
	if err != nil {
		t.Fatal(err)
	}
	first, err := book.assign("default/db-0")
	if err != nil {
		t.Fatal(err)
	}
	// While the first holds its block, another book must not get it.
	other, otherClaim, err := openAddressBook(&controlplane.Directory{Root: directory.Root})
	if err != nil {
		t.Fatal(err)
	}
	if other.network() == book.network() {
		t.Errorf("both have %s", book.network())
	}
	_ = otherClaim.Close()
	_ = claim.Close()
	if err := book.save(); err != nil {
		t.Fatal(err)
	}
	again, claim, err := openAddressBook(directory)
	if err != nil {
		t.Fatal(err)
	}
	defer claim.Close()
	if second, err := again.assign("default/db-0"); err != nil || second != first {
		t.Errorf("%s became %s, %v", first, second, err)
	}
}

func TestHostsLineHasBothNames(t *testing.T) {
	pod := &v1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "db-0"},
		Spec:       v1.PodSpec{Hostname: "db-0", Subdomain: "db"},
	}
	if got, want := hostsLine(pod, "127.0.1.2"), "127.0.1.2 db-0.db.ns.svc.cluster.local db-0.db.ns.svc"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	pod.Spec.Subdomain = ""
	if got := hostsLine(pod, "127.0.1.2"); got != "" {
		t.Errorf("a pod without a service has %q", got)
	}
}

func TestTailStartsAtTheWantedLine(t *testing.T) {
	for _, test := range []struct {
		text  string
		begin int64
		lines int
		want  int64
	}{
		{"a\nb\nc\n", 0, 1, 4},
		{"a\nb\nc", 0, 2, 2},
		{"a\nb\nc\n", 0, 9, 0},
		{"a\nb\nc\n", 2, 9, 2},
		{"a\nb\nc\n", 0, 0, 6},
		{"", 0, 3, 0},
	} {
		got, err := tailStart(strings.NewReader(test.text), test.begin, int64(len(test.text)), test.lines)
		if err != nil || got != test.want {
			t.Errorf("%+v: got %d, %v", test, got, err)
		}
	}
}
