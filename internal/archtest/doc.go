// Package archtest holds the shape of the house: floors, budgets, and the rules about who may import what.
// It must never be loosened to let a change pass; a rule that is wrong is changed by a decision in docs/adr.
package archtest
