// Command terraform-provider-titanicml serves the titanicml provider.
package main

func main() {}
