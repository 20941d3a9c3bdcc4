#pragma once

#include <string>

namespace baseline {

/** Prints every frame of a journal as a line of JSON, decoded by its schema.json and instruments.json alone. */
void decode(const std::string& directory);

}  // namespace baseline
