// vcsim is VMware's own vCenter simulator with what the tests need beside it: a folder of templates, passwords that
// are checked, console pictures, and guests that get an address and VMware Tools some time after power-on.
//
// It prints {"url": …} on one line when it is ready and ends when its standard input does.
package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"encoding/xml"
	"flag"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"log"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/vmware/govmomi"
	"github.com/vmware/govmomi/find"
	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/property"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// folder is where templates are, below the datacenter's vm folder.
const folder = "Templates"

type options struct {
	listen, user, password string
	cert, key              string
	templates              string
	vms, datastores        int
	boot                   time.Duration
	ip                     string
	noScreen               bool
	ask                    string
}

func main() {
	var o options
	flag.StringVar(&o.listen, "listen", "127.0.0.1:0", "address to listen on")
	flag.StringVar(&o.user, "user", "svc-packer@vsphere.local", "account")
	flag.StringVar(&o.password, "password", "vcsim-password", "its password")
	flag.StringVar(&o.cert, "cert", "", "certificate (PEM); empty = plain http")
	flag.StringVar(&o.key, "key", "", "its key (PEM)")
	flag.StringVar(&o.templates, "templates", "", "comma-separated names of templates; name= makes a powered-on VM")
	flag.IntVar(&o.vms, "vms", 2, "other VMs")
	flag.IntVar(&o.datastores, "datastores", 4, "datastores: a renamed VM keeps its files, so a new one of its name needs another")
	flag.DurationVar(&o.boot, "boot", time.Second, "time from power-on to address and tools")
	flag.StringVar(&o.ip, "ip", "127.0.0.1", "address of every guest")
	flag.BoolVar(&o.noScreen, "no-screen", false, "the account lacks the privilege for /screen")
	flag.StringVar(&o.ask, "ask", "", "the VM about which a question waits for its answer")
	flag.Parse()
	if err := run(o); err != nil {
		log.Fatal(err)
	}
}

