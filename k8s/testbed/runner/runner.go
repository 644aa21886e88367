// Package runner plays the kubelets of a testbed: it keeps the nodes Ready, starts the container of every pod bound
// to one of them as a child process, and reports what becomes of it.
//
// A worker per pod looks at the desired and the actual state whenever something changed, and acts. Only the worker's
// own goroutine changes its state. All reads of the API come from the informers of one cache.
package runner

import (
	"context"
	"fmt"
	"sync"

	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/scheme"
	typedcorev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	corelisters "k8s.io/client-go/listers/core/v1"
	storagelisters "k8s.io/client-go/listers/storage/v1"
	"k8s.io/client-go/rest"
	toolscache "k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/record"

	"dev.partita/testbed/controlplane"
	"dev.partita/testbed/process"
)

// Settings are what a runner needs. Config authenticates as an administrator of the API server at Server.
type Settings struct {
	Config    *rest.Config
	Server    string
	Directory *controlplane.Directory
	Reaper    *process.Reaper
	// NodesFile and ImagesFile may be "".
	NodesFile     string
	ImagesFile    string
	ReportFailure func(error)
}

// Runner runs pods until Stop.
type Runner struct {
	settings  Settings
	client    kubernetes.Interface
	cluster   *cache
	addresses *addressBook
	hosts     *hostsFile
	volumes   *volumes
	recorder  record.EventRecorder
	kubelet   *kubelet
	nodeCount int

	// ctx ends with Stop; then every worker stops its process.
	ctx        context.Context
	cancel     context.CancelFunc
	background sync.WaitGroup

	mutex   sync.Mutex
	workers map[types.UID]*worker
	// newest is the worker that came last for a "namespace/pod"; the next one of that name waits for it.
	newest map[string]*worker
}

// cache reads what informers keep up to date.
type cache struct {
	pods       corelisters.PodLister
	nodes      corelisters.NodeLister
	configMaps corelisters.ConfigMapLister
	secrets    corelisters.SecretLister
	claims     corelisters.PersistentVolumeClaimLister
	volumes    corelisters.PersistentVolumeLister
	classes    storagelisters.StorageClassLister
}

// Start returns when the nodes are registered and pods bound earlier are being started again.
func Start(ctx context.Context, settings Settings) (*Runner, error) {
	nodes, err := readNodes(settings.NodesFile)
	if err != nil {
		return nil, err
	}
	client, err := kubernetes.NewForConfig(settings.Config)
	if err != nil {
		return nil, err
	}
	addresses, listener, err := openAddressBook(settings.Directory)
	if err != nil {
		return nil, err
	}
	hosts, err := newHostsFile(settings.Directory.Path("hosts"))
	if err != nil {
		return nil, err
	}
	r := &Runner{
		settings:  settings,
		client:    client,
		addresses: addresses,
		hosts:     hosts,
		nodeCount: len(nodes),
		workers:   map[types.UID]*worker{},
		newest:    map[string]*worker{},
	}
	// Not derived from ctx: Stop decides when the workers end.
	r.ctx, r.cancel = context.WithCancel(context.Background())
	broadcaster := record.NewBroadcaster(record.WithContext(r.ctx))
	broadcaster.StartRecordingToSink(&typedcorev1.EventSinkImpl{Interface: client.CoreV1().Events("")})
	r.recorder = broadcaster.NewRecorder(scheme.Scheme, v1.EventSource{Component: "testbed"})
	if r.kubelet, err = startKubelet(listener, settings.Directory, r.workerOf); err != nil {
		return nil, err
	}
	if err := r.begin(ctx, nodes); err != nil {
		r.Stop()
		return nil, err
	}
	return r, nil
}

// NodeCount is the number of nodes registered at the start.
func (r *Runner) NodeCount() int { return r.nodeCount }

// Network is the block of addresses that nodes and pods have.
func (r *Runner) Network() string { return r.addresses.network() }

// Stop stops all pods' processes, with their grace period up to a limit, and waits. The pods stay in the API: the
// next start on the same directory starts them again, as after a reboot of the machine.
func (r *Runner) Stop() {
	r.cancel()
	r.background.Wait()
	r.kubelet.stop()
}

