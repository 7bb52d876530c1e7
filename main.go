// Command terraform-provider-titanicml serves the titanicml provider, and starts itself again as the local engine.
package main

import (
	"context"
	"flag"
	"log"
	"os"
	rtdebug "runtime/debug"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"

	"github.com/titanicml/terraform-provider-titanicml/provider"
)

// version is set by the linker on release.
var version = "dev"

func main() {
	if handled, code := provider.RunEngine(os.Args[1:]); handled {
		os.Exit(code)
	}
	if os.Getenv("GOGC") == "" {
		// A provider lives for one command; collecting less often halves the time of a plan with hundreds of resources.
		rtdebug.SetGCPercent(400)
	}
	quiet()
	debug := flag.Bool("debug", false, "serve for a debugger such as delve and print how to attach Terraform")
	flag.Parse()

	opts := providerserver.ServeOpts{Address: "registry.terraform.io/titanicml/titanicml", Debug: *debug, ProtocolVersion: 6}
	if err := providerserver.Serve(context.Background(), provider.New(version, provider.Options{}), opts); err != nil {
		log.Fatal(err)
	}
}

// quiet turns the frameworks' logs off unless the user asked for logs. Terraform would drop them, but only after each line was
// written, sent and parsed, which makes a plan with hundreds of resources take twice as long.
func quiet() {
	for _, variable := range os.Environ() {
		if name, value, _ := strings.Cut(variable, "="); strings.HasPrefix(name, "TF_LOG") && value != "" {
			return
		}
	}
	for _, name := range []string{"TF_LOG_SDK", "TF_LOG_SDK_FRAMEWORK", "TF_LOG_SDK_PROTO", "TF_LOG_PROVIDER"} {
		if err := os.Setenv(name, "OFF"); err != nil {
			log.Fatal(err)
		}
	}
}
