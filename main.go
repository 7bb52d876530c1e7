// Command terraform-provider-titanicml serves the titanicml provider, and starts itself again as the local engine.
package main

import (
	"context"
	"flag"
	"log"
	"os"
	rtdebug "runtime/debug"

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
	debug := flag.Bool("debug", false, "serve for a debugger such as delve and print how to attach Terraform")
	flag.Parse()

	opts := providerserver.ServeOpts{Address: "registry.terraform.io/titanicml/titanicml", Debug: *debug, ProtocolVersion: 6}
	if err := providerserver.Serve(context.Background(), provider.New(version, provider.Options{}), opts); err != nil {
		log.Fatal(err)
	}
}
