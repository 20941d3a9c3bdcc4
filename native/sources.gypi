{
  "variables": {
    "addon_defines": [
      "NAPI_VERSION=9",
      "NODE_ADDON_API_DISABLE_DEPRECATED",
      "NAPI_DISABLE_CPP_EXCEPTIONS",
      "NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS"
    ],
    "core_sources": [
      "native/core/allocate.cpp",
      "native/core/crash_point.cpp",
      "native/core/crc32c.cpp",
      "native/core/fault.cpp",
      "native/core/file_lock.cpp",
      "native/core/fork_guard.cpp",
      "native/core/frames.cpp",
      "native/core/futex.cpp",
      "native/core/memory_file.cpp",
      "native/core/page_file.cpp",
      "native/core/page_sync.cpp",
      "native/core/page_worker.cpp",
      "native/core/populate.cpp",
      "native/core/process.cpp",
      "native/core/region.cpp",
      "native/core/sleepers.cpp",
      "native/core/sync_log.cpp",
      "native/core/syncer.cpp",
      "native/core/thread.cpp",
      "native/core/waiter.cpp"
    ],
    "binding_sources": [
      "native/binding/addon.cpp",
      "native/binding/arguments.cpp",
      "native/binding/clock.cpp",
      "native/binding/environment.cpp",
      "native/binding/errors.cpp",
      "native/binding/file_lock.cpp",
      "native/binding/frames.cpp",
      "native/binding/mapping.cpp",
      "native/binding/page_worker.cpp",
      "native/binding/process.cpp",
      "native/binding/signal_function.cpp",
      "native/binding/syncer.cpp",
      "native/binding/waiter.cpp",
      "native/binding/waiting.cpp"
    ]
  }
}
