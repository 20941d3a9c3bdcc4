#pragma once

/** The library for C++: readers and writers of journals. docs/cpp.md says how it is used, docs/format.md what the files are. */

#include "json.h"
#include "reader.h"
#include "writer.h"
