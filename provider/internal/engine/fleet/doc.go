// Package fleet serves endpoints: it starts the serving processes of an endpoint's variants,
// keeps them healthy, routes invocations to them, and moves traffic between two configurations
// (all at once, canary, linear) without losing a request, rolling back on alarms.
//
// In go the configurations the control plane wants and the rollout to use; out come running
// processes, answered invocations, and the outcome of each rollout. It keeps no state of its own
// over a restart: the control plane deploys again what it has recorded.
package fleet
