package runner

import (
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"io/fs"
	"net"
	"os"
	"sync"

	"dev.partita/testbed/controlplane"
)

// Each testbed owns one block 127.0.<block>.0/24 of the loopback network. The first address of the block is that of
// all its nodes, the others are for pods.
const (
	firstBlock, lastBlock = 1, 254
	nodeHost              = 1
	firstHost, lastHost   = 2, 254
	kubeletPort           = 10250
)

// addressBook gives every pod name an address and keeps it in a file. Safe for concurrent use.
type addressBook struct {
	mutex sync.Mutex
	file  string
	saved savedAddresses
}

// savedAddresses is the file's content. Hosts maps "namespace/pod" to the last number of its address.
type savedAddresses struct {
	Block int            `json:"block"`
	Hosts map[string]int `json:"hosts"`
}

// openAddressBook reads the file and claims a block. The claim is the returned listener on the kubelet port of the
// block's node address: as long as it is open, no other testbed on this machine gets the block.
func openAddressBook(directory *controlplane.Directory) (*addressBook, net.Listener, error) {
	book := &addressBook{file: directory.Path("addresses.json")}
	content, err := os.ReadFile(book.file)
	if err == nil {
		err = json.Unmarshal(content, &book.saved)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, nil, fmt.Errorf("read %s: %w", book.file, err)
	}
	if book.saved.Hosts == nil {
		book.saved.Hosts = map[string]int{}
	}
	if book.saved.Block == 0 {
		book.saved.Block = spread(directory.Root, firstBlock, lastBlock)
	}
	blocks := lastBlock - firstBlock + 1
	for attempt := range blocks {
		block := firstBlock + (book.saved.Block-firstBlock+attempt)%blocks
		listener, err := net.Listen("tcp", fmt.Sprintf("%s:%d", address(block, nodeHost), kubeletPort))
		if err == nil {
			book.saved.Block = block
			return book, listener, book.save()
		}
	}
	return nil, nil, fmt.Errorf("port %d is taken on every address 127.0.x.%d", kubeletPort, nodeHost)
}

// network is the block in CIDR notation.
func (b *addressBook) network() string {
	return address(b.saved.Block, 0) + "/24"
}

// nodeAddress is the address of all nodes.
func (b *addressBook) nodeAddress() string {
	return address(b.saved.Block, nodeHost)
}

// assign returns the address of a pod, always the same one for a name until release.
func (b *addressBook) assign(pod string) (string, error) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	if host, ok := b.saved.Hosts[pod]; ok {
		return address(b.saved.Block, host), nil
	}
	host, err := chooseHost(pod, b.saved.Hosts)
	if err != nil {
		return "", err
	}
	b.saved.Hosts[pod] = host
	return address(b.saved.Block, host), b.save()
}

// release forgets a pod whose name will not come again.
func (b *addressBook) release(pod string) error {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	if _, ok := b.saved.Hosts[pod]; !ok {
		return nil
	}
	delete(b.saved.Hosts, pod)
	return b.save()
}

func (b *addressBook) save() error {
	return controlplane.WriteJSON(b.file, b.saved)
}

// chooseHost derives a number from the pod's name and takes the next free one when it is taken.
func chooseHost(pod string, taken map[string]int) (int, error) {
	used := map[int]bool{}
	for _, host := range taken {
		used[host] = true
	}
	hosts := lastHost - firstHost + 1
	start := spread(pod, firstHost, lastHost)
	for attempt := range hosts {
		host := firstHost + (start-firstHost+attempt)%hosts
		if !used[host] {
			return host, nil
		}
	}
	return 0, fmt.Errorf("all %d pod addresses are taken", hosts)
}

// spread maps a text to a number between first and last, always the same one.
func spread(text string, first, last int) int {
	hash := fnv.New32a()
	_, _ = hash.Write([]byte(text))
	return first + int(hash.Sum32()%uint32(last-first+1))
}

func address(block, host int) string {
	return fmt.Sprintf("127.0.%d.%d", block, host)
}
