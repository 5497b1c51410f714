// One program for every Kubernetes command the test cluster runs: the code they share is linked once.
// It acts as the command it is called by (kube-apiserver, kubelet, ...), through a link of that name,
// or as its first argument when it is called by any other name.
package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	// Time zones for CronJobs, from the program itself: the machine may have none.
	_ "time/tzdata"

	"github.com/spf13/cobra"
	_ "k8s.io/client-go/plugin/pkg/client/auth"
	"k8s.io/component-base/cli"
	"k8s.io/component-base/logs"
	_ "k8s.io/component-base/logs/json/register"
	_ "k8s.io/component-base/metrics/prometheus/clientgo"
	_ "k8s.io/component-base/metrics/prometheus/version"
	kubectl "k8s.io/kubectl/pkg/cmd"
	kubectlutil "k8s.io/kubectl/pkg/cmd/util"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllermanager "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	proxy "k8s.io/kubernetes/cmd/kube-proxy/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"
	kubelet "k8s.io/kubernetes/cmd/kubelet/app"
)

func main() {
	name := filepath.Base(os.Args[0])
	if !known(name) && len(os.Args) > 1 {
		os.Args = os.Args[1:]
		name = os.Args[0]
	}
	os.Exit(run(name))
}

func known(name string) bool {
	return name == "kubectl" || component(name) != nil
}

func run(name string) int {
	if name == "kubectl" {
		return runKubectl()
	}
	build := component(name)
	if build == nil {
		fmt.Fprintf(os.Stderr, "Cannot run %q: it is none of kube-apiserver, kube-controller-manager, "+
			"kube-scheduler, kubelet, kube-proxy and kubectl\n", name)
		return 2
	}
	return cli.Run(build())
}

// component answers with a function, for building one command's flags must not touch those of another.
func component(name string) func() *cobra.Command {
	switch name {
	case "kube-apiserver":
		return apiserver.NewAPIServerCommand
	case "kube-controller-manager":
		return controllermanager.NewControllerManagerCommand
	case "kube-scheduler":
		return func() *cobra.Command { return scheduler.NewSchedulerCommand() }
	case "kubelet":
		return func() *cobra.Command { return kubelet.NewKubeletCommand(context.Background()) }
	case "kube-proxy":
		return proxy.NewProxyCommand
	}
	return nil
}

func runKubectl() int {
	logs.GlogSetter(kubectl.GetLogVerbosity(os.Args))
	if err := cli.RunNoErrOutput(kubectl.NewDefaultKubectlCommand()); err != nil {
		kubectlutil.CheckErr(err)
	}
	return 0
}
