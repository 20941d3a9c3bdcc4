#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

/**
 * A log for the power loss simulator, only in builds with TICKTAPE_CRASH_POINTS: each change that was requested from the file
 * system, and each change that a successful sync made durable. It is appended to the file named by the environment variable
 * TICKTAPE_SYNC_LOG: one line of JSON for each change, followed by the bytes in the case of a sync.
 */
namespace ticktape::sync_log {

#ifdef TICKTAPE_CRASH_POINTS
void created(const std::string& path, std::size_t size);
/** The bytes as they were before the sync. The sync may write newer bytes, never older ones. */
std::vector<uint8_t> copy(const uint8_t* bytes, std::size_t length);
void synced(const std::string& path, std::size_t offset, const std::vector<uint8_t>& bytes);
void renamed(const std::string& from, const std::string& to);
void directorySynced(const std::string& path);
/** A file's bytes, before it is removed. */
std::vector<uint8_t> contents(int directory, const std::string& name);
void removed(const std::string& path, const std::vector<uint8_t>& bytes);
#else
inline void created(const std::string&, std::size_t) {}
inline std::vector<uint8_t> copy(const uint8_t*, std::size_t) { return {}; }
inline void synced(const std::string&, std::size_t, const std::vector<uint8_t>&) {}
inline void renamed(const std::string&, const std::string&) {}
inline void directorySynced(const std::string&) {}
inline std::vector<uint8_t> contents(int, const std::string&) { return {}; }
inline void removed(const std::string&, const std::vector<uint8_t>&) {}
#endif

}  // namespace ticktape::sync_log