func (r *Runner) begin(ctx context.Context, nodes []*v1.Node) error {
	factory := informers.NewSharedInformerFactory(r.client, 0)
	core, storage := factory.Core().V1(), factory.Storage().V1()
	r.cluster = &cache{core.Pods().Lister(), core.Nodes().Lister(), core.ConfigMaps().Lister(), core.Secrets().Lister(),
		core.PersistentVolumeClaims().Lister(), core.PersistentVolumes().Lister(), storage.StorageClasses().Lister()}
	r.volumes = &volumes{r.client, r.settings.Directory, r.cluster}
	keeper := &nodeKeeper{r.client, r.cluster, r.addresses.nodeAddress(), r.settings.ReportFailure}
	claims := &provisioner{r.client, r.settings.Directory, r.cluster, r.settings.ReportFailure, map[types.UID]bool{}}

	nodesChanged, claimsChanged := make(chan struct{}, 1), make(chan struct{}, 1)
	onNode := func() { notify(nodesChanged); r.wakeAll() }
	onClaim := func() { notify(claimsChanged); r.wakeAll() }
	for informer, handler := range map[toolscache.SharedIndexInformer]toolscache.ResourceEventHandler{
		core.Nodes().Informer():                  onChange(onNode),
		core.PersistentVolumeClaims().Informer(): onChange(onClaim),
		core.PersistentVolumes().Informer():      onChange(onClaim),
		core.ConfigMaps().Informer():             onChange(r.wakeAll),
		core.Secrets().Informer():                onChange(r.wakeAll),
		storage.StorageClasses().Informer():      onChange(func() {}),
	} {
		if _, err := informer.AddEventHandler(handler); err != nil {
			return err
		}
	}
	pods := core.Pods().Informer()

	if err := claims.createDefaultClass(ctx); err != nil {
		return err
	}
	if err := keeper.register(ctx, nodes); err != nil {
		return err
	}
	factory.Start(r.ctx.Done())
	for kind, synced := range factory.WaitForCacheSync(ctx.Done()) {
		if !synced {
			return fmt.Errorf("no list of %s", kind)
		}
	}
	if err := r.forgetOldPods(); err != nil {
		return err
	}
	r.background.Go(func() { keeper.run(r.ctx, nodesChanged) })
	r.background.Go(func() { claims.run(r.ctx, claimsChanged) })
	// Last, because workers need the rest of the cache.
	_, err := pods.AddEventHandler(toolscache.ResourceEventHandlerFuncs{
		AddFunc:    func(object any) { r.podChanged(object.(*v1.Pod)) },
		UpdateFunc: func(_, object any) { r.podChanged(object.(*v1.Pod)) },
		DeleteFunc: func(object any) {
			if tombstone, ok := object.(toolscache.DeletedFinalStateUnknown); ok {
				object = tombstone.Obj
			}
			r.podDeleted(object.(*v1.Pod))
		},
	})
	return err
}

// forgetOldPods frees what pods left that were deleted while no testbed ran.
func (r *Runner) forgetOldPods() error {
	pods, err := r.cluster.pods.List(labels.Everything())
	if err != nil {
		return err
	}
	present := map[types.UID]bool{}
	for _, pod := range pods {
		present[pod.UID] = true
	}
	return r.volumes.removeAllBut(present)
}

func (r *Runner) podChanged(pod *v1.Pod) {
	if pod.Spec.NodeName == "" {
		return
	}
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if existing := r.workers[pod.UID]; existing != nil {
		existing.wakeUp()
		return
	}
	if r.ctx.Err() != nil {
		return
	}
	created := newWorker(r, pod, r.newest[podName(pod)])
	r.workers[pod.UID] = created
	r.newest[podName(pod)] = created
	r.background.Go(created.run)
}

func (r *Runner) podDeleted(pod *v1.Pod) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if deleted := r.workers[pod.UID]; deleted != nil {
		delete(r.workers, pod.UID)
		deleted.wakeUp()
	}
}

// finished is called by a worker at its end.
func (r *Runner) finished(w *worker) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if r.newest[w.name] == w {
		delete(r.newest, w.name)
	}
}

func (r *Runner) workerOf(pod string) *worker {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	return r.newest[pod]
}

func (r *Runner) wakeAll() {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	for _, worker := range r.workers {
		worker.wakeUp()
	}
}

// notify leaves a message that something changed; one unread message is enough.
func notify(changed chan<- struct{}) {
	select {
	case changed <- struct{}{}:
	default:
	}
}

func onChange(do func()) toolscache.ResourceEventHandler {
	return toolscache.ResourceEventHandlerFuncs{
		AddFunc:    func(any) { do() },
		UpdateFunc: func(_, _ any) { do() },
		DeleteFunc: func(any) { do() },
	}
}
