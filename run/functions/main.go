// Functions serves every function behind one port, each at /<its name>, for the
// local stand and the tests. In the cloud the Go buildpack writes a program like
// this one around the package at the module's root, one function to a service.
package main

import (
	"log"
	"os"

	"github.com/GoogleCloudPlatform/functions-framework-go/funcframework"

	_ "example.com/missionpot" // registers the functions
)

func main() {
	log.Fatal(funcframework.StartHostPort("127.0.0.1", os.Getenv("PORT")))
}
