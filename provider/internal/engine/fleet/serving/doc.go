// Package serving keeps one serving process of an endpoint alive: it stages the model, starts the
// container, checks its health, starts it again when it is lost, and drains it before it ends.
//
// In goes what to run; out come a process to send requests to, and word of each time that it is
// lost and back.
package serving