func run(o options) error {
	model := simulator.VPX()
	model.Machine = (o.vms + 1) / 2 // as many again are made on the stand-alone host
	model.Datastore = o.datastores
	model.Autostart = false
	// As a current vCenter; the simulator has what that means here (config.createDate).
	model.ServiceContent.About.ApiVersion = "8.0.2.0"
	defer model.Remove()
	if err := model.Create(); err != nil {
		return err
	}
	model.Service.Listen = &url.URL{Host: o.listen, User: url.UserPassword(o.user, o.password)}
	if o.cert != "" {
		pair, err := tls.LoadX509KeyPair(o.cert, o.key)
		if err != nil {
			return err
		}
		model.Service.TLS = &tls.Config{Certificates: []tls.Certificate{pair}}
	}
	model.Service.RegisterEndpoints = true
	model.Service.HandleFunc("/screen", screen(model, o.noScreen))
	server := model.Service.NewServer()
	defer server.Close()

	ctx := context.Background()
	inside := *server.URL
	inside.User = url.UserPassword(o.user, o.password)
	client, err := govmomi.NewClient(ctx, &inside, true)
	if err != nil {
		return err
	}
	if err := furnish(ctx, client.Client, o.templates); err != nil {
		return err
	}
	if o.ask != "" {
		if err := ask(ctx, client.Client, model, server, o.ask); err != nil {
			return err
		}
	}
	go guests(ctx, client.Client, model, o)

	// A copy: the simulator checks passwords against the original.
	address := *server.URL
	address.User = nil
	ready, err := json.Marshal(map[string]string{"url": address.String()})
	if err != nil {
		return err
	}
	fmt.Println(string(ready))
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

// furnish makes the folder and its first templates, by moving VMs the model has.
func furnish(ctx context.Context, client *vim25.Client, names string) error {
	finder := find.NewFinder(client)
	dc, err := finder.DefaultDatacenter(ctx)
	if err != nil {
		return err
	}
	finder.SetDatacenter(dc)
	folders, err := dc.Folders(ctx)
	if err != nil {
		return err
	}
	templates, err := folders.VmFolder.CreateFolder(ctx, folder)
	if err != nil {
		return err
	}
	pool, err := finder.ResourcePool(ctx, "DC0_C0/Resources")
	if err != nil {
		return err
	}
	for _, name := range strings.FieldsFunc(names, func(r rune) bool { return r == ',' }) {
		name, running := strings.CutSuffix(name, "=")
		spec := types.VirtualMachineConfigSpec{
			Name:    name,
			GuestId: "debian12_64Guest",
			Files:   &types.VirtualMachineFileInfo{VmPathName: "[LocalDS_0]"},
		}
		task, err := templates.CreateVM(ctx, spec, pool, nil)
		if err != nil {
			return err
		}
		info, err := task.WaitForResult(ctx)
		if err != nil {
			return err
		}
		vm := object.NewVirtualMachine(client, info.Result.(types.ManagedObjectReference))
		if !running {
			err = vm.MarkAsTemplate(ctx)
		} else if task, err = vm.PowerOn(ctx); err == nil {
			err = task.Wait(ctx)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// ask raises a question on a VM, and takes the answer in front of the simulator, which does not know AnswerVM.
func ask(ctx context.Context, client *vim25.Client, model *simulator.Model, server *simulator.Server, name string) error {
	found, err := find.NewFinder(client).VirtualMachine(ctx, "/DC0/vm/"+folder+"/"+name)
	if err != nil {
		return err
	}
	vm, ok := model.Service.Context.Map.Get(found.Reference()).(*simulator.VirtualMachine)
	if !ok {
		return fmt.Errorf("%s is no VM", name)
	}
	choice := func(key, label string) types.BaseElementDescription {
		return &types.ElementDescription{Key: key, Description: types.Description{Label: label, Summary: label}}
	}
	question := &types.VirtualMachineQuestionInfo{
		Id:   "4711",
		Text: "The guest operating system has locked the CD-ROM door. Disconnect anyway and override the lock?",
		Choice: types.ChoiceOption{
			ChoiceInfo:   []types.BaseElementDescription{choice("0", "Yes"), choice("1", "No")},
			DefaultIndex: 1,
		},
	}
	set := func(question any) {
		model.Service.Context.WithLock(vm, func() {
			model.Service.Context.Update(vm, []types.PropertyChange{{Name: "runtime.question", Val: question}})
		})
	}
	set(question)
	next := server.Config.Handler
	server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		var call struct {
			This     string `xml:"Body>AnswerVM>_this"`
			Question string `xml:"Body>AnswerVM>questionId"`
			Choice   string `xml:"Body>AnswerVM>answerChoice"`
		}
		if xml.Unmarshal(body, &call) != nil || call.This != vm.Self.Value {
			next.ServeHTTP(w, r)
			return
		}
		const envelope = `<Envelope xmlns="http://schemas.xmlsoap.org/soap/envelope/"><Body>%s</Body></Envelope>`
		if call.Question != question.Id || vm.Runtime.Question == nil || (call.Choice != "0" && call.Choice != "1") {
			w.WriteHeader(http.StatusInternalServerError)
			fmt.Fprintf(w, envelope, `<Fault><faultstring>no such answer</faultstring><detail><InvalidArgumentFault/></detail></Fault>`)
			return
		}
		set(nil)
		fmt.Fprintf(w, envelope, `<AnswerVMResponse xmlns="urn:vim25"/>`)
	})
	return nil
}

// guests gives every powered-on VM an address and tools once it has run long enough, and takes them when it is off.
func guests(ctx context.Context, client *vim25.Client, model *simulator.Model, o options) {
	since := map[types.ManagedObjectReference]time.Time{}
	ready := map[types.ManagedObjectReference]bool{}
	for range time.Tick(50 * time.Millisecond) {
		for _, vm := range running(ctx, client) {
			if _, known := since[vm]; !known {
				since[vm] = time.Now()
			}
			if !ready[vm] && time.Since(since[vm]) >= o.boot {
				set(ctx, client, vm, o.ip, string(types.VirtualMachineToolsRunningStatusGuestToolsRunning))
				configure(model, vm, o.ip)
				ready[vm] = true
			}
		}
		for vm := range since {
			if !contains(running(ctx, client), vm) {
				delete(since, vm)
				delete(ready, vm)
			}
		}
	}
}

func contains(list []types.ManagedObjectReference, wanted types.ManagedObjectReference) bool {
	for _, item := range list {
		if item == wanted {
			return true
		}
	}
	return false
}

// running lists the powered-on VMs.
func running(ctx context.Context, client *vim25.Client) []types.ManagedObjectReference {
	var list []types.ManagedObjectReference
	finder := find.NewFinder(client)
	vms, err := finder.VirtualMachineList(ctx, "/DC0/vm/...")
	if err != nil {
		return nil
	}
	for _, vm := range vms {
		var state mo.VirtualMachine
		err := property.DefaultCollector(client).RetrieveOne(ctx, vm.Reference(), []string{"runtime.powerState"}, &state)
		if err == nil && state.Runtime.PowerState == types.VirtualMachinePowerStatePoweredOn {
			list = append(list, vm.Reference())
		}
	}
	return list
}

func set(ctx context.Context, client *vim25.Client, ref types.ManagedObjectReference, ip, tools string) {
	spec := types.VirtualMachineConfigSpec{ExtraConfig: []types.BaseOptionValue{
		&types.OptionValue{Key: "SET.guest.toolsRunningStatus", Value: tools},
		&types.OptionValue{Key: "SET.guest.toolsStatus", Value: types.VirtualMachineToolsStatusToolsOk},
		&types.OptionValue{Key: "SET.guest.ipAddress", Value: ip},
	}}
	task, err := object.NewVirtualMachine(client, ref).Reconfigure(ctx, spec)
	if err == nil {
		err = task.Wait(ctx)
	}
	if err != nil {
		log.Printf("guest %s: %v", ref.Value, err)
	}
}

// configure fills in what VMware Tools report of the first network card and the simulator leaves out; packer waits for it.
func configure(model *simulator.Model, ref types.ManagedObjectReference, ip string) {
	vm, ok := model.Service.Context.Map.Get(ref).(*simulator.VirtualMachine)
	if !ok {
		return
	}
	model.Service.Context.WithLock(vm, func() {
		if len(vm.Guest.Net) == 0 {
			return
		}
		nets := append([]types.GuestNicInfo{}, vm.Guest.Net...)
		nets[0].Connected = true
		nets[0].IpAddress = []string{ip}
		nets[0].IpConfig = &types.NetIpConfigInfo{
			IpAddress: []types.NetIpConfigInfoIpAddress{{IpAddress: ip, PrefixLength: 8, State: "preferred"}},
		}
		model.Service.Context.Update(vm, []types.PropertyChange{{Name: "guest.net", Val: nets}})
	})
}

// screen serves a picture that changes with every request: four coloured corners and a bar that moves.
func screen(model *simulator.Model, refused bool) http.HandlerFunc {
	var mu sync.Mutex
	frame := 0
	return func(w http.ResponseWriter, r *http.Request) {
		if _, err := r.Cookie("vmware_soap_session"); err != nil {
			http.Error(w, "no session", http.StatusUnauthorized)
			return
		}
		if refused {
			http.Error(w, "no privilege", http.StatusForbidden)
			return
		}
		ref := types.ManagedObjectReference{Type: "VirtualMachine", Value: r.URL.Query().Get("id")}
		vm, ok := model.Service.Context.Map.Get(ref).(*simulator.VirtualMachine)
		if !ok || vm.Runtime.PowerState != types.VirtualMachinePowerStatePoweredOn {
			http.Error(w, "not found", http.StatusNotFound)
			return
		}
		mu.Lock()
		frame++
		at := frame
		mu.Unlock()
		w.Header().Set("Content-Type", "image/png")
		_, _ = w.Write(picture(at))
	}
}

func picture(frame int) []byte {
	const width, height, corner = 640, 480, 40
	img := image.NewRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			c := color.RGBA{20, 20, 60, 255}
			switch {
			case x < corner && y < corner:
				c = color.RGBA{255, 0, 0, 255}
			case x >= width-corner && y < corner:
				c = color.RGBA{0, 255, 0, 255}
			case x < corner && y >= height-corner:
				c = color.RGBA{0, 0, 255, 255}
			case x >= width-corner && y >= height-corner:
				c = color.RGBA{255, 255, 0, 255}
			case y > 220 && y < 260 && x < corner+frame*10%(width-corner):
				c = color.RGBA{220, 220, 220, 255}
			}
			img.Set(x, y, c)
		}
	}
	var out bytes.Buffer
	_ = png.Encode(&out, img)
	return out.Bytes()
}
