#pragma once

/** Strategies in C++: what the program of a strategy includes. docs/cpp.md says how, docs/strategy-protocol.md what a process does. */

#include "strategy/run.h"
#include "ticktape.h"
